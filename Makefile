# Everything one does with a checkout of Ondine. `make` alone lists it.
#
# The set-up of a target is part of it: `play` installs what the box needs and nothing of training,
# the others install the converter and the tests as well. A second run finds it done and is quick.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
ORACLE := .oracle
ARGS :=

TORCH := 2.13.0
TORCH_INDEX := https://download.pytorch.org/whl/cpu

.PHONY: help setup play test slow faults soak box-test arm-test oracle bench bench-arm bench-instruments instruments drawings demos fmt lint set-up-base set-up-dev

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' Makefile

setup: set-up-dev ## install everything: what plays, converts and tests

play: set-up-base ## play: the built-in instrument, or ARGS="glass.ondine --card none"
	@$(BIN)/ondine play $(ARGS)

test: set-up-dev ## the default tests, in under three minutes
	@$(BIN)/python -m pytest $(ARGS)

slow: set-up-dev ## what takes longer: performances from end to end, the installer, real models
	@$(BIN)/python -m pytest -m "slow and not oracle and not benchmark" --ignore=tests/faults \
	  --ignore=tests/box $(ARGS)

faults: set-up-dev ## faults injected by the hundred, in six minutes: what CI runs
	@$(BIN)/python -m pytest -m "slow and not oracle and not benchmark" tests/faults $(ARGS)

soak: set-up-dev ## faults in full, hours of them; goes on where it was ended; ARGS="--minutes 30"
	@$(BIN)/python -m tests.faults.soak $(ARGS)

box-test: set-up-dev ## a whole box, emulated: from power to sound (x86 Debian, as root; an hour)
	@$(BIN)/python -m tests.box $(ARGS)

arm-test: set-up-dev ## the package on an emulated Pi 4 and Pi 5: installs, imports, plays (x86 Debian, as root)
	@$(BIN)/python -m tests.aarch64

oracle: $(ORACLE)/ready ## real RAVE exports (built once: 3 GB, some minutes) against the converter
	@$(BIN)/python -m pytest -m "oracle and not benchmark" $(ARGS)

bench: $(ORACLE)/ready ## what the design promises, measured on this machine
	@$(BIN)/python -m pytest -m benchmark -s tests/benchmark $(ARGS)
	for bundle in models/bundles/*.ondine; do
	  [ ! -f "$$bundle" ] || $(BIN)/ondine bench "$$bundle"
	done

bench-arm: $(ORACLE)/ready ## instructions per step on an emulated Pi 4 and Pi 5 (x86 Debian, as root)
	@bundles=$$($(BIN)/python -m tests.benchmark.oracle_bundles)
	$(BIN)/python -m tests.benchmark.arm.count $$bundles $(ARGS)

bench-instruments: set-up-dev ## what the shipped instruments ask of a Pi 4 and a Pi 5 (x86 Debian, as root)
	@$(BIN)/python -m tests.benchmark.arm.instruments

instruments: set-up-dev ## convert the shipped instruments again from their committed weights
	@mkdir -p build
	for name in drift brook; do
	  precision=(); [ $$name = drift ] || precision=(--precision fp32)
	  $(BIN)/python -m models.export $$name -o build/$$name.ts
	  $(BIN)/ondine convert build/$$name.ts -o models/bundles/$$name.ondine "$${precision[@]}" \
	    --author 'The Ondine authors' --licence 'MIT (code), CC0 (weights)' \
	    --corpus 'synthesised by models/corpus.py' --consent 'no recordings of anyone'
	done
	$(BIN)/python -m models.reed.nn_tilde -o build/reed.ts
	$(BIN)/ondine convert build/reed.ts -o models/bundles/reed.ondine \
	  --author 'The Ondine authors' --licence 'MIT (code), CC0 (weights)' \
	  --corpus 'synthesised by models/reed/corpus.py' --consent 'no recordings of anyone'
	$(BIN)/python -m models.eddy.nn_tilde -o build/eddy.ts
	$(BIN)/ondine convert build/eddy.ts -o models/bundles/eddy.ondine --precision fp32 \
	  --author 'The Ondine authors' --licence 'MIT (code), CC0 (weights)' \
	  --corpus 'made by models/eddy/pieces.py and models/corpus.py' \
	  --consent 'no recordings of anyone'
	$(BIN)/python -m convert.oneshot -o models/drums/hail.ondine

drawings: set-up-dev ## wiring drawings and tables, made again from the boxes' profiles
	@$(BIN)/python -m hardware.draw

demos: set-up-dev ## sound and spectrogram of every instrument, into build/demos; ARGS="reed hail"
	@$(BIN)/python -m models.demos $(ARGS)

fmt: set-up-dev ## put the source in its one format
	@$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lint: set-up-dev ## ruff and mypy
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The oracle's packages exist together for Python 3.11 only. Both steps find out by themselves what
# is done already, so they always run.
.PHONY: $(ORACLE)/ready
$(ORACLE)/ready: set-up-dev
	@for python in $(BIN)/python python3.11 python3; do
	  if "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
	    "$$python" tests/oracle/environment.py $(ORACLE)
	    $(ORACLE)/bin/python tests/oracle/export_models.py $(ORACLE)/models
	    exit
	  fi
	done
	echo "The oracle needs Python 3.11, and there is none here." >&2
	exit 1

# --- set-up ------------------------------------------------------------------------------------

set-up-base: EXTRAS :=
set-up-dev: EXTRAS := [convert,dev]

# A stamp holds what was installed: pyproject.toml, hashed. What is dev serves as base, too.
set-up-base set-up-dev:
	@wanted=$$(sha256sum pyproject.toml | cut -c1-64)
	for stamp in $(VENV)/$@ $(VENV)/set-up-dev; do
	  if [ -x $(BIN)/python ] && [ "$$(cat "$$stamp" 2>/dev/null)" = "$$wanted" ]; then exit 0; fi
	done
	$(find_python)
	$(install_packages)
	$(BIN)/python -m pip --version >/dev/null 2>&1 || "$$python" -m venv --clear $(VENV)
	pip="$(BIN)/python -m pip install --quiet --disable-pip-version-check"
	if [ -n "$(EXTRAS)" ] && ! $(BIN)/python -c "$$is_torch" 2>/dev/null; then
	  $(install_torch)
	fi
	echo "Installing Ondine$(EXTRAS) in $(VENV)."
	$$pip --editable '.$(EXTRAS)'
	echo "$$wanted" > $(VENV)/$@

define find_python
	for python in python3 python3.13 python3.12 python3.11 none; do
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi
	done
	if [ "$$python" = none ]; then
	  echo "Ondine needs Python 3.11 or newer, and there is none here. Install python3.11." >&2
	  exit 1
	fi
endef

# pyalsaaudio has no wheels: it is compiled against ALSA and Python. The tests' simulated card is
# compiled, too.
define install_packages
	headers='import os, sysconfig as s; os.stat(s.get_path("include") + "/Python.h")'
	need=""
	command -v gcc >/dev/null || need="$$need gcc libc6-dev"
	[ -e /usr/include/alsa/asoundlib.h ] || need="$$need libasound2-dev"
	"$$python" -c "$$headers" 2>/dev/null || need="$$need python3-dev"
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || need="$$need python3-venv"
	if [ -n "$$need" ]; then
	  root=none
	  if [ "$$(id -u)" = 0 ]; then root=""; elif sudo -n true 2>/dev/null; then root="sudo -n"; fi
	  if [ "$$root" = none ] || ! command -v apt-get >/dev/null; then
	    echo "System packages are missing. Run this, then make again:" >&2
	    echo "  sudo apt-get install$$need" >&2
	    exit 1
	  fi
	  echo "Installing the system packages$$need."
	  $$root apt-get update -q
	  $$root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$need
	fi
endef

# The plain torch of x86 brings gigabytes of CUDA along. The index of CPU builds is asked only where
# no other has one.
is_torch := import torch; assert torch.__version__.split("+")[0] == "$(TORCH)"
export is_torch
define install_torch
	echo "Installing torch $(TORCH) for the CPU."
	  $$pip 'torch==$(TORCH)+cpu' 2>/dev/null ||
	    $$pip 'torch==$(TORCH)' --index-url $(TORCH_INDEX) --extra-index-url https://pypi.org/simple
endef
