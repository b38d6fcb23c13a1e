# Two commands do everything on a machine with only Python: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
DEMO_VENV ?= .venv-demo
GPU_PYTHON ?= python3
GPU_RESULTS ?= gpu-results
TENSORFLOW_VENV ?= .venv-tensorflow
ORIGINAL_VENV ?= .venv-original
RAY_VENV ?= .venv-ray
CLIENTS_VENV ?= .venv-clients
FLOORS_VENV ?= .venv-floors
RELEASE_VENV ?= .venv-release
EXPORTS_VENV ?= .venv-exports
SITE_VENV ?= .venv-site
ORIGINAL_PYTHON ?= python3.11
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test slow gpu browser web-runtime tensorflow cluster clients exports floors release licences lint docs site lock audit coverage fuzz \
	mutants clean

# The base install, without PyTorch, classifying photos that come with scikit-image.
demo: $(DEMO_VENV)/ready
	$(DEMO_VENV)/bin/python recipes/demo_photos.py demo/photos
	$(DEMO_VENV)/bin/inception-hub classify demo/photos --gallery demo/gallery.html
	@echo "The same as a page of pictures: demo/gallery.html"

# Everything the tests need, PyTorch included, then lint, types and tests.
test: lint web-runtime
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile

# Tests that take minutes each; then those for a GPU, on the CPU, so that they still go with the code.
slow: $(VENV)/ready
	$(VENV)/bin/python -m pytest -m slow
	INCEPTION_HUB_TEST_DEVICE=cpu $(VENV)/bin/python -m pytest -m gpu tests/gpu

# The GPU's tests, then its benchmarks, with the Python that is there: nothing is installed, and besides PyTorch (CUDA)
# it needs NumPy, Pillow, safetensors, typer, rich, jinja2, accelerate and pytest; timm, where it is, is measured too.
# Under four minutes; logs and tables go to GPU_RESULTS. A failed test keeps no benchmark from running; the slowest
# tests come last.
GPU_TESTS = $(addprefix tests/gpu/test_, training.py exactness.py commands.py compiled.py)
gpu: export PYTHONPATH := $(CURDIR)/src
gpu: SHELL := /bin/bash
gpu:
	mkdir -p $(GPU_RESULTS)
	set -o pipefail; status=0; \
	timeout -s INT 100 $(GPU_PYTHON) -m pytest -m gpu $(GPU_TESTS) -W default -p no:cacheprovider --durations=10 \
		--junitxml=$(GPU_RESULTS)/tests.xml 2>&1 | tee $(GPU_RESULTS)/tests.log || status=$$?; \
	timeout 130 $(GPU_PYTHON) benchmarks/gpu.py --output $(GPU_RESULTS) 2>&1 \
		| tee $(GPU_RESULTS)/benchmarks.log || status=$$?; \
	exit $$status

# The server's page, the gallery and exported pages in a real browser: Debian's `chromium`, or what CHROMIUM names.
browser: $(VENV)/ready web-runtime
	$(VENV)/bin/python -m pytest -m browser

# onnxruntime-web, which exported pages compute with: from npm. Without it the tests that need it skip.
WEB_RUNTIME = $$(bin/python -c "from inception_hub.formats import onnxruntime_web; print(onnxruntime_web.$(1))")
web-runtime: $(VENV)/ready
	@cd $(VENV) && test -e "$(call WEB_RUNTIME,PACKAGE)" || $(call WEB_RUNTIME,FETCH) >/dev/null 2>&1 || \
		echo "onnxruntime-web could not be fetched: exported pages are not tested."

# What a current TensorFlow writes, loaded by the original's own software.
tensorflow: export TENSORFLOW_VENV := $(TENSORFLOW_VENV)
tensorflow: export ORIGINAL_VENV := $(ORIGINAL_VENV)
tensorflow: $(VENV)/ready $(TENSORFLOW_VENV)/ready $(ORIGINAL_VENV)/ready
	$(VENV)/bin/python -m pytest -m tensorflow

# Ray, with clusters of several nodes on this machine.
cluster: $(RAY_VENV)/ready
	$(RAY_VENV)/bin/python -m pytest -m ray tests/cluster

# Clients of other projects, such as KServe's SDK and Triton's, against the server.
clients: export CLIENTS_VENV := $(CLIENTS_VENV)
clients: $(VENV)/ready $(CLIENTS_VENV)/ready
	$(VENV)/bin/python -m pytest -m clients tests/server

# The oldest versions that pyproject.toml allows: the base install's by its command line, the extras' by the tests of what
# needs them (PyTorch's as everywhere; quantizers of others, in ONNX Runtime and NNCF, could not do then what is asked of them).
FLOORS_TESTS = $(addprefix tests/,data evaluation formats images output quantization server sources test_sklearn.py training)
floors: $(FLOORS_VENV)/ready $(FLOORS_VENV)-extras/ready
	$(FLOORS_VENV)/bin/python packaging/smoke.py $(FLOORS_VENV)
	$(FLOORS_VENV)-extras/bin/python -m pytest -n 2 --dist loadfile -q -k 'not quantizers_of_others' $(FLOORS_TESTS)

# All of a release but publishing it: see packaging/release.py.
release: $(RELEASE_VENV)/ready
	$(RELEASE_VENV)/bin/python packaging/release.py

# The licences of what the demo's environment and the tests' hold; none of the base install or of serve may be copyleft.
licences: $(DEMO_VENV)/ready $(VENV)/ready $(RELEASE_VENV)/ready
	$(RELEASE_VENV)/bin/pip-licenses --python $(DEMO_VENV)/bin/python --format markdown --order license
	$(RELEASE_VENV)/bin/pip-licenses --python $(VENV)/bin/python --format markdown --order license

# Exports for phones, by their converters and runtimes; what transformers opens and kagglehub keeps.
# Without pytest plugins of what is installed there, which no test needs.
EXPORTS_TESTS = $(addprefix tests/, sources/test_kagglehub.py \
	$(addprefix formats/test_, executorch.py litert.py litert_metadata.py transformers.py))
exports: export PYTEST_DISABLE_PLUGIN_AUTOLOAD := 1
exports: $(EXPORTS_VENV)/ready
	$(EXPORTS_VENV)/bin/python -m pytest -m exports $(EXPORTS_TESTS)

lint: $(VENV)/ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/basedpyright

# Coverage-guided fuzzing of everything that reads foreign bytes; SECONDS for each of its targets.
SECONDS ?= 60
fuzz: $(VENV)/ready
	$(VENV)/bin/pip install --quiet 'atheris>=3.0'
	$(VENV)/bin/python tests/fuzz/fuzz.py --seconds $(SECONDS)

# Lines and branches that `make test` runs, those of its child processes too, and which it does not.
coverage: $(VENV)/ready
	$(VENV)/bin/coverage erase
	$(VENV)/bin/coverage run -m pytest
	$(VENV)/bin/coverage combine --quiet
	$(VENV)/bin/coverage report

# Slips made in a copy of the source, one at a time, and whether the tests notice; CHANGED=REV: of what changed since.
mutants: $(VENV)/ready
	$(VENV)/bin/python tests/mutants/run.py $(if $(CHANGED),--changed $(CHANGED))

# The documentation as a site that is read without a server, too: build/site/html. A warning is an error.
site: $(SITE_VENV)/ready
	$(SITE_VENV)/bin/python docs/build_site.py build/site

# What the docs quote from the program itself; tests check that it is up to date.
docs: $(VENV)/ready
	$(VENV)/bin/python docs/generate.py
	$(VENV)/bin/python docs/console.py docs/tutorial.md
	$(VENV)/bin/python docs/run_notebooks.py

$(DEMO_VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/bin/pip install --quiet --editable . scikit-image
	touch $@

# An environment by version and hash, and this package in it. Not PyTorch, which comes first, pinned only: its CPU
# build, where the index or a local folder has one, has another hash than the CUDA build that is elsewhere.
PYTORCH = $(@D)/bin/pip install --quiet torch==2.13.0 torchvision==0.28.0
LOCKED = $(@D)/bin/pip install --quiet --no-deps --require-hashes --requirement requirements/$(1).lock
LINKED = $(@D)/bin/pip install --quiet --no-deps --no-build-isolation --editable .

$(VENV)/ready: pyproject.toml requirements/dev.lock
	$(PYTHON) -m venv $(@D)
	$(PYTORCH)
	$(call LOCKED,dev)
	$(LINKED)
	touch $@

$(TENSORFLOW_VENV)/ready: pyproject.toml requirements/tensorflow.lock
	$(PYTHON) -m venv $(@D)
	$(call LOCKED,tensorflow)
	$(LINKED)
	touch $@

$(RAY_VENV)/ready: pyproject.toml requirements/ray.lock
	$(PYTHON) -m venv $(@D)
	$(call LOCKED,ray)
	$(LINKED)
	touch $@

$(CLIENTS_VENV)/ready: requirements/clients.lock
	$(PYTHON) -m venv $(@D)
	$(call LOCKED,clients)
	touch $@

$(FLOORS_VENV)/ready: pyproject.toml requirements/floors.lock
	$(PYTHON) -m venv $(@D)
	$(call LOCKED,floors)
	$(@D)/bin/pip install --quiet --no-deps .
	touch $@

$(FLOORS_VENV)-extras/ready: pyproject.toml requirements/floors-extras.lock
	$(PYTHON) -m venv $(@D)
	$(PYTORCH)
	$(call LOCKED,floors-extras)
	$(LINKED)
	touch $@

$(RELEASE_VENV)/ready: pyproject.toml requirements/release.lock
	$(PYTHON) -m venv $(@D)
	$(call LOCKED,release)
	touch $@

$(SITE_VENV)/ready: requirements/site.lock
	$(PYTHON) -m venv $(@D)
	$(call LOCKED,site)
	touch $@

$(EXPORTS_VENV)/ready: pyproject.toml requirements/exports.lock
	$(PYTHON) -m venv $(@D)
	$(PYTORCH)
	$(call LOCKED,exports)
	$(LINKED)
	touch $@

# The last tensorflow_hub with hub.Module, and the TensorFlow of its time, for Python 3.11 at most.
$(ORIGINAL_VENV)/ready: requirements/original.lock
	$(ORIGINAL_PYTHON) -m venv $(@D)
	$(call LOCKED,original)
	touch $@

# After a change of pyproject.toml; versions that are locked stay (UPGRADE=--upgrade: they do not). Needs uv.
LOCK = uv pip compile --universal --python-version 3.11 --generate-hashes --quiet $(UPGRADE) \
	--custom-compile-command "make lock"
EXTRAS = $(addprefix --extra ,parquet heic train quantize serve onnx hub timm sklearn)
lock:
	$(LOCK) pyproject.toml $(EXTRAS) --group dev --output-file requirements/dev.lock
	$(LOCK) pyproject.toml --extra tensorflow --group side --output-file requirements/tensorflow.lock
	$(LOCK) pyproject.toml --extra ray --group side --output-file requirements/ray.lock
	$(LOCK) pyproject.toml --extra executorch --extra litert --extra timm --group side --group exports \
		--output-file requirements/exports.lock
	$(LOCK) --group clients --output-file requirements/clients.lock
	$(LOCK) --group original --output-file requirements/original.lock
	$(LOCK) --group release --output-file requirements/release.lock
	$(LOCK) --group site --output-file requirements/site.lock
	$(LOCK) --resolution lowest-direct pyproject.toml --output-file requirements/floors.lock
	$(LOCK) --resolution lowest-direct pyproject.toml $(EXTRAS) --group dev --output-file requirements/floors-extras.lock

# Known vulnerabilities of what is locked; asks a service on the network.
audit:
	for lock in dev tensorflow ray exports; do \
		pip-audit --disable-pip --require-hashes --requirement requirements/$$lock.lock || exit; done

clean:
	rm -rf $(VENV) $(DEMO_VENV) $(TENSORFLOW_VENV) $(ORIGINAL_VENV) $(RAY_VENV) $(CLIENTS_VENV) $(EXPORTS_VENV) \
		$(FLOORS_VENV) $(FLOORS_VENV)-extras $(RELEASE_VENV) $(SITE_VENV) demo build dist
