# Every target sets up what it needs; a second time that costs a fraction of a second.
# Settings come from the environment or from the command line: make run PORT=9000 HOST=0.0.0.0

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
# With one of these set, `make run` installs what the other parts of a fleet need.
FLEET := $(if $(filter postgresql:%,$(DATABASE_URL))$(REDIS_URL)$(AWS_S3_BUCKET)$(SECRETS_ARN)$(SNS_TOPIC_ARN)$(JOBS_QUEUE_URL)$(SES_EVENTS_TOPIC_ARN)$(SES_EVENTS_QUEUE_URL)$(OTEL_EXPORTER_OTLP_ENDPOINT)$(filter ses:%,$(MAIL_URL))$(filter cognito,$(IDENTITY)),$(VENV)/.fleet)
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement
INSTALL_SELF := $(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
NPM := $(PY) hatch_build.py npm
# Test processes: one more than cores, since a third of their time is waiting. Files go to them in the order of their names, the folders
# whose tests take longest first: unit comes last, and its files are short.
WORKERS ?= $(shell $(PY) -c 'import os; print(min((os.cpu_count() or 1) + 1, 5))')
# A registry that fails to answer once is asked again, for about a minute, before anything is given up.
export PIP_RETRIES ?= 8
export PIP_DEFAULT_TIMEOUT ?= 60
export NPM_CONFIG_FETCH_RETRIES ?= 5
export TF_REGISTRY_DISCOVERY_RETRY ?= 5
COMPILE := $(PY) -m uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet

.PHONY: help run fleet test check lint infra infra-cycle infra-mutations infra-planned kills fuzz image bench web lock clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

run: $(VENV)/.run $(FLEET) web ## Serve at http://127.0.0.1:8000 (PORT, HOST, MDREADER_DATA)
	@exec $(VENV)/bin/mdreader serve

fleet: $(VENV)/.fleet ## Install what PostgreSQL, Redis, AWS and traces need, which make run does when their settings are set

test: dev ## Run every test: unit, contract, http, collab, browser, and the page's own
	@$(NPM) --prefix web run test -- --testTimeout=60000 --hookTimeout=60000
	@echo "Tests that want Terraform (-m terraform) are run by make infra, and so by make check; all others follow"
	@$(PY) -m pytest -m "not terraform" --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: dev lint infra test ## What CI runs: lint, types, import borders, infra, all tests

lint: dev ## Lint, format, types and import borders, of the server and of the page
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(NPM) --prefix web run lint
	@$(NPM) --prefix web run typecheck

infra: $(VENV)/.dev .venv-infra/.ready ## Check Terraform, Dockerfile, workflows and scripts, without an account
	@$(PY) infra/checks/run.py $(ARGS)
	@$(PY) infra/checks/mutations.py --quick
	@$(PY) -m pytest -q -m terraform tests/cli

infra-mutations: $(VENV)/.dev .venv-infra/.ready ## Break infra/ in many ways, each of which a gate must see (minutes)
	@$(PY) infra/checks/mutations.py $(ARGS)

infra-cycle: $(VENV)/.dev .venv-infra/.ready ## Apply, plan and destroy the team size against an emulator (minutes)
	@$(PY) infra/checks/cycle.py

infra-planned: $(VENV)/.dev .venv-infra/.ready ## Plan each size with the variables that mdreader cloud plan writes (minutes)
	@$(PY) infra/checks/planned.py

kills: dev ## Kill the server 100 times under load; nothing may be lost
	@$(PY) tests/campaigns/kills.py $(or $(ARGS),--kills 100)

fuzz: dev ## 200,000 hostile frames and 1,000 genuine histories through the gate
	@$(PY) tests/fuzz/gate.py $(or $(ARGS),--frames 200000 --histories 1000)

image: $(VENV)/.dev ## Build the container image without Docker, and try it out (as root, minutes)
	@$(PY) tests/campaigns/image.py $(ARGS)

bench: $(VENV)/.dev ## Measure beside other servers (FIGURE=..., see bench/README.md)
	@$(MAKE) -C bench $(or $(FIGURE),all)

web: $(VENV)/.run ## Build the page into the package, if its sources changed
	@$(PY) hatch_build.py

lock: $(VENV)/.dev ## Renew the lock files
	@$(COMPILE) --upgrade --group build --output-file requirements-build.lock
	@$(COMPILE) --upgrade pyproject.toml --output-file requirements.lock
	@$(COMPILE) --upgrade pyproject.toml $(addprefix --extra ,postgres redis aws otel) \
		--constraint requirements.lock --output-file requirements-fleet.lock
	@$(COMPILE) --upgrade --group image --constraint requirements.lock --output-file requirements-image.lock
	@$(COMPILE) --upgrade pyproject.toml --group build --extra dev --constraint requirements-build.lock \
		--constraint requirements-fleet.lock --output-file requirements-dev.lock
	@$(COMPILE) --upgrade --group infra --output-file requirements-infra.lock

clean: ## Remove everything that was built or installed; ./data stays
	@rm -rf $(VENV) .venv-infra .browser web/node_modules web/dist src/mdreader/web tests/js/node_modules dist build test-results
	@rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

# ---- what the targets stand on ----

.PHONY: dev
dev: $(VENV)/.dev web
	@$(PY) hatch_build.py install tests/js
	@$(PY) tests/support/browser.py
	@$(PY) tests/support/services.py

$(VENV)/.run: requirements.lock requirements-build.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what mdreader needs"
	@$(PIP_INSTALL) requirements.lock --requirement requirements-build.lock
	@$(INSTALL_SELF)
	@touch $@

$(VENV)/.fleet: requirements-fleet.lock pyproject.toml | $(VENV)/.run
	@echo "Installing what a fleet needs"
	@$(PIP_INSTALL) requirements-fleet.lock
	@$(INSTALL_SELF)
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the tests need"
	@$(PIP_INSTALL) requirements-dev.lock
	@$(INSTALL_SELF)
	@touch $@ $(VENV)/.run

.venv-infra/.ready: requirements-infra.lock | $(VENV)/.dev
	@echo "Installing what checks infra/"
	@rm -rf .venv-infra
	@$(PY) -m venv --without-pip .venv-infra
	@$(PY) -m pip --python .venv-infra/bin/python install --quiet --disable-pip-version-check --require-hashes \
		--only-binary :all: --requirement requirements-infra.lock
	@touch $@

$(VENV)/bin/python:
	@scripts/make_venv.sh $(VENV)
