# make demo   a terminal chat as a sample employee      make test   the whole suite
# make lint   ruff, mypy, import contract               make bench  figures beside their peers
# make explore   the property tests, on many new examples
# Every target sets .venv up by itself from the locked files, with hashes checked.
.DELETE_ON_ERROR:
.PHONY: demo test explore lint bench lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

demo: $(VENV)/.run
	@$(BIN)/edaran demo --regency lumajang --status pns --unit rsud --pattern lima_hari

test: $(VENV)/.dev
	$(BIN)/ruff check bot tests bench
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist worksteal

explore: $(VENV)/.dev
	$(BIN)/pytest -n auto --dist worksteal -m hypothesis --hypothesis-profile explore

lint: $(VENV)/.dev
	$(BIN)/ruff check bot tests bench
	$(BIN)/ruff format --check bot tests bench
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/edaran policy check

bench: $(VENV)/.dev
	$(BIN)/python -m bench

# Where uv is installed: writes the two locked files anew. They name no index.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--extra build pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--extra build --extra dev pyproject.toml -o requirements-dev.txt

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Edaran needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 …" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)

# Progress goes to standard error: standard output belongs to what the command prints.
$(VENV)/.run: requirements.txt pyproject.toml | $(BIN)/python
	@echo "setting up .venv (once) …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
	@$(BIN)/python -m compileall -q bot
	@touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml | $(BIN)/python
	@echo "setting up .venv with the development tools (once) …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
	@$(BIN)/python -m compileall -q bot
	@touch $@ $(VENV)/.run
