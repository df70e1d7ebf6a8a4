#!/usr/bin/env bash
# Builds RISC-V's own architecture tests for the machine: riscv-tests.sh FOLDER, a checkout of https://github.com/riscv-software-src/riscv-tests
#
# The built ones are of commit 34e6b6d1e7936b526075432fb730d89148623484. Needs Debian's gcc and binutils-riscv64-unknown-elf.
# Left out: ma_data, which wants misaligned loads and stores; the machine traps on them, as RISC-V allows.
set -euo pipefail
from=$(realpath "${1:?usage: riscv-tests.sh FOLDER}")/isa
cd "$(dirname "$0")/../crates/riscv/tests/fixtures/riscv-tests"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rm -f ./*.elf
for source in "$from"/rv32u[im]/*.S; do
  name=$(basename "$(dirname "$source")")-$(basename "$source" .S)
  [ "$name" != rv32ui-ma_data ] || continue
  gcc -E -w -D__riscv_xlen=32 -x assembler-with-cpp -I . -I "$from/macros/scalar" "$source" -o "$scratch/test.s"
  riscv64-unknown-elf-as -march=rv32im_zifencei -mabi=ilp32 "$scratch/test.s" -o "$scratch/test.o"
  riscv64-unknown-elf-ld -melf32lriscv --no-relax --strip-all -z max-page-size=4096 -Ttext 0x10000 "$scratch/test.o" -o "$name.elf"
done
ls -- *.elf | wc -l
