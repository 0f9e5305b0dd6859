# Sala: `make demo` shows it, `make test` proves it. Everything is written below .venv and SALA_HOME (./var).
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
export SALA_HOME ?= $(CURDIR)/var
export PIP_DISABLE_PIP_VERSION_CHECK := 1
ROOMS := $(notdir $(patsubst %/,%,$(wildcard src/sala/*/)))

.PHONY: demo test install-test check fix bench fuzz faults docs lock messages pictures clean help restore-drill

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

# A lock file is complete, so pip resolves nothing (--no-deps): older ones take an extra's newest release for unpinned.
.venv/run: requirements/run.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what Sala needs to run"
	@$(BIN)/python -m pip install -q --no-deps --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: requirements/dev.txt .venv/run
	@echo "Installing what the tests need"
	@$(BIN)/python -m pip install -q --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

CATALOGUES := $(shell find src/sala -name django.po)
.venv/messages: .venv/run $(CATALOGUES)
	@$(BIN)/python tools/messages.py --compile
	@touch $@

demo: .venv/run .venv/messages  ## a demonstration hall with a year of records, then server and worker
	@test -f $(SALA_HOME)/demo/accounts.json || $(BIN)/sala init --demo
	@$(BIN)/sala demo
	@$(BIN)/sala serve

test: .venv/dev .venv/messages  ## all tests, on both databases and in a browser
	@$(BIN)/python tools/test.py

install-test: .venv/run  ## a hall set up on a bare Debian 12 by the commands of its page; root, minutes
	@$(BIN)/python tools/machine.py docs/running-a-hall.md tests/shell/standing.sh docs/taking-a-hall-away.md

restore-drill: .venv/dev .venv/messages  ## the demonstration year backed up under load, restored on empty machines, compared; half an hour
	@$(BIN)/python tools/restore_drill.py

check: .venv/dev .venv/messages  ## style, types, order of the house, texts
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --check --lint src/sala
	$(BIN)/python tools/messages.py --check

fix: .venv/dev  ## let the tools mend what they can
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .
	-$(BIN)/djlint --reformat --quiet src/sala

messages: .venv/dev  ## bring every room's Khmer catalogue up to date
	$(BIN)/python tools/messages.py

bench: .venv/dev .venv/messages  ## measure; minutes
	$(BIN)/python tools/bench.py
	$(BIN)/python tools/bench.py --holiday
	$(BIN)/python tools/bench.py --crowd

fuzz: .venv/dev .venv/messages  ## attack the API and live drawn lives; MINUTES=30, SEED=
	$(BIN)/python tools/fuzz.py --minutes $(or $(MINUTES),30) $(if $(SEED),--seed $(SEED))

faults: .venv/dev .venv/messages  ## break a hall on purpose; a quarter of an hour
	$(BIN)/python tools/faults.py

pictures: .venv/dev .venv/messages  ## the pictures in docs/pictures, from a demonstration hall
	$(BIN)/python tools/pictures.py

docs: .venv/dev  ## the documentation, checked
	$(BIN)/python tools/docs.py

lock: .venv/dev  ## choose versions anew; no address goes into the files
	cd requirements && for f in run dev; do ../$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q $$f.in -o $$f.txt; done

clean:  ## remove what was made here
	rm -rf .venv var build dist
