# Tarazy. `make` alone lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
RUN_READY := $(VENV)/.run-ready
TEST_READY := $(VENV)/.test-ready

.DEFAULT_GOAL := help
.PHONY: help setup run test check format bench sabotage where lock clean

help: ## List the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tarazy needs Python 3.11 or newer; name one: make PYTHON=python3.12 …")'
	@echo "Making the virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(RUN_READY): requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked dependencies"
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(TEST_READY): requirements-dev.txt $(RUN_READY)
	@echo "Installing what the tests need"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

setup: $(RUN_READY) ## Install Tarazy into .venv

run: setup ## Make the demo foundation, play its round, say what happened
	@$(BIN)/tarazy demo --play

test: check ## Everything that CI runs: the checks, the tests on both engines, the sabotage
	@$(BIN)/python -m tests.run

check: $(TEST_READY) ## Format, lint, types, walls, dependencies, spelling, migrations
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .
	@$(BIN)/codespell

format: $(TEST_READY) ## Format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: $(TEST_READY) ## Measure, as ratios to a limit taken in the same run
	@$(BIN)/python -m bench.run

sabotage: $(TEST_READY) ## Break each wall in a scratch copy and see the right test turn red
	@$(BIN)/python -m tests.sabotage

where: $(TEST_READY) ## Where is the rule that…? make where CLAUSE=4.2
	@$(BIN)/python -m tests.where $(CLAUSE)

lock: ## Write the lock files anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --upgrade --group build pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --upgrade --group build --group dev pyproject.toml -c requirements.txt -o requirements-dev.txt

clean: ## Remove what was built (never var/)
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
