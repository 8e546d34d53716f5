# The only face: `make` lists what there is. Everything it starts is private and below .local/.

.DEFAULT_GOAL := help
.PHONY: help build demo test up down sqlx schemas bench faults fuzz fmt lint

STACK := cargo run --quiet --package curbe-tests --bin stack --
# Where `make sqlx` writes, and the crates that have checked queries.
SQLX := $(CURDIR)/.sqlx
CHECKED := worker notifier
FUZZ := tests/fuzz

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build all programs (dev profile)
	cargo build --workspace --bins

demo: build ## Show a balance move, from nothing to the browser; ONCE=1 checks the books and ends
	cargo run --quiet --package curbe-tests --bin demo -- $(if $(ONCE),--once)

test: build ## Run every test, against real servers that the tests start themselves; they mostly wait for those
	cargo test --workspace -- --test-threads $$(( $$(getconf _NPROCESSORS_ONLN) * 3 / 2 ))

up: build ## Start servers and services; then: . .local/env
	@$(STACK) up

down: ## End what `make up` started; its data stays
	@$(STACK) down

sqlx: ## Rewrite .sqlx/ after a change of queries or migrations
	mkdir -p $(SQLX)
	find $(SQLX) -name 'query-*.json' -delete
	touch $(CHECKED:%=%/src/lib.rs)
	$(STACK) with-database -- env SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$(SQLX) \
		cargo check $(CHECKED:%=--package curbe-%) --all-targets

schemas: ## Rewrite the API's descriptions, and the client made from them, after a change of the API
	cargo run --quiet --package curbe-notifier --example schemas
	cargo run --quiet --package curbe-worker --example schemas
	cd notifier/client && npm ci --ignore-scripts --silent && npm run --silent generate

bench: ## Measure, in the release profile; everything on this machine
	cargo build --release --package curbe-ingest --package curbe-worker --package curbe-notifier
	cargo run --release --quiet --package curbe-tests --bin bench

fuzz: ## Look for bytes that break a parser, for so long: TARGET=webhooks SECONDS=60; needs nightly Rust and cargo-fuzz
	mkdir -p $(FUZZ)/corpus/$(TARGET) && cargo +nightly fuzz run --fuzz-dir $(FUZZ) --sanitizer none $(TARGET) \
		$(FUZZ)/corpus/$(TARGET) $(FUZZ)/seeds/$(TARGET) -- -max_total_time=$(or $(SECONDS),60)

faults: build ## Break things under load: SEED=1 ROUNDS=20; or KILLS=50 at each point of a worker's way; or OUTAGE=60
	cargo run --quiet --package curbe-tests --bin faults -- $(foreach what,SEED ROUNDS KILLS OUTAGE RATE,\
		$(if $($(what)),--$(shell echo $(what) | tr A-Z a-z) $($(what))))

fmt: ## Format the code
	cargo fmt --all

lint: ## Formatting and clippy, warnings as errors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
