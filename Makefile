# `make` alone says what there is. Each target does its own set-up.

SUDO   := $(if $(filter 0,$(shell id -u)),,sudo)
SWIFT  := swift
BUILD  :=
# Debian packages that a build needs, by a file that tells whether they are there.
NEEDS  := libsqlite3-dev:/usr/include/sqlite3.h tzdata:/usr/share/zoneinfo/UTC g++:/usr/bin/c++ \
          libxxhash-dev:/usr/include/xxhash.h python3:/usr/bin/python3 openssl:/usr/bin/openssl
SEEDS  ?= 10000

.PHONY: help demo test build plugins format lint simulate check-metrics check-cron check-python-worker check-api pains fuzz \
        sanitize bench check-generated generate setup
.DEFAULT_GOAL := help

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:
	@missing=""; for need in $(NEEDS); do [ -e "$${need#*:}" ] || missing="$$missing $${need%%:*}"; done; \
	if [ -n "$$missing" ]; then echo "installing$$missing"; \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing; fi
	@command -v $(SWIFT) >/dev/null || { echo "Swift 6.3 is needed: https://www.swift.org/install/linux"; exit 1; }

demo: setup ## build, then watch a server and five workers, and what happens when some are killed
	$(SWIFT) build -c release $(BUILD)
	.build/release/switchyard demo

build: setup ## the program, for use: .build/release/switchyard
	$(SWIFT) build -c release $(BUILD)

test: setup ## everything that must hold
	$(SWIFT) build --build-tests $(BUILD)
	$(SWIFT) test --skip-build $(BUILD) --no-parallel
	$(SWIFT) build -c release $(BUILD) --product simulate
	.build/release/simulate --seeds 300
	.build/release/simulate --plants --seeds 300
	$(MAKE) -C Tests/PluginTests check
	python3 Tests/ShimTests/test_shim.py .build/debug/switchyard-shim
	$(MAKE) check-metrics check-cron check-python-worker
	$(MAKE) check-api EXAMPLES=5
	python3 Tests/Pains/pains.py .build/debug short

# A Python of its own for each check that needs one, with what its requirements.txt pins.
.venv/%: Tests/%/requirements.txt
	@python3 -c 'import ensurepip' 2>/dev/null || \
	  { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq python3-venv; }
	python3 -m venv $@ && $@/bin/pip install -q --disable-pip-version-check -r $< && touch $@

check-metrics: .venv/MetricsTests ## hold /metrics against Prometheus' own parser
	$(SWIFT) build $(BUILD) --product switchyard
	.venv/MetricsTests/bin/python Tests/MetricsTests/test_metrics.py .build/debug

EXAMPLES ?= 50

check-api: setup .venv/APITests ## a server against its own OpenAPI document: make check-api EXAMPLES=50
	$(SWIFT) build $(BUILD) --product switchyard
	.venv/APITests/bin/python Tests/APITests/check_api.py .build/debug/switchyard --examples $(EXAMPLES)
COUNT := 10000
SEED  := 1

check-cron: .venv/CronAgreement ## hold cron against two implementations from PyPI: make check-cron COUNT=100000 SEED=7
	$(SWIFT) build $(BUILD) --product switchyard
	.venv/CronAgreement/bin/python Tests/CronAgreement/agreement.py .build/debug/switchyard --count $(COUNT) --seed $(SEED)

check-python-worker: .venv/PythonWorker ## a worker in Python, from worker.proto alone, against a real server
	$(SWIFT) build $(BUILD) --product switchyard
	.venv/PythonWorker/bin/python Tests/PythonWorker/test_python_worker.py .build/debug/switchyard

pains: setup ## bursts, a steady flood, no worker for minutes, at their full size (some 20 minutes)
	$(SWIFT) build -c release $(BUILD)
	python3 Tests/Pains/pains.py .build/release full

SECONDS := 60

fuzz: setup ## libFuzzer on every reader of what comes from outside: make fuzz SECONDS=600
	$(MAKE) -C Tests/Fuzz fuzz SECONDS=$(SECONDS)

SANITIZERS := thread address

sanitize: setup ## plugin host, placement, store and server under sanitizers: make sanitize SANITIZERS=thread
	for sanitizer in $(SANITIZERS); do Tests/Sanitize/sanitize.sh $$sanitizer || exit 1; done

plugins: setup ## the strategies that ship, built out of tree against SDK/ alone
	@for plugin in Plugins/*/; do $(MAKE) -s -C $$plugin || exit 1; done

simulate: setup ## random histories of the protocols: make simulate SEEDS=10000
	$(SWIFT) build -c release $(BUILD) --product simulate
	.build/release/simulate --seeds $(SEEDS)
	.build/release/simulate --seeds 2000 --coverage --require
	.build/release/simulate --plants --seeds 300

BENCH  := decisions throughput latency idle commits firing fleet timers
PEERS  := beanstalkd celery_redis apscheduler_timers

bench: setup .venv/Benchmarks/Peers ## figures, one JSON object a line, those of peers beside them
	@missing=""; for need in beanstalkd redis-server; do command -v $$need >/dev/null || missing="$$missing $$need"; done; \
	if [ -n "$$missing" ]; then $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing; fi
	$(SWIFT) build -c release $(BUILD)
	@failed=""; \
	for part in $(BENCH); do timeout 1200 .build/release/benchmarks $$part || failed="$$failed $$part"; done; \
	for peer in $(PEERS); do \
	  timeout 300 .venv/Benchmarks/Peers/bin/python Tests/Benchmarks/Peers/$$peer.py || failed="$$failed $$peer"; done; \
	if [ -n "$$failed" ]; then echo "without all figures:$$failed" >&2; exit 1; fi

SOURCES := Package.swift Sources Plugins Tests

format: ## lay out the Swift code
	$(SWIFT) format --in-place --recursive --parallel $(SOURCES)

lint: ## say where the layout is not right
	$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)

GENERATED := Sources/SwitchyardWire/Generated

generate: setup ## the code of the workers' protocol, from its .proto
	@[ -x /usr/bin/protoc ] || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq protobuf-compiler; }
	$(SWIFT) build $(BUILD) --product protoc-gen-swift
	$(SWIFT) build $(BUILD) --product protoc-gen-grpc-swift-2
	protoc -I Sources/SwitchyardWire/Protos \
	  --plugin=.build/debug/protoc-gen-swift --plugin=.build/debug/protoc-gen-grpc-swift-2 \
	  --swift_out=$(GENERATED) --swift_opt=Visibility=Package,UseAccessLevelOnImports=true \
	  --grpc-swift-2_out=$(GENERATED) --grpc-swift-2_opt=Visibility=Package,UseAccessLevelOnImports=true \
	  worker.proto

check-generated: generate ## proves that the generated code is current
	git diff --exit-code -- $(GENERATED)
