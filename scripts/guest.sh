#!/usr/bin/env bash
# The proven program (programs/guest): guest.sh build | check | verify
#
#   build   builds guest.elf and writes down what it was built from
#   check   fails if guest.elf is not what was built from these sources; builds it again and compares, once on each machine for each guest.elf
#   verify  builds it again and compares the bytes, always
#
# The compiler is Debian's (scripts/setup.sh riscv), the linker rustup's: Debian has none for RISC-V. Both are written down in guest.sha256.
# The same sources give the same bytes with them, wherever the repository and cargo's registry lie: everything is built in one fixed folder.
set -euo pipefail
cd "$(dirname "$0")/.."

CRATES=(primitives evm derive program)
GUEST=programs/guest
STAGE=/tmp/mezzanine-guest

# The files that the program is built from.
sources() {
  find scripts/guest.sh "$GUEST"/Cargo.{toml,lock} "$GUEST"/{guest.ld,src,foldhash} -type f
  for crate in "${CRATES[@]}"; do find "crates/$crate/Cargo.toml" "crates/$crate/src" -type f; done
}

# What the workspace's manifest says of the packages in the program.
manifest() {
  awk -F '[" =]+' '
    FILENAME ~ /lock$/ { if ($1 == "name") names[$2]; next }
    /^\[/ { section = $0 }
    section == "[workspace.package]" || (section == "[workspace.dependencies]" && $1 in names)
  ' "$GUEST/Cargo.lock" Cargo.toml
}

inputs() {
  { sources | LC_ALL=C sort | xargs sha256sum; manifest; } | sha256sum | cut -d ' ' -f 1
}

recorded() { awk -v name="$1" '$2 == name { print $1 }' "$GUEST/guest.sha256"; }

# Builds the program into a file.
build() {
  exec 8>"$STAGE.lock"
  flock 8
  rm -rf "$STAGE"
  mkdir -p "$STAGE"
  # As of now (-m): cargo must not take what another clone has built for what it would build here.
  { echo Cargo.toml; sources; } | tar -cf - -T - | tar -xmf - -C "$STAGE"
  local flags=(
    -C "link-arg=-T$STAGE/$GUEST/guest.ld" -C link-arg=--gc-sections -C passes=lower-atomic
    -Z location-detail=none -Z share-generics=y --cfg 'getrandom_backend="custom"'
  )
  (
    cd "$STAGE/$GUEST"
    export RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc CARGO_TARGET_DIR=$TARGET CARGO_ENCODED_RUSTFLAGS
    export CARGO_TARGET_RISCV32IM_RISC0_ZKVM_ELF_LINKER=$LINKER
    CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
    /usr/bin/cargo build --quiet --locked --release --target riscv32im-risc0-zkvm-elf \
      -Z build-std=core,alloc -Z build-std-features=compiler-builtins-mem \
      -Z panic-immediate-abort --config 'profile.release.panic="immediate-abort"'
  )
  cp "$TARGET/riscv32im-risc0-zkvm-elf/release/mezz-guest" "$1"
  ! grep -qaF -e "$HOME/" -e "$PWD/" "$1" || { echo "guest.sh: $1 names a folder of this machine" >&2; exit 1; }
}

TARGET=${CACHE:-$HOME/.cache/mezzanine}/guest
LINKER=$(echo "$(rustup run stable rustc --print sysroot 2>/dev/null)"/lib/rustlib/*/bin/rust-lld)

versions() {
  echo "# $(/usr/bin/rustc --version)"
  echo "# $("$LINKER" -flavor gnu --version)"
}

verify() {
  if [ "$(versions)" != "$(grep '^#' "$GUEST/guest.sha256")" ]; then
    echo "guest.sh: the program was built with another compiler or linker than this machine has, so its bytes are not compared:" >&2
    diff <(grep '^#' "$GUEST/guest.sha256") <(versions) >&2 || true
    return
  fi
  local file
  file=$(mktemp)
  build "$file"
  cmp "$file" "$GUEST/guest.elf"
  rm "$file"
  cp "$GUEST/guest.sha256" "$TARGET/verified"
  echo "guest.elf comes out the same"
}

case ${1:?usage: guest.sh build|check|verify} in
  build)
    build "$GUEST/guest.elf"
    { (cd "$GUEST" && sha256sum guest.elf); echo "$(inputs)  inputs"; versions; } >"$GUEST/guest.sha256"
    cat "$GUEST/guest.sha256"
    ;;
  check)
    if [ "$(recorded inputs)" != "$(inputs)" ]; then
      echo 'guest.sh: the sources of the proven program have changed: run `make guest` and commit programs/guest/guest.{elf,sha256}' >&2
      exit 1
    fi
    (cd "$GUEST" && grep 'guest.elf$' guest.sha256 | sha256sum --quiet --check)
    cmp --quiet "$GUEST/guest.sha256" "$TARGET/verified" || verify
    echo "guest.elf is built from these sources"
    ;;
  verify) verify ;;
  *) echo "guest.sh: build, check or verify, not $1" >&2; exit 2 ;;
esac
