# Everything a fresh machine needs is set up by the targets themselves: `make run` and `make test` are enough.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
PG ?= 18
PORT ?= 8000
ifndef SEED
SEED := $(shell od -An -N4 -tu4 /dev/urandom | tr -d " ")
endif

.PHONY: help setup run test prove check bench pictures docs lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 11

.venv/.ready: requirements.lock pyproject.toml package-lock.json .ci/setup
	@sh .ci/setup

setup: .venv/.ready ## install everything into .venv (leaves .venv/bin/onward)

run: setup ## load the demo and serve it on http://127.0.0.1:8000 (PORT=n: on another port)
	@$(BIN)/onward demo
	@$(BIN)/onward serve --port $(PORT)

test: setup ## run the tests (PG=16: on PostgreSQL 16; SEED=n: draw the same examples again)
	@ONWARD_TEST_PG=$(PG) ONWARD_TEST_SEED=$(SEED) $(BIN)/python -m pytest -n 3 --dist worksteal --hypothesis-seed=$(SEED)

check: setup ## lint, formatting and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

prove: setup ## the tests with large numbers, in parts; goes on where it stopped, a line each into docs/proofs.md
	@$(BIN)/python -m tests.proofs $(PART)

bench: setup ## ratios of speed and memory within one run (PART=name: one part of it)
	@$(BIN)/python -m tests.bench $(PART)

pictures: setup ## take the pictures of the README from the demo
	@$(BIN)/python -m tests.pictures

docs: setup ## write docs/register.md from the tables
	@$(BIN)/python -m tests.docs

lock: setup ## write requirements.lock anew: exact versions and hashes, no addresses
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --group dev --output-file requirements.lock --upgrade pyproject.toml

clean: ## remove what setup left; no register is touched
	@rm -rf .venv
