# Geoportal. `make` lists the targets; `make run` is all that a newcomer needs. The scripts are in .ci/.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test check bench lock assets clean
.DELETE_ON_ERROR:

HOST ?= $(or $(GEOPORTAL_HOST),127.0.0.1)
PORT ?= $(or $(GEOPORTAL_PORT),8080)
DATA ?= $(or $(GEOPORTAL_DATA),var)
WORKERS ?= $(or $(GEOPORTAL_WORKERS),$(shell n=$$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN); [ "$$n" -lt 4 ] && echo "$$n" || echo 4))
run: export GEOPORTAL_HOST := $(HOST)
run: export GEOPORTAL_PORT := $(PORT)
run: export GEOPORTAL_DATA := $(DATA)
run: export GEOPORTAL_WORKERS := $(WORKERS)
# What a QGIS or conda shell leaves behind would mix its libraries with ours; without byte code each start compiles anew.
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH PROJ_DATA PROJ_LIB GDAL_DATA GDAL_DRIVER_PATH

VENV := .venv
VENDOR := geoportal/web/static/vendor/manifest.json
PO := $(wildcard geoportal/locale/*/LC_MESSAGES/*.po)

help: ## this list
	@echo "make TARGET [HOST=$(HOST)] [PORT=$(PORT)] [DATA=$(DATA)] [WORKERS=$(WORKERS)]"
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  \1	\2/p' $(MAKEFILE_LIST)

run: $(VENV)/.installed $(VENDOR) build/messages ## install what is missing, then serve the node in DATA at HOST:PORT
	@exec $(VENV)/bin/geoportal serve

test: $(VENV)/.installed-dev $(VENDOR) build/messages ## all tests; ARGS="tests/checks -k name" for some
	@exec sh .ci/test $(ARGS)

check: $(VENV)/.installed-dev ## lint, format, types and import direction
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(VENV)/.installed-dev ## our work beside a peer's in one run, as ratios; ARGS="--scale 0.1" for less
	@$(VENV)/bin/python -m tests.bench $(ARGS)

assets: $(VENDOR) ## scripts, styles and fonts from npm to static/vendor/

lock: $(VENV)/.installed ## resolve all requirements anew
	sh .ci/lock

clean: ## remove all that make made; DATA is left alone
	rm -rf $(VENV) build geoportal/web/static/vendor .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -f geoportal/locale/*/LC_MESSAGES/*.mo

$(VENV)/.installed: requirements.lock pyproject.toml .ci/install .ci/find-python
	@sh .ci/install requirements.lock
	@$(VENV)/bin/python -m pip --disable-pip-version-check install --quiet --no-index --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@sh .ci/install requirements-dev.lock
	@touch $@

$(VENDOR): geoportal/web/package.json geoportal/web/package-lock.json .ci/assets.py | $(VENV)/.installed
	@$(VENV)/bin/python .ci/assets.py

build/messages: $(PO) .ci/messages.py | $(VENV)/.installed
	@mkdir -p build
	@$(VENV)/bin/python .ci/messages.py geoportal/locale
	@touch $@
