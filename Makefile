# Every target sets up what it needs; python3 (3.11 or newer) and make are enough to begin with.
# Tests run in several processes, most of which wait most of the time: WORKERS=0 for a single one.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
READY := $(VENV)/.ready
RUN := $(VENV)/bin
WORKERS := 3
PARALLEL = -n $(WORKERS) --dist worksteal
CODE := runwright workflows activities adapters tests benchmarks examples testbed

.PHONY: help demo test check fuzz bench bench-cluster bench-kratix cluster cluster-down test-cluster
help: ## Show the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## See a run survive the death of its worker; half a minute.
	@$(RUN)/runwright demo

test: $(READY) ## Run the tests; all but those that need a cluster.
	@$(RUN)/python -m pytest -m "not cluster" $(PARALLEL) $(ARGS)

check: $(READY) ## Check format, lint, types, layers, and the lock file.
	$(RUN)/ruff format --check $(CODE)
	$(RUN)/ruff check $(CODE)
	$(RUN)/mypy
	$(RUN)/pyright --pythonpath $(RUN)/python
	$(RUN)/lint-imports
	"$$(cat $(VENV)/uv)" lock --check

fuzz: $(READY) ## Hold random templates against Go's own; needs Go, a minute.
	@$(RUN)/python -m tests.golden.templates.fuzz $(ARGS)

bench: $(READY) ## Measure Runwright beside bare Temporal; some minutes.
	@$(RUN)/python -m benchmarks $(ARGS)

bench-cluster: $(READY) ## Measure Runwright beside bare Jobs, on the testbed; some minutes.
	@$(RUN)/python -m benchmarks --cluster $(ARGS)

bench-kratix: $(READY) ## Measure Kratix's pipelines beside bare Jobs, on the testbed; forty minutes.
	@$(RUN)/python -m benchmarks --kratix $(ARGS)

cluster: $(READY) ## Start a real Kubernetes of one node; the first time builds it, some minutes.
	@$(RUN)/python -m testbed up

cluster-down: $(READY) ## End that Kubernetes, and remove every trace of it.
	@$(RUN)/python -m testbed down

test-cluster: $(READY) ## Run the tests that need a cluster, on one of their own if none is up.
	@$(RUN)/python -m testbed build
	@$(RUN)/python -m pytest -m "cluster and not ending" $(PARALLEL) tests/cluster $(ARGS)
	@$(RUN)/python -m pytest -m ending tests/cluster/test_testbed.py $(ARGS) || [ $$? = 5 ]

$(READY): pyproject.toml uv.lock scripts/bootstrap
	@scripts/bootstrap
	@touch $@
