# Mezzanine: `make up` to run it, `make test` to check all of it. Both set up what they need on a bare Debian 12 with Rust.
#
# Every target may be repeated: what is there already is not done again. Tools that the system lacks are installed with
# Debian's packages where that needs root, and into $(CACHE) otherwise, once per machine and shared by all clones.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Cargo, nextest and forge use all cores themselves.
.NOTPARALLEL:

export CACHE ?= $(HOME)/.cache/mezzanine
ifeq ($(CI),true)
# A fresh clone finds the dependencies that an earlier run on this machine has built.
export CARGO_TARGET_DIR ?= $(CACHE)/target
endif
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
export MEZZ ?= $(TARGET)/release/mezz
export PATH := $(CACHE)/bin:$(PATH)
FAMILY ?= optimistic
ARGS ?=

# A heading for each step, so that a long log can be read.
step = @printf '\n== %s\n' "$(1)"

.PHONY: help
help: ## What can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---------------------------------------------------------------------------------------------------------- running

.PHONY: up build guest prover prover-key
up: build ## Build Mezzanine and run it: FAMILY=optimistic ARGS='--ephemeral'
	@exec $(MEZZ) up $(FAMILY) $(ARGS)

build: setup-rust ## Build the program `mezz`
	@cargo build --release --bin mezz

guest: setup-riscv ## Build the proven program anew after its sources have changed, to be committed: programs/guest/guest.elf, programs/zk/zk.elf
	@scripts/guest.sh build
	@scripts/guest.sh build zk

# Half an hour of CPU, on the machine that proves: the arithmetic is compiled for its processor.
prover: setup-rust ## Build the prover of validity proofs, `mezz-prover` (prover/README.md); WRAP=1: also for L1s without the precompile
	@cd prover && CARGO_TARGET_DIR=$(CACHE)/prover$(if $(WRAP),-wrap) cargo build --release --locked $(if $(WRAP),--features wrap)

prover-key: prover ## Compute the zkVM program's keys anew, to be committed: programs/zk/key.json
	@$(CACHE)/prover/release/mezz-prover key --verifying-key programs/zk/verifying.key >programs/zk/key.json

# ---------------------------------------------------------------------------------------------------------- testing

.PHONY: test check test-rust test-contracts test-slither test-halmos test-riscv test-clients test-proof test-deep bench fixtures fmt
test: setup check test-contracts test-riscv test-rust test-clients test-proof ## Everything that a change must pass (CI runs this)

check: setup-rust setup-deny setup-contracts ## Formatting, layers, licences, lints, documentation
	$(call step,formatting)
	@cargo fmt --all --check
	@for manifest in programs/guest programs/zk prover; do cargo fmt --manifest-path $$manifest/Cargo.toml --check; done
	@cd contracts && node_modules/.bin/forge fmt --check
	$(call step,tidy: layers and house rules)
	@CARGO_TARGET_DIR=$(CACHE)/xtask cargo xtask tidy
	$(call step,licences and sources of dependencies)
	@cargo deny --log-level error check --hide-inclusion-graph bans licenses sources
	@cargo deny --log-level error --config deny.toml --manifest-path programs/guest/Cargo.toml check --hide-inclusion-graph bans licenses sources
	$(call step,lints)
	@cargo clippy --release --workspace --all-targets --quiet -- -D warnings
	$(call step,documentation)
	@RUSTDOCFLAGS='-D warnings' cargo doc --release --workspace --no-deps --quiet

test-rust: setup-rust setup-nextest ## Rust tests, in the release profile like everything else
	$(call step,Rust tests)
	@cargo nextest run --release --workspace --no-fail-fast --show-progress none --status-level fail --final-status-level slow
	@cargo test --release --workspace --doc --quiet

test-contracts: setup-contracts ## Contract tests; the committed artifacts are those of the sources
	$(call step,contracts)
	@cd contracts && FOUNDRY_PROFILE=$(FOUNDRY_PROFILE) node_modules/.bin/forge test
	@cd contracts && node bin/artifacts.mjs --check
	@cd contracts && node bin/halo2.mjs --check
	@cd contracts && node bin/genesis.mjs --check
	@cd contracts && node bin/fastlz.mjs --check

test-slither: setup-contracts setup-slither ## Slither's findings in the contracts are those that contracts/slither.json answers
	$(call step,slither)
	@cd contracts && node bin/slither.mjs

test-halmos: setup-contracts setup-halmos ## What the step contract and the clocks do is proven for all inputs (contracts/test/symbolic)
	$(call step,halmos)
	@cd contracts && node bin/halmos.mjs

# The program is built again where that was not done yet for these sources: a minute or two.
test-riscv: setup-riscv ## The crates that are proven build for RISC-V without std; the committed program is that of its sources
	$(call step,RISC-V without std)
	@scripts/riscv-check.sh
	@scripts/guest.sh check
	@scripts/guest.sh check zk

test-clients: setup-contracts setup-clients build ## viem, ethers, cast, forge, Hardhat, OpenZeppelin and Uniswap against a running mezz
	$(call step,real clients)
	@cd tests/clients && node --test --test-concurrency=2 --test-reporter=spec '*.test.mjs'

# What is proven afresh: `make test-deep` says more.
PROVEN ?= empty
# A prover is built once on a machine, in half an hour of CPU; then this takes four minutes and 5 GiB.
test-proof: WRAP :=
test-proof: prover ## The committed keys are those of the prover's build, its runs come to what native ones do, and a proof made afresh is verified
	$(call step,the prover)
	@cd prover && CARGO_TARGET_DIR=$(CACHE)/prover cargo test --release --locked --quiet
	$(call step,validity proofs)
	@PROVER=$(CACHE)/prover/release/mezz-prover scripts/prove.sh $(PROVEN)

test-deep: FOUNDRY_PROFILE := deep
test-deep: PROVEN := empty transfers-4 token mixed signatures-20 busy-3
test-deep: export PROPTEST_CASES ?= 20000
test-deep: setup test-contracts test-slither test-halmos test-rust test-clients test-proof ## Hours: many seeds, deep fuzzing, advisories
	$(call step,the wrap)
	@cd prover && CARGO_TARGET_DIR=$(CACHE)/prover-wrap cargo test --release --locked --features wrap --quiet
	$(call step,the proven program comes out the same)
	@scripts/guest.sh verify
	@scripts/guest.sh verify zk
	$(call step,advisories)
	@cargo deny check advisories

bench: build setup-contracts ## The benchmarks of docs/benchmarks.md, side by side with anvil
	@cargo build --release --bin mezz-bench
	@for part in stages ready latency compare posted; do \
	  printf '\n== %s\n' "$$part"; \
	  ANVIL=$(CURDIR)/contracts/node_modules/.bin/anvil $(TARGET)/release/mezz-bench "$$part"; \
	done

fixtures: setup-specification setup-riscv ## Compute the execution fixtures anew from Ethereum's executable specification, build the machine's workload
	@cd crates/evm/tests/fixtures && $(CACHE)/specification/bin/python state_tests.py
	@cd crates/evm/tests/fixtures && $(CACHE)/specification/bin/python chain.py
	@scripts/workload.sh

fmt: setup-contracts ## Format everything
	@cargo fmt --all
	@for manifest in programs/guest programs/zk prover; do cargo fmt --manifest-path $$manifest/Cargo.toml; done
	@cd contracts && node_modules/.bin/forge fmt

# ----------------------------------------------------------------------------------------------------------- set-up

FOUNDRY_PROFILE ?= default

.PHONY: setup setup-rust setup-nextest setup-deny setup-node setup-contracts setup-clients setup-python setup-slither setup-halmos setup-specification setup-riscv
setup: setup-rust setup-nextest setup-deny setup-contracts setup-clients setup-riscv ## Everything `make test` needs

setup-rust: ; @scripts/setup.sh rust
setup-nextest: setup-rust ; @scripts/setup.sh nextest
setup-deny: setup-rust ; @scripts/setup.sh deny
setup-node: ; @scripts/setup.sh node
setup-python: ; @scripts/setup.sh python
setup-slither: setup-python ; @scripts/setup.sh slither
setup-halmos: setup-python ; @scripts/setup.sh halmos
setup-specification: ; @scripts/setup.sh specification
setup-riscv: setup-rust ; @scripts/setup.sh riscv
setup-contracts: setup-node ; @scripts/setup.sh npm contracts
setup-clients: setup-node setup-contracts ; @scripts/setup.sh npm tests/clients
