# Everything is set up on demand: each target makes what it needs, and nothing else.
SHELL := /bin/bash
PYTHON ?= python3
CACHE ?= $(or $(UNDERSTUDY_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/understudy)
# The environment lives in the cache, keyed by its pinned requirements: clones share it.
KEY := $(shell sha256sum requirements/dev.txt | cut -c1-12)
VENV := $(CACHE)/venv-$(KEY)
BIN := $(VENV)/bin

export UNDERSTUDY_CACHE := $(CACHE)
export PATH := $(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)
export PYTHONDONTWRITEBYTECODE := 1

# `make demo CLUSTER=…`; a variable of this name in somebody's environment means something else.
ifeq ($(origin CLUSTER),command line)
export UNDERSTUDY_WORLD_CLUSTER := $(CLUSTER)
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all bench lint format lock clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/done:
	@echo "== Python environment (once for each set of pinned requirements)"
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# The console scripts lead to this checkout, so they are written anew for each.
$(VENV)/bin/pulumi-resource-understudy: $(VENV)/done
	@printf '#!/bin/sh\nexec "%s/python" -m infra.plugin "$$@"\n' $(BIN) > $@ && chmod +x $@

setup: $(VENV)/bin/pulumi-resource-understudy ## Install what development needs

demo: setup ## A pull request gets an environment, and it goes away again (KEEP=1 leaves it up; CLUSTER=kubeconfig or kind)
	@$(BIN)/python -m tests.world.demo $(if $(KEEP),--keep)

test: setup ## Unit, contract, one end-to-end walk and a sample of the rest
	@$(BIN)/python -m tests.world.prepare
	@$(BIN)/python -m pytest -m "not slow" $(ARGS)

test-all: setup ## Everything
	@$(BIN)/python -m tests.world.prepare
	@$(BIN)/python -m pytest --hypothesis-profile=explore $(ARGS)

bench: setup ## Measure: make bench NAME=walk; without NAME, list what there is
	@$(BIN)/python -m tests.bench $(NAME)

lint: setup ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Rewrite the code in the project's format
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

lock: ## Pin requirements anew, with hashes and without addresses
	$(PYTHON) -m venv $(CACHE)/lock && $(CACHE)/lock/bin/pip install --quiet pip-tools
	$(CACHE)/lock/bin/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate \
	  -o requirements/dev.txt pyproject.toml requirements/dev.in

clean: ## Remove what tests left in the checkout
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
