# One command a person. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The interpreter that makes .venv, 3.11 or later; everything else runs inside .venv.
PYTHON ?= python3
# Test processes at a time: one more than the processors of a small machine, because half of them wait.
JOBS ?= 3
# Further words for pytest or the benchmark, for example ARGS='tests/engine/oci -x'.
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
# Stamps: what is installed in .venv; older than what they depend on, they are made again.
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
PINS := pyproject.toml constraints.txt scripts/venv.sh

.PHONY: help run test check format-check lint types floors bench soak pictures reference format lock clean distclean

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

run: $(RUN) ## open the workstation
	@if [ -t 0 ] && [ -t 1 ]; then exec $(BIN)/lamina; fi; \
	echo "Lamina is installed, but there is no terminal here to open the workstation in."; \
	echo "In a terminal: make run.   In a script: $(BIN)/lamina --help"

test: $(DEV) ## run the tests
	@$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

check: format-check lint types floors ## format, lint, types and import contracts

format-check: $(DEV)
	@$(BIN)/ruff format --check

lint: $(DEV)
	@$(BIN)/ruff check

types: $(DEV)
	@$(BIN)/mypy

floors: $(DEV)
	@$(BIN)/lint-imports --no-logo

bench: $(RUN) ## measure against podman, and docker where one answers (root)
	@$(BIN)/python -m bench $(ARGS)

soak: $(DEV) ## run containers by the thousand and see that nothing of them is left (root, minutes)
	@$(BIN)/python -m scripts.soak $(ARGS)

format: $(DEV) ## format the code and sort its imports
	@$(BIN)/ruff check --quiet --select I --fix
	@$(BIN)/ruff format

pictures: $(DEV) ## take the pictures of README anew, from the real program (root)
	@$(BIN)/python -m scripts.pictures

reference: $(DEV) ## write docs/cli.md anew, from the commands themselves
	@$(BIN)/python -m scripts.reference

lock: ## pin anew what pyproject.toml asks for (constraints.txt)
	@scripts/lock.sh "$(PYTHON)"

clean: ## remove caches and build results
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
	@find engine tui tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## and .venv
	@rm -rf $(VENV)

$(RUN): $(PINS)
	@scripts/venv.sh "$(PYTHON)" $(VENV) .
	@touch $@

$(DEV): $(PINS)
	@scripts/venv.sh "$(PYTHON)" $(VENV) '.[dev]'
	@touch $(RUN) $@
