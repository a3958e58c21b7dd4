# Vibench: `make run` starts it, `make test` proves it, `make help` lists the rest.

# The first Python that is new enough; name another with `make PYTHON=/path/to/python`.
NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(or $(shell for python in python3.11 python3 python3.12 python3.13; do \
	$$python $(NEW_ENOUGH) 2>/dev/null && echo $$python && break; done),python3)

# Where torch comes from: PyTorch's public CPU index. Empty means what pip is configured for.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
TORCH := $(shell grep '^torch==' requirements.in)

BIN := $(CURDIR)/.venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--excludes cuda-excludes.txt --no-emit-package torch
LOCKED := requirements.in dev.in cuda-excludes.txt requirements.lock requirements-dev.lock

# What the tests' browser is called where it is installed, and what apt calls it and the fonts it needs.
BROWSERS := chromium google-chrome
APT_BROWSER := chromium fonts-liberation fonts-dejavu-core

.DEFAULT_GOAL := check
.PHONY: check run test lint format lock check-lock browser train clean help

check: lint test ## lint, then test: what plain `make` does

run: .venv/.run.stamp ## start Vibench; ARGS="--port 9000" passes options to `vibench serve`
	@$(BIN)/vibench serve $(ARGS)

test: .venv/.dev.stamp browser ## run all tests, two at a time; ARGS="-k envelope" passes options to pytest
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup $(ARGS)

lint: .venv/.dev.stamp ## style, types, direction of imports, container files, lock files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml
	@$(MAKE) --no-print-directory check-lock

format: .venv/.dev.stamp ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.dev.stamp ## resolve *.in into the lock files; ARGS=--upgrade takes newer releases
	$(LOCK) $(ARGS) requirements.in -o requirements.lock
	$(LOCK) $(ARGS) dev.in -c requirements.lock -o requirements-dev.lock

# Resolved from a copy of the present lock, whose versions are kept: a new release elsewhere changes nothing.
check-lock: .venv/.dev.stamp
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && cp $(LOCKED) "$$folder" && cd "$$folder" && \
	$(LOCK) requirements.in -o requirements.lock >/dev/null && \
	$(LOCK) dev.in -c requirements.lock -o requirements-dev.lock >/dev/null && \
	{ diff "$(CURDIR)/requirements.lock" requirements.lock && \
	diff "$(CURDIR)/requirements-dev.lock" requirements-dev.lock && echo "The lock files are up to date." || \
	{ echo "A lock file does not follow from requirements.in and dev.in: run make lock and commit it."; exit 1; }; }

train: .venv/.run.stamp ## train the bundled networks on the recordings in DATA=DIR
	@test -n "$(DATA)" || { echo "Say where the recordings are: make train DATA=DIR"; exit 2; }
	$(BIN)/python -m scripts.train_bundled "$(DATA)" $(ARGS)
	$(BIN)/python -m scripts.bundle_int8 "$(DATA)" $(ARGS)

clean: ## remove .venv and everything that tools left behind
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

# An installed browser is used; else apt's, where this may install it; else Playwright's own.
browser: .venv/.dev.stamp
	@for name in $(BROWSERS); do $$name --version >/dev/null 2>&1 && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -qq -y --no-install-recommends $(APT_BROWSER) >/dev/null && exit 0; \
		$(BIN)/playwright install --with-deps chromium; \
	else \
		$(BIN)/playwright install chromium; \
	fi

# Each stamp is touched when its step is complete, so that a second run installs nothing.
.venv/bin/python:
	@$(PYTHON) $(NEW_ENOUGH) 2>/dev/null || \
	{ echo "Vibench needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	{ echo "This Python cannot make virtual environments: install its venv package (Debian: python3.11-venv)."; exit 1; }
	$(PYTHON) -m venv .venv

# The one package without a hash: its wheel differs with the index it comes from.
.venv/.torch.stamp: requirements.in | .venv/bin/python
	$(PIP) install --retries 1 --no-deps $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $(TORCH)
	@touch $@

.venv/.run.stamp: requirements.lock pyproject.toml .venv/.torch.stamp
	$(PIP) install --quiet --no-deps --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	$(PIP) check
	@touch $@

.venv/.dev.stamp: requirements-dev.lock .venv/.run.stamp
	$(PIP) install --quiet --no-deps --require-hashes -r requirements-dev.lock
	@touch $@
