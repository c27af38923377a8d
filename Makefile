# Everything a newcomer or a CI job runs. Each target does its own set-up; a second run skips what is done.
# PYTHON=/path/to/python3 chooses the interpreter, LISTEN=127.0.0.1:9000 the address of the demo, PYTEST_ARGS="-k router"
# what of the tests to run, TEST_PROCESSES=0 to run them in one process, SYSTEM_PACKAGES=no to keep `make test` from asking
# apt for missing programs.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
LISTEN ?= 127.0.0.1:8080
PYTEST_ARGS ?=
# Most tests wait for sockets most of the time, so more of them fit a machine than it has cores.
TEST_PROCESSES ?= 3
BENCH_ARGS ?=
CHAOS_ARGS ?=
SOAK_ARGS ?=
SYSTEM_PACKAGES ?= yes
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
EXAMPLE_PLUGINS := $(wildcard examples/plugin-*)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check format bench docs docs-pages chaos soak clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## install into .venv and serve examples/quickstart/vizgate.yaml
	@printf '\nTry it from another terminal:\n\n    curl -i http://$(LISTEN)/hello/world\n\n'
	@exec $(BIN)/vizgate serve examples/quickstart/vizgate.yaml --listen $(LISTEN)

test: $(VENV)/.installed-test $(VENV)/.installed-example ## install what the tests need and run all of them
	@SYSTEM_PACKAGES=$(SYSTEM_PACKAGES) .ci/system-packages
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile $(PYTEST_ARGS)

check: $(VENV)/.installed-check docs ## lint, formatting, types, layers, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.installed-check ## apply the formatter and the safe fixes of the linter
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

docs: $(VENV)/.installed-docs ## build the documentation into .site/, offline; a dead link is an error
	$(BIN)/zensical build --config-file .mkdocs.yml --clean --strict

docs-pages: $(VENV)/.installed ## write the generated reference pages anew
	$(BIN)/python docs/generate.py

bench: $(VENV)/.installed ## measure against nginx and others (half an hour; BENCH_ARGS=--quick for a look)
	$(BIN)/python benchmarks/setup_peers.py
	$(BIN)/python benchmarks/compare.py $(BENCH_ARGS)

chaos: $(VENV)/.installed-test ## kill, restart and rotate under load for two minutes (CHAOS_ARGS="--seconds 60")
	@SYSTEM_PACKAGES=$(SYSTEM_PACKAGES) .ci/system-packages
	$(BIN)/python benchmarks/chaos.py $(CHAOS_ARGS)

soak: $(VENV)/.installed-test ## mixed traffic for ten minutes: nothing may grow (SOAK_ARGS="--minutes 240")
	@SYSTEM_PACKAGES=$(SYSTEM_PACKAGES) .ci/system-packages
	$(BIN)/python benchmarks/soak.py $(SOAK_ARGS)

clean: ## remove everything that the other targets made
	rm -rf $(VENV) .bench-venv .site .cache docs/.cache build dist *.egg-info
	rm -rf .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .coverage htmlcov
	find vizgate tests examples benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	PYTHON="$(PYTHON)" .ci/venv $(VENV)

$(VENV)/.installed: pyproject.toml vizgate/_version.py | $(BIN)/python
	$(PIP) --editable .
	@touch $@

# The pattern takes the name of an extra: .installed-test installs vizgate[test].
$(VENV)/.installed-%: pyproject.toml vizgate/_version.py | $(BIN)/python
	$(PIP) --editable '.[$*]'
	@touch $@

# The example packages are installed as a user would, all at once; what they need is there already.
$(VENV)/.installed-example: $(EXAMPLE_PLUGINS:=/pyproject.toml) $(VENV)/.installed-test
	$(PIP) --no-deps --no-build-isolation $(EXAMPLE_PLUGINS:%=./%)
	@touch $@
