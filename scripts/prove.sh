#!/usr/bin/env bash
# Proves runs of the program afresh: prove.sh RUN…
#
# The runs are those of `write_inputs` in crates/program/tests: empty, transfer, transfers-4, transfers-20, token, tokens-20, signatures-2, signatures-20, claim, busy-1, busy-3 (a bit of everything). Fails if the prover's keys are
# not the committed ones, or a proof is not verified under them. PROVER is the program; what is unfinished and what was proven is kept nowhere.
set -euo pipefail
cd "$(dirname "$0")/.."
PROVER=${PROVER:-mezz-prover}
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT

"$PROVER" key --check programs/zk/key.json || {
  echo 'prove.sh: `make prover-key`, and commit new fixtures (programs/zk/fixtures/README.md)' >&2
  exit 1
}
MEZZ_PROOF_INPUTS=$FOLDER cargo test --quiet --release --workspace --test program -- --ignored write_inputs >/dev/null
for run in "$@"; do
  echo "proves $run"
  "$PROVER" --memory-cap 4096 prove --input "$FOLDER/$run.input" --out "$FOLDER/$run.proof" --parts "$FOLDER/parts"
  "$PROVER" verify --proof "$FOLDER/$run.proof" --key programs/zk/verifying.key
done
