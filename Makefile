# Two commands do everything on a machine with only Python: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
DEMO_VENV ?= .venv-demo
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test slow browser lint docs clean

# The base install, without PyTorch, classifying photos that come with scikit-image and scikit-learn.
demo: $(DEMO_VENV)/ready
	$(DEMO_VENV)/bin/python recipes/demo_photos.py demo/photos
	$(DEMO_VENV)/bin/inception-hub classify demo/photos --gallery demo/gallery.html
	@echo "The same answers as a page of pictures: demo/gallery.html"

# Everything the tests need, PyTorch included, then lint, types and tests.
test: lint
	$(VENV)/bin/python -m pytest

# Tests that take minutes each.
slow: $(VENV)/ready
	$(VENV)/bin/python -m pytest -m slow

# The page in a real browser: Debian's `chromium`, or what CHROMIUM names.
browser: $(VENV)/ready
	$(VENV)/bin/python -m pytest -m browser

lint: $(VENV)/ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/basedpyright

# docs/cli.md is generated from the command line itself; a test checks that it is up to date.
docs: $(VENV)/ready
	$(VENV)/bin/python docs/generate.py

$(DEMO_VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/bin/pip install --quiet --editable . scikit-image scikit-learn
	touch $@

# PyTorch comes first and pinned: its CPU build, where the index or a local folder has one.
$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet torch==2.13.0
	$(VENV)/bin/pip install --quiet --editable '.[parquet,train,quantize,serve]'
	$(VENV)/bin/pip install --quiet basedpyright hypothesis playwright pytest ruff schemathesis scikit-image \
		scikit-learn 'tritonclient[http]'
	touch $@

clean:
	rm -rf $(VENV) $(DEMO_VENV) demo build dist
