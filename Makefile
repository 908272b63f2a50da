# make demo: the comparison that Assay is about.   make test: every check.   Both install what they need into .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check format lock bench clean

demo: .venv/installed
	@$(BIN)/assay compare --model deepseek-ai/DeepSeek-R1 \
	    --chip h20 --chip h100 --chip h200 --chip b200 --chip mi300x --chip ascend-910c \
	    --input-tokens 4096 --output-tokens 1024 --ttft 2s --tpot 50ms

test: check
	$(BIN)/pytest -n auto

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed
	$(BIN)/python -m benchmarks

# The lock pins every dependency with its hashes and names no registry. The extra `validation` (measured tables, 80 MB)
# is left out: no test needs it.
lock: .venv/installed
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	    --extra export --extra hub --group dev pyproject.toml -o requirements.lock

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
