#!/usr/bin/env bash
# Proves runs of the program afresh: prove.sh RUN…
#
# The runs are those of `write_inputs` in crates/program/tests: empty, transfer, transfers-4, transfers-20, token, tokens-20, mixed (what a block can hold), signatures-2, signatures-20, meeting (signatures made to lead a recovery astray), claim, busy-1, busy-3 (a bit of everything). All of them are executed in the zkVM
# first, each must come to the statement that the native run comes to (invariant 41). The prover of the first RUN is killed when it has made a part, and must go on with that. Fails if the prover's keys are not the committed ones, or a
# proof is not verified under them. PROVER is the program; what is unfinished and what was proven is kept nowhere.
set -euo pipefail
cd "$(dirname "$0")/.."
PROVER=${PROVER:-mezz-prover}
FOLDER=$(mktemp -d)
running=
trap '[ -z "$running" ] || kill -9 "$running" 2>/dev/null || true; rm -rf "$FOLDER"' EXIT

fail() {
  echo "prove.sh: $1" >&2
  exit 1
}

# The prover's arguments for a run.
arguments() { printf '%s\n' --memory-cap 4096 prove --input "$FOLDER/$1.input" --out "$FOLDER/$1.proof" --parts "$FOLDER/parts"; }

# The parts of the run in work that are whole.
parts() { find "$FOLDER/parts" -type f ! -name lock ! -name '*.unfinished' 2>/dev/null; }

# Proves a run.
prove() {
  mapfile -t arguments < <(arguments "$1")
  "$PROVER" "${arguments[@]}"
}

# Begins to prove a run, and is killed when a part of it is there.
begin() {
  mapfile -t arguments < <(arguments "$1")
  "$PROVER" "${arguments[@]}" 2>"$FOLDER/begun" &
  running=$!
  until [ -n "$(parts)" ]; do
    kill -0 "$running" 2>/dev/null || { cat "$FOLDER/begun" >&2; fail "the prover of $1 ended before it had made a part"; }
    sleep 0.2
  done
  kill -9 "$running"
  wait "$running" 2>/dev/null || true
  running=
  [ ! -e "$FOLDER/$1.proof" ] || fail "the prover of $1 was done before it was killed"
}

"$PROVER" key --check programs/zk/key.json || fail '`make prover-key`, and commit new fixtures (programs/zk/fixtures/README.md)'
MEZZ_PROOF_INPUTS=$FOLDER cargo test --quiet --release --workspace --test program -- --ignored write_inputs >/dev/null

echo 'executes all runs in the zkVM: each comes to the statement of the native run'
"$PROVER" execute --input "$FOLDER"/*.input | sed "s|$FOLDER/||"

killed=
for run in "$@"; do
  echo "proves $run"
  if [ -z "$killed" ]; then
    killed=$run
    begin "$run"
    made=$(parts | wc -l)
    echo "killed with $made of its parts made; goes on"
    { prove "$run" 2>&1 >&3 | tee "$FOLDER/resumed" >&2; } 3>&1
    [ "$(grep -c 'was made before' "$FOLDER/resumed")" = "$made" ] || fail "$made parts of $run were there, and not all of them were used"
  else
    prove "$run"
  fi
  "$PROVER" verify --proof "$FOLDER/$run.proof" --key programs/zk/verifying.key
done
