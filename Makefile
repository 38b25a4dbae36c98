# What a developer does here, and CI too. Each target installs what it lacks, on Debian and its relatives.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SWIFT_FILES := Package.swift Sources Resolvers Handlers Tests
# An import that Package.swift does not declare compiles or not by luck of the build order.
SWIFT_BUILD := swift build --explicit-target-dependency-import-check error

BUILD_PACKAGES := libssl-dev zlib1g-dev
TEST_PACKAGES := chromium curl iproute2 nghttp2-client openssl pebble
BENCH_PACKAGES := nginx haproxy nghttp2-client nghttp2-proxy openssl wrk
# Asked by Debian before a service is started.
POLICY := /usr/sbin/policy-rc.d
PYTHON := .venv/bin/python
# Newer than the list of tools once these are installed.
TOOLS := .venv/installed

run: libraries ## Build and start the demo: a gateway with services to try
	swift build --product micro
	exec "$$(swift build --show-bin-path)/micro" demo

test: libraries test-packages $(TOOLS) ## Run all tests: modules, house rules, and the program from outside
	$(SWIFT_BUILD) --build-tests
	swift test --skip-build --disable-xctest --quiet
	if compgen -G 'Tests/EndToEnd/test_*.py' > /dev/null; then \
	    MICRO="$$(swift build --show-bin-path)/micro" $(PYTHON) -m pytest -p no:cacheprovider Tests/EndToEnd; \
	fi

build: libraries ## Build the program for use: .build/release/micro
	$(SWIFT_BUILD) -c release --static-swift-stdlib --product micro

bench: build bench-packages $(TOOLS) ## Measure the program beside nginx, HAProxy, nghttpx and Envoy
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --requirement Tests/Benchmarks/requirements.txt
	$(PYTHON) Tests/Benchmarks/run.py

fuzz: libraries ## Look for input that breaks a codec, ten minutes for each
	for target in Tests/Fuzz/*Fuzz.swift; do \
	    target="$${target##*/}"; Tests/Fuzz/run.sh "$${target%Fuzz.swift}" "$${SECONDS_EACH:-600}" || exit; \
	done

format: ## Rewrite the Swift files in the one format
	swift format format --in-place --parallel --recursive $(SWIFT_FILES)

lint: $(TOOLS) ## Check the form of Swift, Python and shell files
	swift format lint --strict --parallel --recursive $(SWIFT_FILES)
	$(PYTHON) -m ruff check --no-cache --line-length 120 --select E,F,I,UP --config 'src = ["Tests/EndToEnd", "Tests/Benchmarks"]' Tests
	for script in .ci/run $$(git ls-files '*.sh'); do bash -n "$$script"; done

clean: ## Remove everything that was built or installed into this folder
	rm -rf .build .venv
	find Tests -name __pycache__ -prune -exec rm -rf {} +

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 10

# Installs those of the packages $(1) that are missing. The list of the registry is fetched only if it is too old, and no
# service is started meanwhile.
define install
@missing=(); \
if ! command -v dpkg-query > /dev/null; then \
    echo "Not on Debian: these are needed and not looked for: $(1)"; exit 0; \
fi; \
for name in $(1); do \
    dpkg-query -W -f '$${Status}' "$$name" 2> /dev/null | grep -q 'ok installed' || missing+=("$$name"); \
done; \
[ $${#missing[@]} -gt 0 ] || exit 0; \
if [ "$$(id -u)" = 0 ]; then as=(env); else as=(sudo env); fi; \
if [ ! -e $(POLICY) ]; then \
    trap '"$${as[@]}" rm -f $(POLICY)' EXIT; \
    printf '#!/bin/sh\nexit 101\n' | "$${as[@]}" tee $(POLICY) > /dev/null; \
    "$${as[@]}" chmod 755 $(POLICY); \
fi; \
get=("$${as[@]}" DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$${missing[@]}"); \
echo "Installing $${missing[*]}"; \
"$${get[@]}" || { "$${as[@]}" apt-get -q update && "$${get[@]}"; }
endef

libraries:
	$(call install,$(BUILD_PACKAGES))

test-packages:
	$(call install,$(TEST_PACKAGES))

bench-packages:
	$(call install,$(BENCH_PACKAGES))

venv-packages:
	@python3 -c 'import ensurepip, venv' 2> /dev/null || $(MAKE) --no-print-directory install-python

install-python:
	$(call install,python3 python3-venv)

$(TOOLS): Tests/requirements.txt | venv-packages
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --requirement Tests/requirements.txt
	touch $(TOOLS)

.PHONY: run test build bench fuzz format lint clean help
.PHONY: libraries test-packages bench-packages venv-packages install-python
