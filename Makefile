.DEFAULT_GOAL := help
.PHONY: help run test check fuzz mutants prove bench

DATA     ?= ./data
SECONDS  ?= 60
MINUTES  ?= 20
KILLS    ?= 50
CUTS     ?= 5000
EXAMPLES ?= 4

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build Scrip and serve the demonstration shop, its data in DATA (./data)
	@scripts/need.sh
	cargo build --release --package server --bin scrip
	@echo "Serving the demonstration from $(DATA). The address to open is printed below; stop with Ctrl-C."
	cargo run --release --quiet --package server --bin scrip -- serve --demo --data $(DATA)

test: ## Run every test
	@scripts/need.sh nextest
	cargo test --doc --workspace --quiet
	cargo nextest run --workspace

check: ## Formatting, lints and the repository's laws
	@scripts/need.sh
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo test --package tidy --quiet

fuzz: ## Run every fuzz target for SECONDS (60) each
	scripts/fuzz.sh $(SECONDS)

mutants: ## Remove one guard after the other (NAMES, or all) and see a test notice each
	scripts/mutants.sh $(NAMES)

bench: ## Measure, beside an echo and a Redis script: one table, and target/bench.json
	scripts/bench.sh $(ARGS)

prove: ## An hour: kills (KILLS), power cuts (CUTS), made-up requests, simulation (MINUTES), load, mutants
	@scripts/need.sh nextest
	SCRIP_KILLS=$(KILLS) SCRIP_ACKNOWLEDGEMENTS=1000 cargo nextest run --package server --no-capture tx_5
	SCRIP_POWER_CUTS=$(CUTS) cargo nextest run --profile prove --package sqlite --no-capture power::
	scripts/schemathesis.sh $(EXAMPLES)
	cargo run --package sim -- prove --minutes $(MINUTES)
	scripts/prove_load.sh
	scripts/mutants.sh
