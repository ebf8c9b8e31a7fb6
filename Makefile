# Everything that is done with this checkout. Needs Python 3.11 or newer and nothing else.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; done; echo python3)
VENV := .venv
BIN := $(VENV)/bin
# One more than processors: a fifth of their time tests wait for servers and workers.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
# Whatever the shell says: servers, workers and tests that find compiled modules start in half the processor time.
export PYTHONDONTWRITEBYTECODE =
# The mlflow clients that tests drive, unless TEST_MLFLOW3_PYTHON or TEST_MLFLOW2_PYTHON names one that is there.
CLIENTS := $(if $(TEST_MLFLOW3_PYTHON),,$(VENV)/clients/mlflow3/.made) $(if $(TEST_MLFLOW2_PYTHON),,$(VENV)/clients/mlflow2/.made)

.DEFAULT_GOAL := help
.PHONY: help up test check bench clients compiled

help:  ## say what can be made
	@echo "make up      start the server (PORT, HOST, MLREGISTRY_HOME, DATABASE_URL); Ctrl-C stops it"
	@echo "make test    run the whole test suite; ARGS='tests/ml -k roc' for a part of it"
	@echo "make check   lint, format, types, import contracts"
	@echo "make bench   run the benchmarks"

up: $(VENV)/.run $(VENV)/.static  ## start everything, stay in the foreground
	$(BIN)/python -m mlregistry.supervisor

test: $(VENV)/.dev $(VENV)/.static $(VENV)/.test-javascript $(CLIENTS)  ## the whole test suite
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: $(VENV)/.dev  ## what must hold before a commit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clients: $(CLIENTS)  ## the environments of the mlflow clients that tests drive

compiled: $(VENV)/.dev  ## import all tests once, so that each process of the suite finds their modules compiled
	@$(BIN)/python -m pytest --collect-only -q -n 0 >$(VENV)/collected.log || (tail -n 50 $(VENV)/collected.log; exit 1)

bench: $(VENV)/.run $(VENV)/.static  ## measure
	$(BIN)/python -m benchmarks $(ARGS)

# Stamps: packages are installed again only when the list of them changes. Tests import a fourth of the modules of
# theirs: what they need is compiled when it is first imported.
$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip uninstall --quiet --yes setuptools 2>/dev/null || true  # Python 3.11 adds it; nothing needs it
	@touch $@

$(VENV)/.run: requirements.txt $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
	@touch $@ $(VENV)/.run

$(VENV)/clients/%/.made: tests/mlflow_client/requirements-%.txt $(VENV)/.made
	$(BIN)/python -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -r $<
	$(@D)/bin/python -c 'import mlflow.pyfunc, mlflow.sklearn, pytest'
	@touch $@

$(VENV)/.javascript: package-lock.json package.json mlregistry/supervisor/javascript.py $(VENV)/.made
	$(BIN)/python -m mlregistry.supervisor.javascript
	@touch $@

$(VENV)/.test-javascript: package-lock.json package.json mlregistry/supervisor/javascript.py $(VENV)/.made
	$(BIN)/python -m mlregistry.supervisor.javascript tests
	@touch $@

# The settings that say where the files lie belong to some home; this one is for no server.
$(VENV)/.static: $(VENV)/.javascript requirements.txt | $(VENV)/.run
	MLREGISTRY_HOME=$(VENV)/.home $(BIN)/python -m mlregistry.supervisor.static_files
	@touch $@
