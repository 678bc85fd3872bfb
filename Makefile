# C3 Tandem. `make` lists what there is; `make demo` and `make test` set everything up by themselves.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help install demo run test test-long check fmt migrate migration lock bench openapi evaluate quality clean

help: ## Show this list
	@echo "C3 Tandem. Start with: make demo"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-12s %s\n", $$1, $$2}'

install: $(READY) ## Set up .venv with the pinned packages (others do this by themselves)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "C3 Tandem needs Python 3.11 or newer; say which with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV) with pinned packages; this takes a minute the first time."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python cannot make environments; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@# The lock is whole: without --no-deps, pip would look at releases newer than the pinned ones and refuse them.
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements.lock | \
		awk '/^Collecting/ {printf "\r  %d packages", ++n; fflush()} /^Installing/ {printf ", installing"; fflush()} END {print ""}'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## Load example data, run a match round, show tandems, serve (ONCE=1: end after the table)
	@ONCE=$(ONCE) $(BIN)/tandem demo

run: $(READY) ## Run the service: API and worker on var/tandem.db
	@$(BIN)/tandem serve

test: $(READY) ## Run the tests (at most 12 minutes on 2 cores)
	@$(BIN)/pytest -n 2 --dist worksteal -m "not long"

test-long: $(READY) ## Run all tests, also those that take long, and more generated requests
	@EXAMPLES=$${EXAMPLES:-200} $(BIN)/pytest -n 2 --dist worksteal

check: $(READY) ## Check format, lint, types, architecture and lock file
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pip check
	@! grep -nE 'https?://' requirements.lock
	@echo "All checks passed."

fmt: $(READY) ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

migrate: $(READY) ## Bring the database to the newest version
	@$(BIN)/tandem migrate

migration: $(READY) ## Write a migration from the models: make migration M="what changes"
	@test -n "$(M)" || { echo 'Say what changes: make migration M="add meetups"'; exit 1; }
	@$(BIN)/alembic revision --autogenerate -m "$(M)"
	@$(BIN)/ruff format --quiet alembic

lock: $(READY) ## Pin the newest allowed packages anew (needs uv)
	@uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-header --upgrade -o requirements.lock

bench: $(READY) ## Run the benchmarks (DATA=FOLDER for your own profiles); one line of JSON each
	@for name in pairing capped previews neighbours round rounds_api requests imports discovery guardrail outbox registrations seating; do DATA=$(DATA) $(BIN)/python -m benchmarks.$$name || exit 1; done

openapi: $(READY) ## Write docs/openapi.json anew, after a change of the interface that is meant
	@$(BIN)/python -m app.main > docs/openapi.json

evaluate: $(READY) ## Measure the engine on judged data: make evaluate DATA=FOLDER
	@test -n "$(DATA)" || { echo "Say where profiles.jsonl and qrels.tsv are: make evaluate DATA=FOLDER"; exit 1; }
	@$(BIN)/python -m matching evaluate $(DATA)

quality: $(READY) ## Measure the engine beside peers on judged data: make quality DATA="FOLDER ..." (writes docs/quality.md)
	@test -n "$(DATA)" || { echo 'Say where profiles.jsonl and qrels.tsv are: make quality DATA="FOLDER ..."'; \
		echo 'Also: PEERS=FOLDER (an environment for peers, made where it is not), ABOUT=TITLES.json, OUT=REPORT.md,'; \
		echo 'KEEP=FIGURES.jsonl (of an earlier run), NEURAL=1 (takes hours)'; exit 1; }
	@$(BIN)/python -m benchmarks.quality $(DATA) $(if $(PEERS),--peers $(PEERS)) $(if $(ABOUT),--about $(ABOUT)) \
		$(if $(KEEP),--keep $(KEEP)) $(if $(OUT),--out $(OUT)) $(if $(NEURAL),--neural)

clean: ## Remove the environment, caches and demonstration data
	@rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
