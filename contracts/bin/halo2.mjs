#!/usr/bin/env node
// Compiles generated/, the contract that OpenVM's tool makes from its halo2 circuit and KZG parameters, to artifacts/OpenVmHalo2Verifier.json.
//
// The compiler and its settings are OpenVM's: a contract from the same key compiled by its own tool has the same code. `--check` fails when the committed artifact
// is not that of the committed sources. How the sources are made is in prover/README.md.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const solc = createRequire(import.meta.url)("solc-0.8.19");
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "artifacts", "OpenVmHalo2Verifier.json");
const files = ["OpenVmHalo2Verifier.sol", "Halo2Verifier.sol", "interfaces/IOpenVmHalo2Verifier.sol"];

const input = {
  language: "Solidity",
  sources: Object.fromEntries(files.map((file) => [file, { content: readFileSync(join(root, "generated", file), "utf8") }])),
  settings: {
    optimizer: { enabled: true, runs: 100000, details: { constantOptimizer: false, yul: false } },
    evmVersion: "paris",
    viaIR: false,
    metadata: { appendCBOR: false, bytecodeHash: "none" },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const errors = (output.errors ?? []).filter((error) => error.severity === "error");
if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
const { abi, evm } = output.contracts["OpenVmHalo2Verifier.sol"].OpenVmHalo2Verifier;
const artifact = { abi, bytecode: `0x${evm.bytecode.object}`, deployedBytecode: `0x${evm.deployedBytecode.object}` };
const text = `${JSON.stringify(artifact, null, 1)}\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
  console.log(`artifacts/OpenVmHalo2Verifier.json: ${evm.deployedBytecode.object.length / 2} bytes of code`);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("artifacts/OpenVmHalo2Verifier.json differs: run node bin/halo2.mjs");
  process.exitCode = 1;
}
