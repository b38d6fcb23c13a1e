# Two commands do everything on a machine with only Python: `make demo` and `make test`.
PYTHON ?= python3
GPU_PYTHON ?= python3
GPU_RESULTS ?= gpu-results
ORIGINAL_PYTHON ?= python3.11
export PIP_DISABLE_PIP_VERSION_CHECK = 1
unexport PYTHONDONTWRITEBYTECODE  # else every command that a test starts would compile the package anew
# Where a virtual environment has its commands, for what `.github/workflows/test.yml` runs on Windows.
BIN := $(if $(filter Windows_NT,$(OS)),Scripts,bin)

.PHONY: demo test slow gpu browser web-runtime tensorflow cluster clients exports trackers floors release licences lint docs pictures site lock \
	audit coverage environments fuzz mutants clean

# The base install, without PyTorch, classifying photos that come with scikit-image.
demo: .venv-demo/ready
	.venv-demo/$(BIN)/python recipes/demo_photos.py demo/photos
	.venv-demo/$(BIN)/inception-hub classify demo/photos --gallery demo/gallery.html
	@echo "The same as a page of pictures: demo/gallery.html"

# In two processes, each with the tests of one file at a time.
IN_TWO = -n 2 --dist loadfile

# Everything the tests need, PyTorch included, then lint, types and tests.
test: lint web-runtime
	.venv/$(BIN)/python -m pytest $(IN_TWO)

# Tests that take minutes each; then those for a GPU, on the CPU, so that they still go with the code.
slow: .venv/ready
	.venv/bin/python -m pytest $(IN_TWO) -m slow
	INCEPTION_HUB_TEST_DEVICE=cpu .venv/bin/python -m pytest -m gpu tests/gpu

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
	timeout -s INT 105 $(GPU_PYTHON) -m pytest -m gpu $(GPU_TESTS) -W default -p no:cacheprovider --durations=10 \
		--junitxml=$(GPU_RESULTS)/tests.xml 2>&1 | tee $(GPU_RESULTS)/tests.log || status=$$?; \
	timeout 130 $(GPU_PYTHON) benchmarks/gpu.py --output $(GPU_RESULTS) 2>&1 \
		| tee $(GPU_RESULTS)/benchmarks.log || status=$$?; \
	exit $$status

# The server's page, the gallery and exported pages in a real browser: Debian's `chromium`, or what CHROMIUM names.
browser: .venv/ready web-runtime
	.venv/bin/python -m pytest -m browser

# onnxruntime-web, which exported pages compute with: from npm. Without it the tests that need it skip.
WEB_RUNTIME = $$(bin/python -c "from inception_hub.formats import onnxruntime_web; print(onnxruntime_web.$(1))")
web-runtime: .venv/ready
	@cd .venv && test -e "$(call WEB_RUNTIME,PACKAGE)" || $(call WEB_RUNTIME,FETCH) >/dev/null 2>&1 || \
		echo "onnxruntime-web could not be fetched: exported pages are not tested."

# What a current TensorFlow writes, loaded by the original's own software.
tensorflow: .venv/ready .venv-tensorflow/ready .venv-original/ready
	.venv/bin/python -m pytest -m tensorflow

# Ray, with clusters of several nodes on this machine.
cluster: .venv-ray/ready
	.venv-ray/bin/python -m pytest -m ray tests/cluster

# Clients of other projects, such as KServe's SDK and Triton's, against the server.
clients: .venv/ready .venv-clients/ready
	.venv/bin/python -m pytest -m clients tests/server

# The oldest versions that pyproject.toml allows: the base install's by its command line, the extras' by the tests of what
# needs them (PyTorch's as everywhere; quantizers of others, in ONNX Runtime and NNCF, could not do then what is asked of them).
# TensorFlow, Ray, ExecuTorch and LiteRT may not be older than the versions that `tensorflow`, `cluster` and `exports` take.
FLOORS_TESTS = $(addprefix tests/,data evaluation formats images output quantization server sources test_sklearn.py) \
	$(addprefix tests/training/test_,finetune.py from_scratch.py tensorboard.py workers.py)
floors: .venv-floors/ready .venv-floors-extras/ready .venv-floors-trackers/ready
	.venv-floors/bin/python packaging/smoke.py .venv-floors
	.venv-floors-extras/bin/python -m pytest $(IN_TWO) -q -k 'not quantizers_of_others' $(FLOORS_TESTS)
	PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 .venv-floors-trackers/bin/python -m pytest -m trackers tests/training/test_trackers.py

# All of a release but publishing it: see packaging/release.py.
release: .venv-release/ready
	.venv-release/bin/python packaging/release.py

# The licences of what the demo's environment and the tests' hold; none of the base install or of serve may be copyleft.
licences: .venv-demo/ready .venv/ready .venv-release/ready
	.venv-release/bin/pip-licenses --python .venv-demo/bin/python --format markdown --order license
	.venv-release/bin/pip-licenses --python .venv/bin/python --format markdown --order license

# Exports for phones, by their converters and runtimes; what transformers opens and kagglehub keeps.
# Without pytest plugins of what is installed there, which no test needs.
EXPORTS_TESTS = $(addprefix tests/, sources/test_kagglehub.py \
	$(addprefix formats/test_, executorch.py litert.py litert_metadata.py transformers.py))
exports: export PYTEST_DISABLE_PLUGIN_AUTOLOAD := 1
exports: .venv-exports/ready
	.venv-exports/bin/python -m pytest -m exports $(EXPORTS_TESTS)

# Trackers of experiments, offline, each read by itself.
trackers: export PYTEST_DISABLE_PLUGIN_AUTOLOAD := 1
trackers: .venv-trackers/ready
	.venv-trackers/bin/python -m pytest -m trackers tests/training/test_trackers.py

# The only files that differ by system: tests/test_systems.py
OTHER_SYSTEMS := src/inception_hub/system src/inception_hub/cli/streams.py
lint: .venv/ready
	.venv/$(BIN)/ruff check .
	.venv/$(BIN)/ruff format --check .
	.venv/$(BIN)/basedpyright
	.venv/$(BIN)/basedpyright --pythonplatform Windows $(OTHER_SYSTEMS)
	.venv/$(BIN)/basedpyright --pythonplatform Darwin $(OTHER_SYSTEMS)

# Coverage-guided fuzzing of everything that reads foreign bytes; SECONDS for each of its targets.
SECONDS ?= 60
fuzz: .venv/ready
	.venv/bin/pip install --quiet 'atheris>=3.0'
	.venv/bin/python tests/fuzz/fuzz.py --seconds $(SECONDS)

# Lines and branches that `make test` runs, those of its child processes too, and which it does not.
coverage: .venv/ready
	.venv/bin/coverage erase
	.venv/bin/coverage run -m pytest
	.venv/bin/coverage combine --quiet
	.venv/bin/coverage report

# Slips made in a copy of the source, one at a time, and whether the tests notice; CHANGED=REV: of what changed since.
mutants: .venv/ready
	.venv/bin/python tests/mutants/run.py $(if $(CHANGED),--changed $(CHANGED))

# The documentation as a site that is read without a server, too: build/site/html. A warning is an error.
site: .venv-site/ready
	.venv-site/bin/python docs/build_site.py build/site

# What the docs quote from the program itself; tests check that it is up to date.
docs: .venv/ready
	.venv/bin/python docs/generate.py
	.venv/bin/python docs/console.py docs/tutorial.md
	.venv/bin/python docs/run_notebooks.py

# The pictures of the docs anew, in chromium: other machines give other pixels. PICTURES="server export": these alone.
pictures: .venv/ready web-runtime
	.venv/bin/python docs/pictures.py $(PICTURES)

# An environment by version and hash, `.venv-NAME` by `requirements/NAME.lock`, and this package in it. PyTorch is not
# locked: its CPU build, where the index or a local folder has one, has another hash than the CUDA build that is elsewhere.
WITH_PYTORCH = exports trackers floors-extras floors-trackers
WITHOUT_PACKAGE = clients original release site
PYTORCH = $(@D)/$(BIN)/pip install --quiet torch==2.13.0 torchvision==0.28.0
LOCKED = $(@D)/$(BIN)/pip install --quiet --no-deps --require-hashes --requirement requirements/$(1).lock
LINKED = $(@D)/$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
.venv-%/ready: pyproject.toml requirements/%.lock
	$(if $(filter original,$*),$(ORIGINAL_PYTHON),$(PYTHON)) -m venv $(@D)
	$(if $(filter $(WITH_PYTORCH),$*),$(PYTORCH))
	$(call LOCKED,$*)
	$(if $(filter-out $(WITHOUT_PACKAGE),$*),$(LINKED))
	touch $@

# All of them; `make -j2` makes two at a time, as pip uses one core.
environments: .venv/ready .venv-demo/ready \
	$(patsubst requirements/%.lock,.venv-%/ready,$(filter-out %/dev.lock,$(wildcard requirements/*.lock)))

.venv/ready: pyproject.toml requirements/dev.lock
	$(PYTHON) -m venv $(@D)
	$(PYTORCH)
	$(call LOCKED,dev)
	$(LINKED)
	touch $@

.venv-demo/ready: pyproject.toml
	$(PYTHON) -m venv $(@D)
	$(@D)/$(BIN)/pip install --quiet --editable . scikit-image
	touch $@

.venv-floors/ready: pyproject.toml requirements/floors.lock
	$(PYTHON) -m venv $(@D)
	$(call LOCKED,floors)
	$(@D)/$(BIN)/pip install --quiet --no-deps .
	touch $@

# After a change of pyproject.toml; versions that are locked stay (UPGRADE=--upgrade: they do not). Needs uv.
LOCK = uv pip compile --universal --python-version 3.11 --generate-hashes --quiet $(UPGRADE) \
	--custom-compile-command "make lock"
LOWEST = --resolution lowest-direct
TRACKERS = $(addprefix --extra ,wandb mlflow trackio)
EXTRAS = $(addprefix --extra ,parquet heic train quantize serve onnx hub timm sklearn)
lock:
	$(LOCK) pyproject.toml $(EXTRAS) --group dev --output-file requirements/dev.lock
	$(LOCK) pyproject.toml --extra tensorflow --group side --output-file requirements/tensorflow.lock
	$(LOCK) pyproject.toml --extra ray --group side --output-file requirements/ray.lock
	$(LOCK) pyproject.toml --extra executorch --extra litert --extra timm --group side --group exports \
		--output-file requirements/exports.lock
	$(LOCK) pyproject.toml $(TRACKERS) --group side --output-file requirements/trackers.lock
	$(LOCK) --group clients --output-file requirements/clients.lock
	$(LOCK) --group original --output-file requirements/original.lock
	$(LOCK) --group release --output-file requirements/release.lock
	$(LOCK) --group site --output-file requirements/site.lock
	$(LOCK) $(LOWEST) pyproject.toml --output-file requirements/floors.lock
	$(LOCK) $(LOWEST) pyproject.toml $(EXTRAS) --group dev --output-file requirements/floors-extras.lock
	$(LOCK) $(LOWEST) pyproject.toml $(TRACKERS) --group side --output-file requirements/floors-trackers.lock

# Known vulnerabilities of what is locked; asks a service on the network.
audit:
	for lock in dev tensorflow ray exports trackers; do \
		pip-audit --disable-pip --require-hashes --requirement requirements/$$lock.lock || exit; done

clean:
	rm -rf .venv .venv-* demo build dist
