#!/bin/sh
# The package without a clone: installed by pip into an environment of its own, with the versions of the lock, and by `uv tool install`;
# then new, check, run, trace and verify in an empty folder, on a small export.
#
#   tests/ways/installed.sh        WORK=folder (a new one), PYTHON=python3.13
set -eu
HERE=$(cd "$(dirname "$0")/../.." && pwd)
WORK=${WORK:-$(mktemp -d)}
PYTHON=${PYTHON:-python3.13}
unset PYTHONPATH

says() { echo; echo "== $*"; }

rm -rf "$WORK/source" "$WORK/study"; mkdir -p "$WORK/source" "$WORK/study"
git -C "$HERE" archive HEAD | tar -x -C "$WORK/source"
cd "$WORK/source"

says "pip install ."
[ -x "$WORK/pip/bin/pip" ] || "$PYTHON" -m venv "$WORK/pip"
"$WORK/pip/bin/pip" install --quiet --require-hashes --no-deps -r requirements.lock
"$WORK/pip/bin/pip" install --quiet --no-deps --no-build-isolation --force-reinstall .
shipped=$("$WORK/pip/bin/python" -P -c 'import alliance; print(alliance.__path__[0])')/shipped
case "$shipped" in "$WORK/pip/"*) ;; *) echo "The package is not the installed one: $shipped" >&2; exit 1 ;; esac
for file in config/config.yaml config/instruments/wai_sr.yaml workflow/Snakefile workflow/rules/data.smk environment.yml; do
  [ -f "$shipped/$file" ] || { echo "Not installed: $file" >&2; exit 1; }
done
echo "installed: workflow, settings, $(find "$shipped/config/instruments" -name '*.yaml' | wc -l) instruments"

# Fifty patients of the example study, under another name, and settings that make it quick.
cd "$WORK/study"
"$WORK/pip/bin/python" - "$shipped/data/example/sessions.csv" export.csv <<'EOF'
import sys

import pandas as pd

sessions = pd.read_csv(sys.argv[1], dtype=str)
who = sessions["client_id"].str.strip()
sessions[who.isin(who.unique()[:50])].to_csv(sys.argv[2], index=False)
EOF
PATH="$WORK/pip/bin:$PATH"
says "alliance new"
alliance new export.csv --yes >new.log
tail -n 12 new.log
cat >quick.yaml <<'EOF'
sampling: {chains: 2, draws: 50, tune: 50}
inference: {monte_carlo_draws: 1000}
output: {figures: [forest], tables: [sample, effects], figure_dpi: 72}
EOF
says "alliance check"
alliance check config/local_export.yaml >check.log
tail -n 6 check.log
says "alliance run"
alliance run config/local_export.yaml quick.yaml >run.log 2>&1 || { tail -n 20 run.log; exit 1; }
tail -n 15 run.log
says "alliance trace"
alliance trace "row 2" --run export
says "alliance verify"
alliance verify export

says "uv tool install (the newest versions that the package allows)"
"$PYTHON" -m venv "$WORK/uv"
"$WORK/uv/bin/pip" install --quiet --require-hashes --no-deps -r "$WORK/source/requirements-tools.lock"
# uv passes over environments, and would fetch a Python of its own where the first one by that name is in one.
base=$("$WORK/uv/bin/python" -c 'import sys; print(sys._base_executable)')
UV_TOOL_DIR="$WORK/tools" UV_TOOL_BIN_DIR="$WORK/bin" "$WORK/uv/bin/uv" tool install --quiet --force --python "$base" "$WORK/source"
"$WORK/bin/alliance" check config/local_export.yaml quick.yaml >check.log
tail -n 1 check.log
"$WORK/bin/alliance" run --dry-run config/local_export.yaml quick.yaml
"$WORK/bin/alliance" verify export >verify.log
tail -n 1 verify.log
