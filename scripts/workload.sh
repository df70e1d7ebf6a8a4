#!/usr/bin/env bash
# Builds the program that the machine's tests and measurements run (programs/workload), with Debian's compiler (scripts/setup.sh riscv).
set -euo pipefail
cd "$(dirname "$0")/../programs/workload"

export RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc
export CARGO_TARGET_DIR=${CACHE:-$HOME/.cache/mezzanine}/workload
# Debian has no linker for RISC-V; rustup's toolchain comes with one.
LINKER=$(echo "$(rustup run stable rustc --print sysroot)"/lib/rustlib/*/bin/rust-lld)
export RUSTFLAGS="-C linker=$LINKER -C link-arg=--image-base=0x00200000"
/usr/bin/cargo build --quiet --release --target riscv32im-unknown-none-elf -Z build-std=core
cp "$CARGO_TARGET_DIR/riscv32im-unknown-none-elf/release/workload" ../../crates/riscv/tests/fixtures/workload.elf
