#!/usr/bin/env bash
# The proven program: guest.sh build | check | verify [guest | zk]
#
#   build   builds the ELF file and writes down what it was built from
#   check   fails if the ELF file is not what was built from these sources; builds it again and compares, once on each machine for each such file
#   verify  builds it again and compares the bytes, always
#
# `guest` is the build for the machine of the fault proof (programs/guest), `zk` that for the zkVM (programs/zk): one program, two ways to the outside.
# The compiler is Debian's (scripts/setup.sh riscv), the linker rustup's: Debian has none for RISC-V. Both are written down beside the ELF file.
# The same sources give the same bytes with them, wherever the repository and cargo's registry lie: everything is built in one fixed folder.
set -euo pipefail
cd "$(dirname "$0")/.."

CRATES=(primitives evm derive program)
NAME=${2:-guest}
GUEST=programs/$NAME
STAGE=/tmp/mezzanine-$NAME

# The files that the program is built from.
sources() {
  find scripts/guest.sh "$GUEST"/Cargo.{toml,lock} "$GUEST/$NAME.ld" "$GUEST/src" programs/guest/foldhash -type f
  [ "$NAME" = guest ] || find "$GUEST/build.rs" programs/guest/src/crypto.rs
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

recorded() { awk -v name="$1" '$2 == name { print $1 }' "$GUEST/$NAME.sha256"; }

# Builds the program into a file.
build() {
  exec 8>"$STAGE.lock"
  flock 8
  rm -rf "$STAGE"
  mkdir -p "$STAGE"
  # As of now (-m): cargo must not take what another clone has built for what it would build here.
  { echo Cargo.toml; sources; } | tar -cf - -T - | tar -xmf - -C "$STAGE"
  local flags=(
    -C "link-arg=-T$STAGE/$GUEST/$NAME.ld" -C link-arg=--gc-sections -C passes=lower-atomic
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
  cp "$TARGET/riscv32im-risc0-zkvm-elf/release/mezz-$NAME" "$1"
  ! grep -qaF -e "$HOME/" -e "$PWD/" "$1" || { echo "guest.sh: $1 names a folder of this machine" >&2; exit 1; }
}

TARGET=${CACHE:-$HOME/.cache/mezzanine}/$NAME
LINKER=$(echo "$(rustup run stable rustc --print sysroot 2>/dev/null)"/lib/rustlib/*/bin/rust-lld)

versions() {
  echo "# $(/usr/bin/rustc --version)"
  echo "# $("$LINKER" -flavor gnu --version)"
}

verify() {
  if [ "$(versions)" != "$(grep '^#' "$GUEST/$NAME.sha256")" ]; then
    echo "guest.sh: the program was built with another compiler or linker than this machine has, so its bytes are not compared:" >&2
    diff <(grep '^#' "$GUEST/$NAME.sha256") <(versions) >&2 || true
    return
  fi
  local file
  file=$(mktemp)
  build "$file"
  cmp "$file" "$GUEST/$NAME.elf"
  rm "$file"
  cp "$GUEST/$NAME.sha256" "$TARGET/verified"
  echo "$NAME.elf comes out the same"
}

case ${1:?usage: guest.sh build|check|verify [guest|zk]} in
  build)
    build "$GUEST/$NAME.elf"
    { (cd "$GUEST" && sha256sum "$NAME.elf"); echo "$(inputs)  inputs"; versions; } >"$GUEST/$NAME.sha256"
    cat "$GUEST/$NAME.sha256"
    ;;
  check)
    if [ "$(recorded inputs)" != "$(inputs)" ]; then
      echo "guest.sh: the sources of the proven program have changed: run \`make guest\` and commit $GUEST/$NAME.{elf,sha256}" >&2
      exit 1
    fi
    (cd "$GUEST" && grep "$NAME.elf\$" "$NAME.sha256" | sha256sum --quiet --check)
    cmp --quiet "$GUEST/$NAME.sha256" "$TARGET/verified" || verify
    echo "$NAME.elf is built from these sources"
    ;;
  verify) verify ;;
  *) echo "guest.sh: build, check or verify, not $1" >&2; exit 2 ;;
esac
