# The two commands: `make demo` (try it, no account needed) and `make test`. Each sets up what it needs in .venv.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
FAST := tests/unit tests/integration tests/behaviour

# The first Python from 3.11 to 3.14 that really runs here; `make demo PYTHON=/path/to/python` names another.
CANDIDATES := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
FIND_PYTHON = for one in $(CANDIDATES); do "$$one" -c '$(FITS)' >/dev/null 2>&1 && { echo "$$one"; break; }; done

.PHONY: help demo run rules block unblock blocks export erase migrate test check lint bench coverage format texts screenshots requirements clean

help: ## Say what there is
	@sed -n 's/^\([a-z ]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(VENV)/.demo ## Try Encore in the browser, without any account (ARGS="--speed 3" for options)
	@$(BIN)/python -m bot demo $(ARGS)

run: $(VENV)/.run ## Run the bot with the settings from the environment and .env
	@$(BIN)/python -m bot

rules: $(VENV)/.run ## Show the rules of direct messages (ARGS="set daily_per_member=20" changes some)
block unblock blocks: $(VENV)/.run ## Block a member in every server, unblock them, list the blocks (ARGS="USER_ID")
export erase: $(VENV)/.run ## Write all that is kept of a member, or erase it (ARGS="USER_ID")
migrate: $(VENV)/.run ## Bring the database up to date
rules block unblock blocks export erase migrate:
	@$(BIN)/python -m bot $@ $(ARGS)

test: $(VENV)/.dev ## Run all tests
	@$(BIN)/python -m pytest -q -n auto

check: lint ## Format, lint, types, and the tests that are quick
	@$(BIN)/python -m pytest -q -n auto $(FAST)

lint: $(VENV)/.dev ## Format, lint, types
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy

bench: $(VENV)/.dev ## Time our own work where there is much of it, as ratios
	@$(BIN)/python -m benchmarks.queue
	@$(BIN)/python -m benchmarks.courier

coverage: $(VENV)/.dev ## What the quick tests reach: 95 % of branches where money and songs are at stake
	@$(BIN)/python -m pytest -q -n auto $(FAST) --cov --cov-report=
	@$(BIN)/coverage report --skip-covered --sort=cover
	@$(BIN)/coverage report --fail-under=95 --include='bot/engine/*,bot/tokenlab/*,bot/domain/*,bot/store/*' >/dev/null \
		|| { echo "engine, tokenlab, domain and store are covered less than 95 %"; exit 1; }

format: $(VENV)/.dev ## Put the code into the common form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

texts: $(VENV)/.dev ## Bring the translations in line with the English texts in the code
	@$(BIN)/python -m babel.messages.frontend -q extract -F pyproject.toml --no-location --project=Encore \
		--copyright-holder=Encore -o $(VENV)/texts.pot bot cogs
	@for one in bot/ui/locales/*.po; do $(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --width=110 \
		-i $(VENV)/texts.pot -o $$one -l $$(basename $$one .po) || exit 1; \
		grep -vE '^"(POT-Creation|PO-Revision|Report-Msgid|Last-Tr|Language-Team|Generated)' $$one >$(VENV)/texts.po; \
		cp $(VENV)/texts.po $$one; done

screenshots: $(VENV)/.dev ## Make the pictures of the docs (needs Chromium)
	@$(BIN)/python -m sandbox.screenshots

requirements: $(VENV)/.dev ## Choose versions anew: requirements*.txt with hashes
	$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --upgrade --all-extras -o requirements-dev.txt
	$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --extra demo -c requirements-dev.txt -o requirements-demo.txt
	$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header -c requirements-dev.txt -o requirements.txt

clean: ## Remove everything that was set up
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

# --- set-up ------------------------------------------------------------------------------------------------------

$(BIN)/python:
	@python=$$($(FIND_PYTHON)); \
	test -n "$$python" || { echo "Encore needs Python 3.11, 3.12, 3.13 or 3.14; none was found."; exit 1; }; \
	"$$python" -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "$$python has no venv: install it (Debian and Ubuntu: apt install python3-venv)."; exit 1; }; \
	"$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

define install
	@echo "setting up: $< (once)" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
endef

$(VENV)/.run: requirements.txt | $(BIN)/python
	$(install)

$(VENV)/.demo: requirements-demo.txt | $(BIN)/python
	$(install)

$(VENV)/.dev: requirements-dev.txt | $(BIN)/python
	$(install)
