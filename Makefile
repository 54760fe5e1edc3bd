# The commands that a person types. What they need: Rust (see rust-version in Cargo.toml) and PostgreSQL 15 or newer.

ARGS ?=

.PHONY: demo test opensearch mutants torture check fmt help

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: tools ## Start a shop with sample data and look at it (ARGS="--products 500 --fresh")
	@cargo run --release --quiet --locked -p tradepost -- demo $(ARGS)

test: tools ## Run all tests
	cargo test --workspace --locked

# What decides over prices, stock, orders and money.
MUTATED = pricing promotion tax shipping cart inventory order payment

mutants: ## Break the rules of the domain in every small way, and list what no test notices (ARGS="--list", "--shard 1/20")
	@cargo mutants --version >/dev/null 2>&1 || { \
		echo "cargo-mutants is missing: cargo install --locked cargo-mutants; then run make again." >&2; exit 1; }
	CARGO_PROFILE_DEV_DEBUG=none PROPTEST_RNG_SEED=1 PROPTEST_MAX_SHRINK_ITERS=0 PROPTEST_DISABLE_FAILURE_PERSISTENCE=true \
		cargo mutants -p tradepost-domain $(MUTATED:%=-f 'crates/domain/src/%/**') -o target $(ARGS) -- --lib

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
