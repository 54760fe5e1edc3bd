# The commands that a person types. What they need: Rust (see rust-version in Cargo.toml) and PostgreSQL 15 or newer.

ARGS ?=

.PHONY: demo test opensearch torture check fmt help

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: tools ## Start a shop with sample data and look at it (ARGS="--products 500 --fresh")
	@cargo run --release --quiet --locked -p tradepost -- demo $(ARGS)

test: tools ## Run all tests
	cargo test --workspace --locked

opensearch: tools ## Fetch OpenSearch (Java 17 and Maven; 55 MB, once) and hold it to the suite of search engines
	@./.ci/opensearch fetch
	cargo test --locked -p tradepost-search --test it opensearch:: -- --nocapture

torture: tools ## Kill a shop of its own 200 times and see whether it keeps its promises (ARGS="--rounds 20")
	@cargo run --release --quiet --locked -p tradepost -- lab torture $(ARGS)

check: ## House rules, lints, format, the API's document
	cargo xtask check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo fmt --check
	cargo xtask openapi --check

.PHONY: tools
tools:
	@command -v cargo >/dev/null || { \
		echo "Rust is missing: install it from https://rustup.rs, then run make again." >&2; exit 1; }
	@command -v cc >/dev/null || { \
		echo "A C compiler is missing: on Debian, apt-get install build-essential; then run make again." >&2; exit 1; }
	@./.ci/postgres
