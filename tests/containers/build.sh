#!/bin/sh
# Build the image of Containerfile without an engine's daemon and without a registry, and finish a study in it, whose results are compared
# with those of the same study in a clone of the last commit on this machine. As root, on Debian.
#
#   tests/containers/build.sh [further words for buildah build]      e.g. --volume /etc/ssl/certs:/etc/ssl/certs:ro
#
# needs  mmdebstrap, buildah (apt-get install mmdebstrap buildah), Debian's mirror and a package index
# The base is made by mmdebstrap from Debian's packages, as the one that Debian publishes is.
set -eu
HERE=$(cd "$(dirname "$0")/../.." && pwd)
WORK=${WORK:-$(mktemp -d)}
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs

if [ ! -f "$WORK/base.tar" ]; then
  mmdebstrap --quiet --variant=minbase --include=ca-certificates trixie "$WORK/base.tar" http://deb.debian.org/debian
fi
base=$(buildah from scratch)
buildah add --quiet "$base" "$WORK/base.tar" /
buildah commit --quiet --rm "$base" localhost/base
buildah build --quiet --build-arg BASE=localhost/base --tag alliance "$@" "$HERE"

box=$(buildah from alliance)
trap 'buildah rm "$box" >/dev/null' EXIT
inside() { buildah run "$box" -- "$@"; }
echo "user: $(inside id -un), python: $(inside python --version)"
[ "$(inside id -u)" -ne 0 ] || { echo "The image runs as root." >&2; exit 1; }
if inside sh -c 'ls -R /opt/alliance/lib/python3.13/site-packages/alliance/shipped | grep -i local_'; then
  echo "A configuration of a team is in the image." >&2; exit 1
fi
buildah copy --quiet --chown alliance "$box" "$HERE/tests/small_study.yaml" /study/small.yaml >/dev/null
inside alliance run small.yaml | tail -n 12
inside alliance verify small
inside grep -A 3 '^inputs' results/small/provenance.yaml

[ -d "$WORK/alliance" ] || git clone --quiet "$HERE" "$WORK/alliance"
cd "$WORK/alliance"
cp "$HERE/tests/small_study.yaml" config/local_small.yaml
make --silent run CONFIG=config/local_small.yaml >"$WORK/here.log" 2>&1 || { tail -n 20 "$WORK/here.log"; exit 1; }
.venv/bin/python tests/same_results.py "$(buildah mount "$box")/study/results/small" results/small || failed=1
buildah images --format '{{.Name}} {{.Size}}' | grep alliance
exit "${failed:-0}"
