#!/bin/sh
# The project as an ordinary user has it: set up, run and tested in an awkward folder that is all that may be written; then without a home,
# with data that may only be read, with damaged files of compiled code, and with no folder for them. As root, on a machine that may be
# thrown away: it makes a user, `visitor`.
#
#   tests/ways/ordinary_user.sh        WORK=folder (a new one in /srv), PYTHON_HOME=folder of a Python 3.13 to be lent where only root has one
#
# Every run has to finish with the numbers of the first one, and none may call anything a defect.
set -eu
HERE=$(cd "$(dirname "$0")/../.." && pwd)
WORK=${WORK:-$(mktemp -d /srv/alliance-ways-XXXXXX)}
PLACE="$WORK/it's \"our\" Übung; 100%"
failures=0

id visitor >/dev/null 2>&1 || useradd --create-home visitor
chmod 755 "$WORK"
[ -z "${PYTHON_HOME:-}" ] || [ -d "$WORK/python" ] || cp -r "$PYTHON_HOME" "$WORK/python"
PATH="$WORK/python/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
export PATH

# A command of the visitor, in the project's folder.
visits() { (cd "$PLACE" && runuser -u visitor -- env HOME=/home/visitor LC_ALL=C.UTF-8 LD_LIBRARY_PATH="$WORK/python/lib" "$@"); }

ran() { # what, then words that change the environment: a run from nothing, compared with the first one
  what=$1; shift
  rm -rf "$PLACE/results/small" "$PLACE/.snakemake"
  began=$(date +%s); said=finished
  if ! visits "$@" make --silent run CONFIG=config/local_small.yaml >"$WORK/log" 2>&1; then
    said=FAILED; failures=$((failures + 1)); tail -n 20 "$WORK/log"
  fi
  if grep -rqi defect "$WORK/log" "$PLACE/results/small/logs"; then said="$said, CALLS SOMETHING A DEFECT"; failures=$((failures + 1)); fi
  echo "$what: $said in $(($(date +%s) - began)) s"
  if [ -d "$WORK/first" ]; then
    visits .venv/bin/python tests/same_results.py "$WORK/first" results/small >"$WORK/compared" || failures=$((failures + 1))
    sed 's/^/    /' "$WORK/compared"
  else
    cp -r "$PLACE/results/small" "$WORK/first"
  fi
}

kept() { find "$PLACE/src" /home/visitor "/tmp/alliance-$(id -u visitor)" \( -name '*.kept' -o -name '*.nb[ic]' \) -type f 2>/dev/null; }

git -C "$HERE" bundle create --quiet "$WORK/tree.bundle" HEAD
cp "$HERE/tests/last_commit.sh" "$WORK/"
[ -d "$PLACE" ] || { mkdir "$PLACE"; chown visitor: "$PLACE"; }
visits sh "$WORK/last_commit.sh" . "$WORK/tree.bundle"
cp "$HERE/tests/small_study.yaml" "$PLACE/config/local_small.yaml"
chown visitor: "$PLACE/config/local_small.yaml"
visits make --silent setup
echo "set up by $(visits id -un) in $PLACE"

chmod -R a-w "$PLACE/data"
ran "data that may only be read" env
ran "no home" env -u HOME
ran "somebody else's home" env HOME=/root
kept | while read -r file; do head -c 100 /dev/urandom >"$file"; done
echo "damaged: $(kept | wc -l) files of compiled code"
ran "damaged files of compiled code" env
kept | while read -r file; do truncate --size 0 "$file"; done
find "$PLACE/src" -name __pycache__ -exec chmod -R a-w {} +
ran "no folder for compiled code, and what is there is empty" env HOME=/root
find "$PLACE/src" -name __pycache__ -exec chmod -R u+w {} +
chmod -R u+w "$PLACE/data"

visits make --silent test TESTS="tests/unit/test_kept.py tests/workflow/test_ways_to_run.py" CORES=2 >"$WORK/log" 2>&1 || failures=$((failures + 1))
tail -n 4 "$WORK/log"
exit "$failures"
