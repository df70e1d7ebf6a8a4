#!/usr/bin/env bash
# Checks that the crates which run inside a proof build for RISC-V with nothing but `core` and `alloc`.
#
# The target is the one of zero-knowledge machines, the compiler Debian's (scripts/setup.sh riscv): rustup's stable
# toolchain has neither the target nor, on its own, the right to build the library from source.
set -euo pipefail
cd "$(dirname "$0")/.."

CRATES=(mezz-primitives mezz-evm mezz-derive mezz-program mezz-riscv)

export RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc
export CARGO_TARGET_DIR=${CACHE:-$HOME/.cache/mezzanine}/riscv
CARGO_ENCODED_RUSTFLAGS=$(printf '%s\x1f' -C passes=lower-atomic -C panic=abort)--cfg=getrandom_backend=\"custom\"
export CARGO_ENCODED_RUSTFLAGS

for crate in "${CRATES[@]}"; do
  /usr/bin/cargo check --quiet --release --lib --package "$crate" --no-default-features \
    --target riscv32im-risc0-zkvm-elf -Z build-std=core,alloc,panic_abort -Z build-std-features=compiler-builtins-mem
  echo "$crate builds for riscv32im without std"
done
