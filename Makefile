# From a bare Debian with Python 3.11+, git and make: `make run` starts the demo, `make test` and `make check`
# say whether the house stands. What is missing is installed as root, or named exactly.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The distribution's own Python first: it is built with profile-guided optimisation, which one compiled by hand
# mostly is not, and runs our code a quarter faster.
PYTHON ?= $(shell for p in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-package manyou --no-emit-package manyou-service $(if $(UPGRADE),--upgrade)
OWN := pyproject.toml sdk/python/pyproject.toml
NODE_PARTS := tests/foreign/node_modules/.stamp bench/peer/node_modules/.stamp
JAVA_HALL := examples/java-hall/target/java-hall.jar
# more than cores: some tests wait, for a code to grow old or a server to die
WORKERS ?= 3
ARGS ?=

# A mirror that pip was told of serves uv too.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif

.PHONY: help run test coverage check lint formatted types imports spelling architecture format bench soak java lock sdk \
	clean

help: ## what can be made
	@sed -n 's/^\([a-z]*\):[^#]*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: .venv/.run ## the whole story at http://localhost:8000; TLS=1: at https://
	@$(BIN)/manyou serve --demo $(if $(TLS),--tls) $(ARGS)

test: .venv/.test $(NODE_PARTS) ## all tests, both engines, browser included
	@.ci/need tests
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

coverage: .venv/.test $(NODE_PARTS) ## the same with branch coverage
	@.ci/need tests
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term $(ARGS)

check: lint formatted types imports spelling architecture ## all but the tests; -k goes on after a failure

lint: .venv/.test
	@echo 'ruff check'; $(BIN)/ruff check --quiet --output-format concise .

formatted: .venv/.test
	@echo 'ruff format'; $(BIN)/ruff format --quiet --check . || { $(BIN)/ruff format --check .; exit 1; }

types: .venv/.test
	@echo 'mypy'; $(BIN)/mypy

imports: .venv/.test
	@echo 'import contracts'; $(BIN)/lint-imports --no-logo

spelling: .venv/.test
	@echo 'codespell'; $(BIN)/codespell

architecture: .venv/.test
	@echo 'architecture'; $(BIN)/python -m pytest -q tests/architecture

format: .venv/.test ## the house's format, and what ruff can mend safely
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: .venv/.test $(NODE_PARTS) ## CPU a request beside node-oidc-provider, works a second, into var/bench*.json
	@.ci/need tests
	@status=0; $(BIN)/python -m bench $(ARGS) || status=1; $(BIN)/python -m bench.store || status=1; exit $$status

soak: .venv/.test ## ten minutes scaled with rotations, restarts and outages, then an hour (MINUTES=60) of memory
	@.ci/need tests
	@$(BIN)/python -m bench.endurance --minutes $(or $(SCALED_MINUTES),10)
	@$(BIN)/python -m bench.soak --minutes $(or $(MINUTES),60) $(ARGS)

sdk: .venv/.run ## the SDK's wheel, into dist/
	@$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist sdk/python
	@ls dist/manyou-*.whl

java: $(JAVA_HALL) ## the Java hall, for whoever has a JDK 17 and Maven

lock: .venv/.run ## the locks again; UPGRADE=1 moves every version
	@$(COMPILE) --group bootstrap -o requirements/bootstrap.txt
	@$(COMPILE) pyproject.toml -o requirements/run.txt
	@$(COMPILE) pyproject.toml --group test -c requirements/run.txt -o requirements/test.txt
	@sed -i -E '/^(--|-f |-i |# )/d' requirements/*.txt
	@for d in tests/foreign bench/peer; do \
		npm install --prefix $$d --package-lock-only --ignore-scripts --no-audit --no-fund --silent; \
		sed -i '/^ *"resolved": /d' $$d/package-lock.json; done

clean: ## everything made, the demo's data too
	@rm -rf .venv var dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
	@rm -rf tests/foreign/node_modules bench/peer/node_modules examples/java-hall/target

.venv/.run: requirements/bootstrap.txt requirements/run.txt $(OWN)
	@.ci/need python '$(PYTHON)'
	@if command -v uv >/dev/null; then \
		uv venv --quiet --allow-existing --python $(PYTHON) .venv; \
		uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/bootstrap.txt; \
	else \
		$(PYTHON) -m venv .venv; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt; \
	fi
	@$(INSTALL) --require-hashes -r requirements/run.txt
	@$(INSTALL) --no-deps --no-build-isolation -e sdk/python -e .
	@touch $@

.venv/.test: .venv/.run requirements/test.txt
	@$(INSTALL) --require-hashes -r requirements/test.txt
	@touch $@

$(JAVA_HALL): examples/java-hall/pom.xml $(shell find examples/java-hall/src -type f)
	@mvn --quiet --batch-mode --file $< package
	@touch $@

%/node_modules/.stamp: %/package.json %/package-lock.json
	@.ci/need tests
	@npm ci --prefix $* --ignore-scripts --no-audit --no-fund --silent
	@touch $@
