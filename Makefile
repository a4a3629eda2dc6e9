# One command each. A bare `make` lists them and changes nothing.

VENV := .venv
BIN := $(VENV)/bin
# The first Python here that the project runs on.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$each && break; done)
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

# A process a core, each with a Spark session and a broker of its own once a file of its share wants them.
IN_PARALLEL := --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Airflow and Great Expectations take twice as long to import where Python may not keep what it has compiled of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev jdk demo test check mixed faults bench gold-year format generate lock clean
.DELETE_ON_ERROR:

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

setup: $(VENV)/.runtime ## set up what running needs: .venv from the locked requirements, Java if there is none

setup-dev: $(VENV)/.dev $(VENV)/.prometheus ## set up what testing needs too

demo: setup ## run the whole way once, on real data, and write report.html
	@$(BIN)/fieldstream demo

test: setup-dev ## run the tests, with a real broker, Spark and Delta
	@$(BIN)/pytest $(if $(TESTS),$(TESTS),$(IN_PARALLEL))

check: setup-dev ## run what CI checks besides the tests: format, lint, types, imports, locks, generated files
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q --no-header tests/test_locks.py
	@$(BIN)/python -m pipelines.cli.reference --check

mixed: setup-dev ## take in half a million messages of every format, and compare silver with what they meant row for row
	@$(BIN)/python -m tests.mixed_lake 500000

faults: setup-dev ## kill everything everywhere, half an hour, and write docs/explanation/reliability.md (ARGS="--fault kill.*" writes nothing)
	@$(BIN)/python -m tests.chaos $(ARGS)

bench: setup-dev ## measure against what people use today, two hours or so (ARGS="--only ingest,latency --events 200000")
	@$(BIN)/python -m tests.bench $(ARGS)

gold-year: setup-dev ## build a year of a thousand fields' gold, then one late day of it; print both in CPU seconds, half an hour
	@$(BIN)/python -m tests.bench.gold_year $(ARGS)

format: setup-dev ## format the code, and mend what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

generate: setup-dev ## write docs/reference/ anew from schemas/ and the command line
	@$(BIN)/python -m pipelines.cli.reference

lock: setup-dev ## resolve pyproject.toml into the lock files anew, keeping versions that still fit
	@$(BIN)/$(COMPILE) pyproject.toml -o requirements.lock
	@$(BIN)/$(COMPILE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@sed -n 's/^jdk = \["\(.*\)"\]/\1/p' pyproject.toml | $(BIN)/$(COMPILE) - -o requirements-jdk.lock
	@echo uv | $(BIN)/$(COMPILE) -c requirements-dev.lock - -o requirements-uv.lock

jdk: $(VENV)/.uv ## bring a Java of our own, for a machine that has none
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements-jdk.lock

clean: ## remove what can be made again; the lake in .fieldstream stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv installs in half a minute what takes pip several. It knows nothing of pip's own settings (a mirror, say):
# where it fails, pip goes on.
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1) \
	|| $(BIN)/pip install --quiet --require-hashes -r $(1)

$(VENV)/.uv: requirements-uv.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and not on PATH: install one, or say which with 'make PYTHON=...'." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python cannot make virtual environments: install its venv package (Debian: apt-get install python3-venv)." >&2; exit 2; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version)" >&2
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

$(VENV)/.runtime: $(VENV)/.uv requirements.lock pyproject.toml
	@echo "Installing the locked requirements" >&2
	@$(call INSTALL,requirements.lock)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pipelines.jvm.java >/dev/null 2>&1 || $(MAKE) --no-print-directory jdk
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing the locked requirements for development" >&2
	@$(call INSTALL,requirements-dev.lock)
	@touch $@

# From Debian's package, with no root: where that cannot be had, the tests that ask Prometheus say so and are skipped.
$(VENV)/.prometheus: tests/infra/get-prometheus.sh | $(VENV)/.dev
	@if sh tests/infra/get-prometheus.sh $(VENV)/prometheus; then touch $@; \
		else echo "Prometheus could not be had; the tests that ask it will be skipped." >&2; fi
