# Every target explains itself: `make help`.
.DEFAULT_GOAL := report
.PHONY: help report test lint types golden messages docs bench torture lock clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

report:  ## set everything up and build the embedded demo's report into site/
	@./setup.sh main
	@.venv/bin/reportgen demo

test:  ## set everything up and run all tests
	@./setup.sh test
	@.venv/bin/python -m pytest -n 2 --dist loadfile

lint:  ## style
	@./setup.sh test
	@.venv/bin/ruff check .

types:  ## static types
	@./setup.sh test
	@.venv/bin/mypy

golden:  ## write the stored pages anew, after a wanted change of the look
	@./setup.sh test
	@.venv/bin/python -m tests.test_golden

messages:  ## bring the catalogue up to date with the strings in the code
	@./setup.sh test
	@.venv/bin/python -m tests.messages

docs:  ## write the generated documentation anew
	@./setup.sh main
	@.venv/bin/python -m docs.generate

bench:  ## speed and memory as ratios in one run
	@./setup.sh main
	@.venv/bin/python -m benchmarks.run

torture:  ## fifty kills, ten full disks, read-only places: a report is always whole
	@./setup.sh test
	@.venv/bin/python -m tests.torture

lock:  ## resolve the versions anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --group build -o requirements.lock pyproject.toml
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --group build --group test --group lint -c requirements.lock \
	  -o requirements-test.lock pyproject.toml

clean:  ## remove what was set up and built
	rm -rf .venv node_modules benchmarks/work
