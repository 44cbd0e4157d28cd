# Two commands do all the set-up: `make demo` and `make test`. Each installs what it needs, once.
# A name on PATH may be a shim of pyenv that leads nowhere: only an answer counts.
PYTHON ?= $(shell python3.11 -c 'import sys; print(sys.executable)' 2> /dev/null || command -v python3)
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check -c constraints.txt
BIN = .venv/bin
# Tests start this checkout's commands some hundred times: Python keeps what it compiled, whatever the caller's shell says.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test test-processors test-pi bench-smoke lint docs command-reference hooks wheel-test edge-test edge-test-32 pythons clean

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python $(PIP_INSTALL) -e '.[trainer,offline,camera,heif,web,serve,mqtt,prometheus,gpio,ray,dev,docs]'
	touch $@

# What a Raspberry Pi has: the edge package and nothing of the trainer. On 64 bits with LiteRT, which is faster there.
EDGE = $(shell $(PYTHON) -c 'import sys; print(".[litert]" if sys.maxsize > 2**32 else ".")')
.venv-edge/installed: pyproject.toml constraints.txt $(shell find edge -type f ! -name "*.pyc")
	$(PYTHON) -m venv .venv-edge
	.venv-edge/bin/python $(PIP_INSTALL) --force-reinstall --no-deps .
	.venv-edge/bin/python $(PIP_INSTALL) '$(EDGE)'
	touch $@

# What a workstation needs to train: no TensorFlow.
.venv-lite/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-lite
	.venv-lite/bin/python $(PIP_INSTALL) -e '.[trainer-lite]'
	.venv-lite/bin/python $(PIP_INSTALL) --no-deps nudity  # the extra "offline" without TensorFlow, which it asks for
	touch $@

demo: .venv-lite/installed .venv-edge/installed ## photos -> retrained, quantized model -> labels
	.venv-lite/bin/python -m trainer.demo draw demo
	.venv-lite/bin/trainer retrain demo/photos --weights offline --output demo/flowers.tflite --bottleneck-dir demo/cache
	.venv-edge/bin/edge label --model demo/flowers.tflite --top-k 1 demo/new
	.venv-edge/bin/edge label --model demo/flowers.tflite --json demo/new > demo/labels.jsonl
	.venv-lite/bin/python -m trainer.demo picture demo

# A server for the tests of buckets. Its packages do not go with those of this project: it has an environment of its own.
build/s3-server/installed:
	$(PYTHON) -m venv --clear build/s3-server
	build/s3-server/bin/python -m pip install --quiet --disable-pip-version-check 'moto[s3]==5.2.5' flask flask-cors
	touch $@

test: .venv/installed build/s3-server/installed ## all tests
	$(BIN)/python -m pytest -n auto --dist=loadgroup

test-processors: .venv/installed ## the numeric tests again, as other processors would compute them; see docs/reproducibility.md
	$(BIN)/python tests/processors/run.py $(PROCESSORS)

test-pi: .venv/installed ## the true path on an emulated Raspberry Pi (root; PI_SUITE=bookworm, PI_ARCH=armhf, PI_TESTS=short); see docs/flashing.md
# Without the limit of a test: it may begin with a Raspberry Pi that is built for some minutes.
	$(BIN)/python -m pytest -n 3 --dist=loadfile -v -o faulthandler_timeout=0 $(if $(filter short,$(PI_TESTS)),-m short) tests/pi

bench-smoke: .venv/installed ## a few ratios of times against wide limits, in a minute; it prints, and fails on no time
	$(BIN)/python -m benchmarks smoke

lint: .venv/installed ## style, spelling and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy

docs: .venv/installed ## the site of docs/ in build/docs, to be opened without a server
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

command-reference: .venv/installed ## docs/commands, made from the help texts
	$(BIN)/python -m docs.tools.command_reference

hooks: .venv/installed ## the checks of 'make lint' before each commit
	$(BIN)/pre-commit install

edge-test: .venv-edge/installed ## the edge package's own tests, without TensorFlow, against the installed package
	.venv-edge/bin/python $(PIP_INSTALL) pytest pytest-xdist hypothesis
	cd tests && ../.venv-edge/bin/python -m pytest -n auto --dist=loadgroup edge
	if $(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 12))'; then $(MAKE) edge-test-32; fi

edge-test-32: ## those that run an interpreter with tflite-runtime alone, as on 32 bits; it needs Python 3.10 or 3.11
	$(PYTHON) -m venv --clear build/edge-32
	build/edge-32/bin/python $(PIP_INSTALL) --no-deps .
	build/edge-32/bin/python $(PIP_INSTALL) 'numpy<2' pillow tflite-runtime pytest pytest-xdist hypothesis
	cd tests && ../build/edge-32/bin/python -m pytest -n auto --dist=loadgroup $(addprefix edge/,bench commands doctor inference live store)

pythons: ## the tests that need no TensorFlow, from the wheel, on each Python that is here; PYTHONS="3.10 3.12" chooses, --ends is the oldest and the newest, each as another processor
	$(PYTHON) tests/processors/pythons.py $(PYTHONS)

wheel-test: .venv/installed ## the built wheel, in an environment of its own
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
	$(PYTHON) -m venv --clear build/wheel/env
	build/wheel/env/bin/python $(PIP_INSTALL) build/wheel/*.whl
	build/wheel/env/bin/edge inspect tests/data/tiny-int8.tflite
	build/wheel/env/bin/python -c "from trainer.backbones.architectures import architectures, published; assert tuple(published()) == architectures()"
	build/wheel/env/bin/python -m zipfile --list build/wheel/*.whl | grep --count 'trainer/directions/.*npz' | grep --line-regexp 11
	build/wheel/env/bin/trainer --help; test $$? -eq 78

clean:
	rm -rf .venv .venv-edge .venv-lite build demo
