# `make demo` shows Encours with a sample company; `make test` runs every gate. Both set everything up themselves.
.DEFAULT_GOAL := help
STAMPS := .venv/.stamps
RUN := .venv/bin/
LOCKED := pyproject.toml scripts/setup.sh
KERNELS := $(shell find src/encours/core -name '*.py')

.PHONY: help demo venv dev test coverage lint types messages docs screenshots lock prove clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: venv ## build the sample company and open Encours in the browser (ARGS="--port 8001")
	@$(RUN)encours demo $(ARGS)

venv: $(STAMPS)/runtime $(STAMPS)/kernels ## set up .venv with what Encours runs on

dev: $(STAMPS)/dev $(STAMPS)/kernels ## set up .venv with what tests it, too

test: dev $(STAMPS)/browser $(STAMPS)/postgres $(STAMPS)/mailbox ## run every gate (ARGS="tests/core -k money" runs these tests only)
	@scripts/test.sh $(ARGS)

coverage: dev ## which lines of engines and use cases their own tests run (a third slower, so not part of the gate)
	@$(RUN)python -m pytest -n auto tests/core tests/usecases \
		--cov=encours.core --cov=encours.usecases --cov-report=term:skip-covered

lint: dev ## style, types, floors; repair what can be repaired
	@$(RUN)ruff format . && $(RUN)ruff check --fix . && $(RUN)mypy && $(RUN)lint-imports

messages: dev ## compile the translations (src/encours/**/locale/*/LC_MESSAGES/*.po)
	@$(RUN)python -m scripts.messages

docs: dev ## write what the code can say: the pages on the Book and the commands, the outputs in the READMEs
	@$(RUN)python -m scripts.docs

screenshots: dev $(STAMPS)/browser ## take the pictures of the README from the sample company
	@$(RUN)python -m scripts.screenshots

lock: dev ## lock the dependencies anew (UPGRADE=1 takes the newest)
	@UPGRADE=$(UPGRADE) scripts/lock.sh

prove: dev $(STAMPS)/postgres ## run every bar at full size into benchmarks/results.json (ARGS="camt fec" some)
	@$(RUN)python -m benchmarks.prove $(ARGS)

clean: ## remove .venv and every cache
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage

$(STAMPS)/runtime: requirements.lock $(LOCKED) | $(STAMPS)/kernels
	@scripts/setup.sh runtime
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: requirements-dev.lock $(LOCKED) | $(STAMPS)/kernels
	@scripts/setup.sh dev
	@mkdir -p $(STAMPS) && touch $@ $(STAMPS)/runtime

# Compiled functions are kept by their own file alone: one that another changed under them would be called as it was.
$(STAMPS)/kernels: $(KERNELS) | $(STAMPS)
	@find src/encours -name '*.nbi' ! -newer "$$(ls -t $(KERNELS) | head -n 1)" -delete && touch $@

$(STAMPS):
	@mkdir -p $@

# Looked at again each time where something was missing: a stamp is left only when the part is there.
$(STAMPS)/browser: | $(STAMPS)/dev
	@scripts/setup.sh browser
	@$(RUN)python tests/browsers.py >/dev/null 2>&1 && touch $@ || true

$(STAMPS)/postgres: | $(STAMPS)/dev
	@scripts/setup.sh postgres
	@$(RUN)python -m tests.postgres --where >/dev/null 2>&1 && touch $@ || true

$(STAMPS)/mailbox: | $(STAMPS)/dev
	@scripts/setup.sh mailbox
	@$(RUN)python -m tests.mail_servers --where >/dev/null 2>&1 && touch $@ || true
