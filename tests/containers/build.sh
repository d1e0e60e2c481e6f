#!/bin/sh
# Build the image of Containerfile from the last commit without an engine's daemon and without a registry, and finish a study in it, whose
# results are compared with those of the same study on this machine. As root, on Debian.
#
#   tests/containers/build.sh [further words for buildah build]      e.g. --volume /etc/ssl/certs:/etc/ssl/certs:ro
#
# needs  mmdebstrap, buildah, iproute2 (apt-get install mmdebstrap buildah iproute2), Debian's mirror and a package index
# WORK is the folder for all of it (a new one), STORAGE_DRIVER how buildah keeps images: overlay is quicker, vfs is possible everywhere.
# The base is made by mmdebstrap from Debian's packages, as the one that Debian publishes is. The study runs without network, for a user whom
# the image does not know, in a mounted folder.
set -eu
HERE=$(cd "$(dirname "$0")/../.." && pwd)
WORK=${WORK:-$(mktemp -d)}
STRANGER=4321
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER="${STORAGE_DRIVER:-vfs}"

began=$(date +%s)
says() { echo "== $* ($(($(date +%s) - began)) s since the start)"; }

if ! buildah inspect --type image localhost/base >/dev/null 2>&1; then
  [ -f "$WORK/base.tar" ] || mmdebstrap --quiet --variant=minbase --include=ca-certificates trixie "$WORK/base.tar"
  base=$(buildah from scratch)
  buildah add --quiet "$base" "$WORK/base.tar" / >/dev/null
  buildah commit --quiet --rm "$base" localhost/base >/dev/null
fi
"$HERE/tests/last_commit.sh" "$WORK/alliance"
# A team's own settings and data, which have to stay out.
cp "$HERE/tests/small_study.yaml" "$WORK/alliance/config/local_small.yaml"
mkdir -p "$WORK/alliance/data/raw"; echo id >"$WORK/alliance/data/raw/local_export.csv"
buildah build --quiet --build-arg BASE=localhost/base --tag alliance "$@" "$WORK/alliance" >/dev/null
says "built: $(buildah images --format '{{.Name}} {{.Size}}' | grep '/alliance ')"

box=$(buildah from alliance)
trap 'buildah rm "$box" >/dev/null' EXIT
inside() { buildah run "$box" -- "$@"; }
echo "user: $(inside id -un), python: $(inside python --version)"
[ "$(inside id -u)" -ne 0 ] || { echo "The image runs as root." >&2; exit 1; }
if buildah run --user root "$box" -- find / -xdev -name 'local_*' \( -path '*/shipped/*' -o -path '*/build/*' -o -path '*/study/*' \) | grep .; then
  echo "Settings or data of a team are in the image." >&2; exit 1
fi

rm -rf "$WORK/study"; mkdir "$WORK/study"; cp "$HERE/tests/small_study.yaml" "$WORK/study/small.yaml"
chown -R "$STRANGER:$STRANGER" "$WORK/study"
offline() {
  # shellcheck disable=SC2016
  unshare --net sh -c 'ip link set lo up; exec "$@"' - \
    buildah run --user "$STRANGER:$STRANGER" --volume "$WORK/study:/study" "$box" -- "$@"
}
says "the study, without network, as $(offline id -u)"
offline alliance run small.yaml >"$WORK/there.log" 2>&1 || { tail -n 20 "$WORK/there.log"; exit 1; }
tail -n 12 "$WORK/there.log"
offline alliance verify small
offline grep -A 3 '^inputs' results/small/provenance.yaml

says "the same study on this machine"
cd "$WORK/alliance"; rm -rf results/small .snakemake
make --silent run CONFIG=config/local_small.yaml >"$WORK/here.log" 2>&1 || { tail -n 20 "$WORK/here.log"; exit 1; }
.venv/bin/python tests/same_results.py "$WORK/study/results/small" results/small || failed=1
says "done"
exit "${failed:-0}"
