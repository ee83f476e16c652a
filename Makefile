# Two commands do everything: `make run` and `make test`. Each sets up `.venv` by itself, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test check nightly bench docs format clean

run: $(READY)
	@$(BIN)/tautolog demo

test: $(READY)
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not nightly"

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

nightly: $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group nightly
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -n 2 --dist worksteal
	@cd tests && ../$(BIN)/python -m conformance.hold record

bench: $(READY)
	@$(BIN)/python -m benchmarks

docs: $(READY)
	@$(BIN)/python -m pip install --quiet --group docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "docs: site/index.html"

format: $(READY)
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tautolog needs Python 3.11 or newer; this is " + sys.version.split()[0] + " (set PYTHON=...)")'
	@echo "setting up $(VENV) (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[fast,redis,codecs,prove]" --group test --group dev
	@touch $(READY)

clean:
	@rm -rf $(VENV) site build
