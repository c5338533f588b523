# `make demo` and `make test` need Python 3.11 or newer, make and this checkout; everything else is installed into .venv.
# Another Python: make PYTHON=python3.12 setup

PYTHON ?= python3
BIN := .venv/bin
# Compiled modules are kept, whatever the environment says: the tests start the program hundreds of times.
export PYTHONDONTWRITEBYTECODE :=
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
READY := .venv/.ready
TYPES := build/types/postroom
PIP_TOOLS := pip-tools==7.6.2

.PHONY: setup demo test test-full bench bench-full screenshots lint format types lock wheel clean

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Postroom needs Python 3.11 or newer; $(PYTHON) is older or missing. Name one: make PYTHON=python3.12 setup" >&2; \
	  exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || { \
	  echo "$(PYTHON) cannot make a virtual environment. On Debian: apt install python3-venv" >&2; exit 1; }
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(BIN)/postroom demo

test: setup
	$(BIN)/pytest --numprocesses 4

# What is killed and frozen is timed: nothing else runs beside it.
test-full: setup
	$(BIN)/pytest -m full --numprocesses 2 --ignore tests/crash
	$(BIN)/pytest -m full tests/crash

bench: setup
	$(BIN)/python bench/run.py

bench-full: setup
	$(BIN)/python bench/run.py --full

screenshots: setup
	$(BIN)/python -m postroom.tui.screenshots

lint: setup types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p postroom.core -p postroom.queue -p postroom.tui
	PYTHONPATH=build/types $(BIN)/lint-imports

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Links through which type checkers see the three folders as packages of postroom.
types:
	@mkdir -p $(TYPES)
	@for folder in core queue tui; do ln -sfn ../../../$$folder $(TYPES)/$$folder; done

# The newest versions that pyproject.toml allows, with the hashes of every platform's files.
lock:
	$(PYTHON) -m venv --clear build/lock
	build/lock/bin/python -m pip --disable-pip-version-check --quiet install $(PIP_TOOLS)
	CUSTOM_COMPILE_COMMAND="make lock" build/lock/bin/pip-compile --quiet --upgrade --extra dev --allow-unsafe --strip-extras \
	  --generate-hashes --annotation-style line --no-emit-options --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --output-file requirements.lock pyproject.toml

# build/lib is emptied first: setuptools would pack what an earlier build left there.
wheel: setup
	rm -rf build/lib dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist

clean:
	rm -rf build dist postroom.egg-info .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find core queue tui tests bench -name __pycache__ -type d -exec rm -rf {} +
