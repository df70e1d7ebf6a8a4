#!/usr/bin/env bash
# Installs one thing that the build or the tests need, unless it is there: setup.sh rust|nextest|deny|node|python|slither|halmos|specification|riscv|npm DIR
#
# Silent when there is nothing to do. Safe to run twice at the same time: one waits for the other.
set -euo pipefail
cd "$(dirname "$0")/.."

CACHE=${CACHE:-$HOME/.cache/mezzanine}
NEXTEST_VERSION=0.9.143
DENY_VERSION=0.20.2
SLITHER_VERSION=0.11.6
CRYTIC_COMPILE_VERSION=0.4.2
HALMOS_VERSION=0.3.3
Z3_VERSION=4.12.6.0
NODE_MAJOR=22
NPM_MAJOR=11
SPECIFICATION_VERSION=2.20.0

mkdir -p "$CACHE/bin"
exec 9>"$CACHE/setup.lock"
flock 9

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# Debian packages, by name.
apt_install() {
  local sudo=()
  has apt-get || die "this system has no apt-get: please install the equivalents of: $*"
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  say "installing $* (Debian packages)"
  "${sudo[@]}" apt-get update -qq 9>&-
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$CACHE/apt.log" 2>&1 9>&- ||
    { tail -20 "$CACHE/apt.log" >&2; die "apt-get failed: see $CACHE/apt.log"; }
}

# A command of cargo's, built without optimisation: it runs for seconds, and would take minutes more to build.
cargo_install() {
  say "building $1 $2 (once per machine)"
  CARGO_TARGET_DIR=$CACHE/tools-target cargo install --quiet --locked --debug --config 'profile.dev.debug=false' \
    --root "$CACHE" "$1@$2" 9>&- || die "could not build $1: try \`cargo install --locked $1\`"
  rm -rf "$CACHE/tools-target"
}

setup_rust() {
  has cargo || die "Rust is missing: install rustup (https://rustup.rs) with the stable toolchain, 1.95 or newer"
  has cc && has g++ && has make || apt_install build-essential pkg-config
  cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || rustup component add rustfmt clippy
}

setup_nextest() { cargo nextest --version >/dev/null 2>&1 || cargo_install cargo-nextest "$NEXTEST_VERSION"; }

setup_deny() { cargo deny --version >/dev/null 2>&1 || cargo_install cargo-deny "$DENY_VERSION"; }

# Node 22.13 or newer and an npm to go with it. Debian 12 has 18: its npm fetches both, and they then run everything.
# (An npm that runs on 18 leaves out optional packages that ask for 20, such as Foundry's programs.)
setup_node() {
  local machine PATH=$CACHE/bin:$PATH
  has npm || apt_install nodejs npm
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 13) ? 0 : 1)' && return
  case "$(uname -m)" in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) die "no packaged node for $(uname -m): please install node $NODE_MAJOR or newer" ;;
  esac
  say "installing node $NODE_MAJOR"
  quiet_npm install --prefix "$CACHE/node" --no-save "node-linux-$machine@$NODE_MAJOR" "npm@$NPM_MAJOR"
  ln -sf "$CACHE/node/node_modules/npm/bin/npm-cli.js" "$CACHE/bin/npm"
  ln -sf "$CACHE/node/node_modules/node-linux-$machine/bin/node" "$CACHE/bin/node"
}

# npm, which is only heard when it fails. It trusts whom the system trusts: a node that is not Debian's knows its own list only.
quiet_npm() {
  [ ! -e /etc/ssl/certs/ca-certificates.crt ] || export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
  npm "$@" --no-audit --no-fund --loglevel=error --ignore-scripts >"$CACHE/npm.log" 2>&1 9>&- ||
    { cat "$CACHE/npm.log" >&2; die "npm $1 failed"; }
}

# A virtual environment with the JSON schema validator that the RPC conformance check needs.
setup_python() {
  [ -x "$CACHE/venv/bin/python" ] && "$CACHE/venv/bin/python" -c 'import jsonschema' 2>/dev/null && return
  has python3 && python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install python3 python3-venv
  say "installing the Python package jsonschema"
  python3 -m venv "$CACHE/venv"
  "$CACHE/venv/bin/pip" --quiet install jsonschema 9>&-
}

# The static analyser of the contracts, in the same environment. Another version finds other things.
setup_slither() {
  [ "$("$CACHE/venv/bin/slither" --version 2>/dev/null)" = "$SLITHER_VERSION" ] && return
  setup_python
  say "installing slither $SLITHER_VERSION"
  "$CACHE/venv/bin/pip" --quiet install "slither-analyzer==$SLITHER_VERSION" "crytic-compile==$CRYTIC_COMPILE_VERSION" 9>&-
}

# The symbolic tester of the contracts with its solver. Their dependencies are not slither's, hence an environment of their own.
setup_halmos() {
  local venv=$CACHE/halmos
  [ "$("$venv/bin/halmos" --version 2>/dev/null)" = "halmos $HALMOS_VERSION" ] && return
  has python3 && python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install python3 python3-venv
  say "installing halmos $HALMOS_VERSION"
  python3 -m venv "$venv"
  "$venv/bin/pip" --quiet install "halmos==$HALMOS_VERSION" "z3-solver==$Z3_VERSION" 9>&-
}

# Ethereum's executable specification, which says what the execution fixtures must come out as.
setup_specification() {
  local venv=$CACHE/specification
  "$venv/bin/pip" list 2>/dev/null | grep -q "^ethereum-execution *$SPECIFICATION_VERSION\$" && return
  has python3 && python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install python3 python3-venv
  say "installing the Python package ethereum-execution $SPECIFICATION_VERSION"
  python3 -m venv "$venv"
  "$venv/bin/pip" --quiet install "ethereum-execution==$SPECIFICATION_VERSION" 9>&-
}

# A compiler that knows the RISC-V target of zero-knowledge machines, with the source of its library. It lives in /usr/bin
# and does not disturb rustup's.
setup_riscv() {
  [ -x /usr/bin/cargo ] && [ -d "$(/usr/bin/rustc --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/core" ] && return
  apt_install rustc-web cargo-web rust-web-src
}

# The npm packages of one folder, exactly as its lock file says.
setup_npm() {
  local dir=$1 stamp=$1/node_modules/.package-lock.json
  if [ ! -e "$stamp" ] || [ "$stamp" -ot "$dir/package-lock.json" ] || [ "$stamp" -ot "$dir/package.json" ]; then
    say "installing the npm packages of $dir"
    (cd "$dir" && PATH=$CACHE/bin:$PATH quiet_npm ci)
    touch "$stamp"
  fi
}

what=${1:?usage: setup.sh rust|nextest|deny|node|python|slither|halmos|specification|riscv|npm DIR}
shift
"setup_$what" "$@"
