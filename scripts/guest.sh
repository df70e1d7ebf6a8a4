#!/usr/bin/env bash
# Builds the proven program (programs/guest) with Debian's compiler (scripts/setup.sh riscv).
set -euo pipefail
cd "$(dirname "$0")/../programs/guest"

export RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc
export CARGO_TARGET_DIR=${CACHE:-$HOME/.cache/mezzanine}/guest
# Debian has no linker for RISC-V; rustup's toolchain comes with one.
LINKER=$(echo "$(rustup run stable rustc --print sysroot)"/lib/rustlib/*/bin/rust-lld)
FLAGS=(
  -C "linker=$LINKER" -C link-arg=-Tguest.ld -C link-arg=--gc-sections
  -C passes=lower-atomic -Z location-detail=none -Z share-generics=y --cfg 'getrandom_backend="custom"'
)
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${FLAGS[*]}")
export CARGO_ENCODED_RUSTFLAGS
/usr/bin/cargo build --release --target riscv32im-risc0-zkvm-elf \
  -Z build-std=core,alloc -Z build-std-features=compiler-builtins-mem "$@"
ls -l "$CARGO_TARGET_DIR/riscv32im-risc0-zkvm-elf/release/mezz-guest"
