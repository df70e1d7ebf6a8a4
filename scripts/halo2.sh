#!/bin/sh
# Writes the sources of the contract that verifies wrapped proofs, and compiles them: contracts/generated, contracts/artifacts/OpenVmHalo2Verifier.json.
#
# usage: scripts/halo2.sh FOLDER   with the KZG parameters and the keys that `mezz-prover wrap` made there
#
# One source is computed from the keys; the others are OpenVM's, taken from its crate as it was resolved for the prover.
set -eu
cd "$(dirname "$0")/.."
folder=${1:?usage: scripts/halo2.sh FOLDER}
prover=${PROVER:-$HOME/.cache/mezzanine/prover-wrap/release/mezz-prover}
out=contracts/generated

sdk=$(cargo metadata --locked --format-version 1 --manifest-path prover/Cargo.toml | node -e '
  const { packages } = JSON.parse(require("fs").readFileSync(0, "utf8"));
  console.log(require("path").dirname(packages.find(({ name }) => name === "openvm-sdk").manifest_path));')
version=$(basename "$sdk" | sed 's/^openvm-sdk-\([0-9]*\.[0-9]*\).*/\1/')

mkdir -p $out/interfaces
"$prover" contract --wrap "$folder" --out $out/Halo2Verifier.sol
cp "$sdk/contracts/src/IOpenVmHalo2Verifier.sol" $out/interfaces/
sed "s/{PUBLIC_VALUES_LENGTH}/32/; s/{OPENVM_VERSION}/$version/" "$sdk/contracts/template/OpenVmHalo2Verifier.sol" >$out/OpenVmHalo2Verifier.sol
node contracts/bin/halo2.mjs
