.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Thousands of requests, which coverage would slow down without seeing anything new in them: beside
# the others, which wait now and then.
PROPERTIES := backend/tests/test_properties.py
INSTALLED := $(VENV)/.installed
TOOLS := $(VENV)/tools/.installed
PEERS := bench/.venv/.installed
# Only files whose digest is in the lock, whichever index or mirror they come from.
INSTALL := -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --require-hashes
# The digests of all files of a version, so that one lock serves every platform and Python from 3.11.
LOCK = $(VENV)/tools/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

.PHONY: help run test test-pgbouncer check format migrate openapi lock audit bench bench-quick bench-growth bench-tools fuzz chaos clean

help: ## Explain every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=/path/to/python3")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) -r $<
	@touch $@

run: $(INSTALLED) ## Start database, migrations and server; prints the URL of /docs (HOST, PORT, DATABASE_URL)
	@$(BIN)/python -m backend.dev.run

test: $(INSTALLED) ## Run the whole suite with branch coverage on a throwaway database (ARGS='-k name': a part)
ifeq ($(ARGS),)
	@rm -f .coverage .coverage.*
	@$(BIN)/pytest $(PROPERTIES) > .properties.log 2>&1 & properties=$$!; \
	$(BIN)/coverage run -m pytest -n 2 --dist worksteal --ignore $(PROPERTIES); suite=$$?; \
	wait $$properties; properties=$$?; cat .properties.log; exit $$((suite + properties))
	@$(BIN)/coverage combine --quiet && $(BIN)/coverage report
else
	@$(BIN)/pytest $(ARGS)
endif

test-pgbouncer: $(INSTALLED) ## Run the suite with PgBouncer in transaction mode before the database (apt-get install pgbouncer)
	@TEST_POOLER=1 $(BIN)/pytest -n 2 --dist worksteal $(ARGS)

check: $(INSTALLED) ## Lint, format and strict types, without changing anything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(INSTALLED) ## Format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

migrate: $(INSTALLED) ## Bring the database of DATABASE_URL to the newest migration
	$(BIN)/alembic upgrade head

openapi: $(INSTALLED) ## Export the OpenAPI document to specs/
	DATABASE_URL=postgresql:///none $(BIN)/python -m backend.dev.openapi

$(TOOLS): requirements-tools.lock $(INSTALLED)
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python $(INSTALL) -r $<
	@touch $@

lock: $(TOOLS) ## Pin what the requirements bring along, with the digests of all its files
	$(LOCK) requirements-dev.txt -o requirements-dev.lock
	$(LOCK) requirements.txt -c requirements-dev.lock -o requirements.lock
	$(LOCK) bench/requirements.txt -c requirements-dev.lock -o bench/requirements.lock
	$(LOCK) requirements-tools.txt -o requirements-tools.lock

audit: $(TOOLS) ## Ask a public service for known vulnerabilities of all that is locked (needs the internet)
	@$(VENV)/tools/bin/python -m backend.dev.audit

bench-tools:
	@for tool in wrk node npm; do command -v $$tool >/dev/null || \
		{ echo "The benchmark needs $$tool: bench/README.md says how to install it"; exit 1; }; done

$(PEERS): bench/requirements.lock bench/peers/fastify/package-lock.json | bench-tools
	test -x bench/.venv/bin/python || $(PYTHON) -m venv bench/.venv
	bench/.venv/bin/python $(INSTALL) -r $<
	npm ci --prefix bench/peers/fastify --no-audit --no-fund
	@touch $@

bench: bench-tools $(INSTALLED) $(PEERS) ## Compare throughput, latency, CPU, memory and round trips with the peers' (20 minutes)
	@$(BIN)/python -m bench full

bench-quick: bench-tools $(INSTALLED) $(PEERS) ## The same, less exactly, in two minutes
	@$(BIN)/python -m bench quick

bench-growth: bench-tools $(INSTALLED) $(PEERS) ## Cost against the number of tasks, owners, connections (5 minutes)
	@$(BIN)/python -m bench growth

fuzz: $(INSTALLED) ## Send what the OpenAPI document allows and forbids to a real server (SEED=1: the same again)
	@$(BIN)/python -m backend.tests.support.fuzz

chaos: $(INSTALLED) ## Let everything fail under write load; prints what was lost and doubled: nothing (2 minutes)
	@$(BIN)/python -m backend.tests.chaos

clean: ## Remove the environment and all caches (the development database stays)
	rm -rf $(VENV) bench/.venv bench/peers/fastify/node_modules .coverage .coverage.* .properties.log .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov
