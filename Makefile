# make sets up a private environment below this folder and runs the study. Nothing outside this folder is changed.

CONFIG ?=
CORES  ?= 2
NAME   ?=
MINUTES ?=
DATA   ?=
YES    ?=
TESTS  ?=
QUIET  ?= --logger alliance
PYTHON ?= python3

SHELL := /bin/sh
export CONFIG  # recipes read it from the environment, whatever signs are in the name of a file
BIN   := .venv/bin
UV    := .tools/bin/uv

# The environment holds absolute paths, so a moved or copied project is set up anew: the stamp names the folder.
PLACE := $(shell pwd | cksum | cut -d ' ' -f 1)
READY := .venv/ready-$(PLACE)
TOOLS := .tools/ready-$(PLACE)

# A uv or pip configuration that hides packages from each other has no part in a hash-checked installation.
export UV_NO_PROGRESS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Where the home folder takes no cache (there is none, or it belongs to somebody else), what keeps one finds a place here.
CACHE := $(shell usual="$${XDG_CACHE_HOME:-$${HOME:-$$(echo ~)}/.cache}"; { mkdir -p "$$usual" && [ -w "$$usual" ]; } 2>/dev/null || { mkdir -p .tools/cache && echo "$$PWD/.tools/cache"; })
ifneq ($(CACHE),)
export XDG_CACHE_HOME := $(CACHE)
endif

# A user may be a number without a name, as in some containers; Snakemake asks for the name, and ends without.
export LOGNAME := $(or $(LOGNAME),$(USER),$(shell id -un 2>/dev/null))

.DEFAULT_GOAL := study
.PHONY: study run new check setup cluster test lint format example recovery calibration benchmarks notebooks lock codemeta clean-run help
.SILENT:

study: $(READY)  ## set up, run the main analysis (config/config.yaml), print report and headline
	$(BIN)/snakemake --cores $(CORES) $(QUIET)
	$(BIN)/python -m alliance.runs

run: $(READY)  ## the same for another configuration: make run CONFIG=config/reviewer.example.yaml
	if [ -z "$$CONFIG" ]; then echo "Which configuration? For example: make run CONFIG=config/reviewer.example.yaml" >&2; exit 2; fi
	$(BIN)/python -m alliance.runs --check "$$CONFIG"
	$(BIN)/snakemake --cores $(CORES) $(QUIET) --configfile "$$CONFIG"
	$(BIN)/python -m alliance.runs "$$CONFIG"

new: $(READY)  ## describe your own export: make new DATA=data/raw/export.sav (NAME=clinic; YES=1 asks nothing)
	if [ -z "$(DATA)" ]; then echo "Which file? For example: make new DATA=data/raw/export.sav" >&2; exit 2; fi
	if [ -e "$(DATA)" ]; then set -- "$(DATA)"; else set -- $(DATA); fi; \
	$(BIN)/alliance new $(if $(NAME),--name "$(NAME)") $(if $(YES),--yes) -- "$$@"

check: $(READY)  ## only check the data, in seconds, and print what was understood: make check CONFIG=config/local_clinic.yaml
	$(BIN)/alliance check $${CONFIG:+"$$CONFIG"}

setup: $(READY)  ## only set up the environment

cluster: $(READY)  ## set up what a run on a Slurm cluster needs: .venv/bin/snakemake --profile workflow/profiles/slurm
	.tools/bin/python -m pip --python $(BIN)/python install --quiet --require-hashes --no-deps -r requirements-cluster.lock

# Tests start hundreds of processes: where Python may keep nothing, as in many images, each would compile every module anew.
test: export PYTHONDONTWRITEBYTECODE =
test: $(READY) lint  ## set up, check format, types and workflow, and run all tests, or some: make test TESTS=tests/unit
	$(BIN)/pytest -n $(CORES) --dist loadfile --no-loadscope-reorder --cov --cov-report=term $(TESTS)

lint: $(READY)  ## format, style, types and workflow, without changing a file
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check workflow
	$(BIN)/snakemake --lint
	$(BIN)/snakemake --lint --snakefile workflow/example.smk
	$(BIN)/snakemake --lint --snakefile workflow/recovery.smk

format: $(READY)  ## format code and workflow in place
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/snakefmt workflow

notebooks: $(READY)  ## run the notebooks and write them as pages to be read, results/notebooks/*.html
	mkdir -p results/notebooks
	$(BIN)/jupyter nbconvert --log-level ERROR --to html --execute notebooks/[0-9][0-9]_*.ipynb --output-dir results/notebooks

example: $(READY)  ## simulate the study in data/example/ anew
	$(BIN)/snakemake --cores 1 --snakefile workflow/example.smk --forceall

recovery: $(READY)  ## fit simulated studies whose truth is known: bias, coverage, verdicts (hours; MINUTES=80 ends it; goes on next time; in validation/)
	$(BIN)/python -m alliance.steps.recovery --cores $(CORES) $(if $(MINUTES),--minutes $(MINUTES))

calibration: $(READY)  ## test by simulation whether posteriors are calibrated (about an hour; results in validation/)
	$(BIN)/snakemake publish_validation --snakefile workflow/recovery.smk --cores $(CORES) --forcerun publish_validation $(QUIET)

benchmarks: $(READY)  ## measure the engine and its peers side by side (about an hour; results in benchmarks/)
	$(BIN)/python benchmarks/run.py

clean-run: $(READY)  ## delete the results of one run: make clean-run NAME=reviewer
	if [ -z "$(NAME)" ] || [ ! -f "results/$(NAME)/run.yaml" ]; then \
	  echo "Which run? Runs with results: $$(ls results | grep -v README.md | tr '\n' ' ')" >&2; exit 2; fi
	rm -rf "results/$(NAME)"

lock: $(TOOLS)  ## resolve the newest versions anew: requirements.lock and environment.yml
	$(UV) pip compile --python-version 3.13 --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade \
	  pyproject.toml --group notebooks --group dev --quiet --output-file requirements.lock
	$(UV) pip compile --python-version 3.13 --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade --no-deps \
	  --group pyproject.toml:cluster --quiet --output-file requirements-cluster.lock
	$(PYTHON) workflow/scripts/write_environment.py requirements.lock environment.yml

codemeta: $(READY)  ## describe the software anew for those who collect and cite it: codemeta.json
	$(BIN)/python workflow/scripts/write_codemeta.py pyproject.toml CITATION.cff codemeta.json

help:  ## this list
	echo "Targets:"
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | awk -F '\t' '{ printf "%-18s %s\n", $$1, $$2 }'

# uv, pinned by hash, in a folder of its own. Debian's python3 has venv and pip in packages of their own.
$(TOOLS): requirements-tools.lock
	command -v $(PYTHON) >/dev/null 2>&1 || { echo "No $(PYTHON) was found. Install Python 3.13 (on Debian: apt-get install python3 python3-venv), then run make again." >&2; exit 1; }
	rm -rf .tools
	$(PYTHON) -m venv .tools >.tools.log 2>&1 \
	  || { rm -rf .tools; tail -n 3 .tools.log >&2; rm -f .tools.log; \
	       echo "$(PYTHON) cannot make a private environment. Install its venv module (on Debian: apt-get install python3-venv), then run make again." >&2; exit 1; }
	rm -f .tools.log
	.tools/bin/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: -r requirements-tools.lock \
	  || { echo "The installer uv could not be fetched. Check the connection to your package index (pip's own settings are used), then run make again." >&2; exit 1; }
	touch $@

$(READY): requirements.lock pyproject.toml .python-version $(TOOLS)
	if [ ! -f $(READY) ] && ls .venv/ready-* >/dev/null 2>&1; then rm -rf .venv; fi
	if [ ! -x $(BIN)/python ]; then \
	  $(UV) venv --quiet --python "$$(cat .python-version)" .venv 2>.tools/venv.log \
	    || $(UV) venv --quiet --python ">=3.12,<3.14" .venv 2>>.tools/venv.log \
	    || { echo "No Python 3.12 or newer was found, and none could be downloaded. Install Python 3.13 so that 'python3.13' works, then run make again (details: .tools/venv.log)." >&2; exit 1; }; \
	fi
	echo "Installing the environment (a few minutes the first time) ..."
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock \
	  || { echo "The packages of requirements.lock could not be installed. Check the connection to your package index and the disk space, then run make again." >&2; exit 1; }
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --no-index --editable .
	touch $(READY)
