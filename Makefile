# Two commands: `make demo` shows the main job, `make test` checks everything. Both set themselves up.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test gate lint clean

demo: $(VENV)/demo.stamp
	$(BIN)/ifir-eval run --model bm25 --model demo:all-MiniLM-L6-v2 --benchmark mirror --results results/demo

test: lint
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2

# Our own retrievers against their blessed records: see baselines/README.md.
gate: $(VENV)/dev.stamp
	$(BIN)/ifir-eval run --again --model bm25 --model demo:all-MiniLM-L6-v2 --benchmark mirror --results results/gate
	$(BIN)/ifir-eval gate results/gate --baseline baselines/bm25.json --policy baselines/gate.toml
	$(BIN)/ifir-eval gate results/gate --baseline baselines/minilm.json --policy baselines/gate.toml

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/%.stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ifir-eval needs Python 3.11 or later: make PYTHON=python3.12")'
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[$*]'
	touch $@

clean:
	rm -rf $(VENV) results
