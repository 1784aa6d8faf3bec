# make demo    set everything up, do the whole main job on the demo world, open the explorer
# make test    set everything up, run all tests (WORKERS=0 in one process; PYTEST_OPTIONS="-k x")
# make test-quick  the tests that need no server and no browser, for the inner loop
# make setup   only the set-up: a virtual environment in .venv with exactly the locked packages
# make check   ruff, mypy --strict, import rules
# make bench   the benchmarks (BENCH_DATA=folder with mkgw for the ones on MKG-W)
# make lock    resolve the packages anew
# make reference   write docs/reference.md from the code

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Each worker has a Neo4j of its own, and takes whole files, in the order of tests/conftest.py.
WORKERS ?= 2
# What Python compiled is kept, whatever this shell says of it: else each process that loads PyTorch compiles it anew.
export PYTHONDONTWRITEBYTECODE =
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-quick test-nightly setup check bench lock reference clean

demo: setup
	$(BIN)/kg demo $(DEMO_OPTIONS)

test: setup
	$(PYTEST) -m "not nightly" $(PYTEST_OPTIONS)

test-quick: setup
	$(PYTEST) -m "not nightly" tests/unit $(PYTEST_OPTIONS)

test-nightly: setup
	$(BIN)/python -m pytest -m nightly $(PYTEST_OPTIONS)

setup: $(READY)

$(READY): requirements-uv.lock requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "kg-platform needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip sync --quiet --system-certs --require-hashes requirements-dev.lock
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --offline -e .
	@touch $(READY)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m bench $(BENCH_OPTIONS)

lock: setup
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	grep -A99 '^uv==' requirements-dev.lock | awk 'NR>1 && /^[a-z]/ {exit} {print}' > requirements-uv.lock

reference: setup
	$(BIN)/python -m kg_platform.cli.reference > docs/reference.md

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
