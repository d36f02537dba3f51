.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two steps into one environment: what `make run` needs, then what tests and checks need besides.
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev
TOOLS := .venv-tools/.installed
PEERS := bench/.venv/.installed
CLIENTS := clients/.venv/.installed clients/node_modules/.installed
# $(call pytest,HALVES): so many workers for two cores, because tests wait, too; who is done takes over from others.
pytest = pytest -n $(shell $(BIN)/python -c 'import os; print($(1) * (os.cpu_count() or 1) // 2)') --dist worksteal
PYTEST = $(call pytest,4)
# Only files whose digest is in the lock, whichever index or mirror they come from.
INSTALL := -m pip install --disable-pip-version-check --root-user-action=ignore --require-hashes
COMPILE = .venv-tools/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--no-annotate --no-emit-index-url --no-emit-find-links
# The digests of all files of a version, so that one lock serves every platform and Python from 3.11.
LOCK = $(COMPILE) --generate-hashes --custom-compile-command 'make lock'

# $(call install,FOLDER,LOCKS,WHAT): bring an environment to what the locks say. One without a working pip, or
# whose last installation did not end well, is made anew: pip would take half a package for a whole one.
define install
	@if other=$$(cat $(1)/.unfinished 2>/dev/null) && kill -0 "$$other" 2>/dev/null; then \
		echo "Process $$other is installing into $(1): try again when it has ended." >&2; exit 1; fi
	@if test -e $(1)/.unfinished || ! $(1)/bin/python -m pip --version >/dev/null 2>&1; then \
		$(PYTHON) -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
			echo "Python 3.11 or newer with venv is needed: set PYTHON=/path/to/python3," \
				"or install python3-venv (Debian, Ubuntu)." >&2; exit 1; }; \
		echo "Installing $(3) into $(1). The first time takes a minute or two."; \
		rm -rf $(1) && mkdir -p $(1) && echo $$PPID >$(1)/.unfinished && $(PYTHON) -m venv $(1); \
	else echo "Installing $(3) into $(1)."; fi
	@echo $$PPID >$(1)/.unfinished
	@$(1)/bin/python backend/dev/progress.py $$(cat $(2) | grep -c '^[a-z0-9-]*==') \
		$(1)/bin/python $(INSTALL) $(addprefix -r ,$(2))
	@rm $(1)/.unfinished && touch $@
endef

.PHONY: help run demo sql reset migrate test test-slow coverage clients test-pgbouncer test-postgres \
	fuzz differential moves chaos check format hooks openapi lock audit clean \
	bench bench-quick bench-growth bench-many bench-tools

help: ## List the targets
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' Makefile

# Missing where Python was removed or upgraded: whatever depends on it is made anew.
$(BIN)/python: ;

$(RUN): requirements.lock requirements-run.lock $(BIN)/python
	$(call install,$(VENV),requirements.lock requirements-run.lock,the service and an embedded PostgreSQL)

$(DEV): requirements-dev.lock $(RUN)
	$(call install,$(VENV),requirements-dev.lock,the tools for tests and checks)

##@ Run
run: $(RUN) ## Start database, migrations and server; prints the URL of /docs (HOST, PORT, DATABASE_URL, RELOAD=1)
	@RELOAD=$(RELOAD) $(BIN)/python -m backend.dev.run

sql: $(RUN) ## Open psql on the database of make run (ARGS='-c "select 1"')
	@$(BIN)/python -m backend.dev.sql $(ARGS)

reset: $(RUN) ## Remove all tasks of the embedded database; asks before (CONFIRM=yes: does not)
	@CONFIRM=$(CONFIRM) $(BIN)/python -m backend.dev.reset

migrate: $(RUN) ## Bring the database of DATABASE_URL to the newest migration
	$(BIN)/alembic upgrade head

WEB := examples/web/build/.built
$(WEB): examples/package.json examples/tsconfig.json $(wildcard examples/front-end/*.ts examples/web/*.ts)
	@command -v npm >/dev/null || { echo "make demo needs npm (Debian: apt-get install npm)" >&2; exit 1; }
	@echo "Compiling the page of examples/web; the first time, npm fetches TypeScript."
	@npm install --prefix examples --no-audit --no-fund --no-package-lock --loglevel=error
	@examples/node_modules/.bin/tsc -p examples && touch $@

demo: $(RUN) $(WEB) ## Serve a page, and tasks of three owners in a database of their own (npm; PORT=8001, PAGE_PORT=3000)
	@DEV_POSTGRES_DIR=$${DEV_POSTGRES_DIR:-$${TMPDIR:-/tmp}/tasks-demo-$$(id -u)} $(BIN)/python -m backend.dev.demo

##@ Test
test test-slow coverage: export PYTHONDONTWRITEBYTECODE =
test: $(DEV) ## Run the tests on a throwaway database, but for the slow ones (ARGS='-k name': a part of all)
	@$(BIN)/$(if $(ARGS),pytest $(ARGS),$(call pytest,3) -m 'not slow')

test-slow: $(DEV) ## Run the slow ones: first days, browsers, mutants, the flat surface (10 minutes)
	@$(BIN)/$(PYTEST) -m slow

# A target of its own: to trace lines and branches more than doubles what a test takes, and a process to start, for
# the libraries' lines are traced, too (CPython before 3.14 has nothing cheaper). Of `untraced` tests it learns nothing.
coverage: $(DEV) ## Run it with branch coverage, subprocesses included, and hold it above its limit (12 minutes)
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m $(PYTEST) -m 'not untraced'
	@$(BIN)/coverage combine --quiet && $(BIN)/coverage report

test-pgbouncer: $(DEV) ## Run the suite with PgBouncer in transaction mode before the database (apt-get install pgbouncer)
	@TEST_POOLER=1 $(BIN)/$(PYTEST) $(ARGS)

test-postgres: $(DEV) ## Run the suite on another PostgreSQL, 14 to 18 (PROGRAMS=/usr/lib/postgresql/14/bin)
	@test -x "$(PROGRAMS)/initdb" || { echo "Set PROGRAMS to the folder of initdb, pg_ctl and postgres"; exit 1; }
	@TEST_POSTGRES=$(PROGRAMS) $(BIN)/$(PYTEST) $(ARGS)

clients: $(DEV) $(CLIENTS) ## Generate clients in TypeScript and Python, compile and run them; lint the document (npm)
	@$(BIN)/python -m clients

clients/.venv/.installed: clients/requirements.lock
	$(call install,$(@D),$<,the generator of Python clients)

clients/node_modules/.installed: clients/package.json clients/package-lock.json
	@command -v npm >/dev/null || { echo "make clients needs npm (Debian: apt-get install npm)"; exit 1; }
	npm ci --prefix clients --no-audit --no-fund --loglevel=error && touch $@

fuzz: $(DEV) ## Send what the OpenAPI document allows and forbids to a real server (SEED=1: the same again)
	@$(BIN)/python -m backend.tests.support.fuzz

differential: $(DEV) ## Compare lists with a plain model for 20,000 steps (STEPS=…, SEED=1: the same again)
	@DIFFERENTIAL_STEPS=$${STEPS:-20000} $(BIN)/pytest -o log_cli=true backend/tests/generated/test_differential.py

moves: $(DEV) ## Let two clients move tasks 10,000 times at random, and compare what they read (MOVES=…)
	@MOVES=$${MOVES:-10000} $(BIN)/pytest -q -o log_cli=true backend/tests/server/test_move_concurrency.py

chaos: $(DEV) ## Let everything fail under write load; prints what was lost and doubled: nothing (2 minutes)
	@$(BIN)/python -m backend.tests.chaos

##@ Check and maintain
check: $(DEV) ## Lint, format, strict types and who may import whom, without changing anything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(DEV) ## Format the code and fix what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

hooks: $(DEV) ## Run the same checks before every commit from now on (pre-commit)
	$(BIN)/pre-commit install

openapi: $(DEV) ## Export the OpenAPI document to specs/
	DATABASE_URL=postgresql:///none $(BIN)/python -m backend.dev.openapi

$(TOOLS): requirements-tools.lock
	$(call install,$(@D),$<,uv and pip-audit)

lock: $(TOOLS) ## Write requirements.txt and the locks, with the digests of all files, from pyproject.toml
	@{ echo "# What runs the service and its tests: [project] dependencies and the group test of pyproject.toml."; \
		echo "# Written by make lock. Production installs requirements.lock, which has no test tools."; \
		$(COMPILE) --no-header --no-deps pyproject.toml --group test; } > .venv-tools/requirements.txt
	@mv .venv-tools/requirements.txt requirements.txt
	$(LOCK) pyproject.toml --group dev -o requirements-dev.lock
	$(LOCK) pyproject.toml -c requirements-dev.lock -o requirements.lock
	$(LOCK) --group run -c requirements-dev.lock -o requirements-run.lock
	$(LOCK) --group telemetry -c requirements-dev.lock -o requirements-telemetry.lock
	$(LOCK) --group bench -c requirements-dev.lock -o bench/requirements.lock
	$(LOCK) --group clients -o clients/requirements.lock
	$(LOCK) --group tools -o requirements-tools.lock

audit: $(TOOLS) ## Ask a public service for known vulnerabilities of all that is locked (needs the internet)
	@.venv-tools/bin/python -m backend.dev.audit

clean: ## Remove the environment and all caches (the development database stays)
	rm -rf $(VENV) .venv-tools bench/.venv bench/peers/fastify/node_modules clients/.venv \
		clients/node_modules clients/generated examples/node_modules examples/web/build .coverage .coverage.* \
		.mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis htmlcov

##@ Benchmark (bench/README.md)
bench-tools:
	@for tool in wrk node npm; do command -v $$tool >/dev/null || \
		{ echo "The benchmark needs $$tool: bench/README.md says how to install it"; exit 1; }; done

$(PEERS): bench/requirements.lock bench/peers/fastify/package-lock.json | bench-tools
	npm ci --prefix bench/peers/fastify --no-audit --no-fund
	$(call install,$(@D),$<,the peers)

bench: bench-tools $(RUN) $(PEERS) ## Compare throughput, latency, CPU, memory and round trips with the peers' (20 minutes)
	@$(BIN)/python -m bench full

bench-quick: bench-tools $(RUN) $(PEERS) ## The same, less exactly, in two minutes
	@$(BIN)/python -m bench quick

bench-growth: bench-tools $(RUN) $(PEERS) ## Cost against the number of tasks, owners, connections (5 minutes)
	@$(BIN)/python -m bench growth

bench-many: $(RUN) ## A batch against single creates, the feed against the list, a thousand subscribers (a minute)
	@$(BIN)/python -m bench many
