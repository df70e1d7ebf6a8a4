// Compiles the Solidity of ./contracts with the npm package of the compiler, once for each version of the sources.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { here } from "./harness.mjs";

const require = createRequire(import.meta.url);
const sources = join(here, "contracts");
const cache = join(here, "node_modules/.cache/solc");

/** `{ ContractName: { abi, bytecode } }` of every contract in ./contracts. */
export function compile() {
  const files = readdirSync(sources).filter((name) => name.endsWith(".sol"));
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(files.map((name) => [name, { content: readFileSync(join(sources, name), "utf8") }])),
    settings: { optimizer: { enabled: true }, outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } } },
  };
  const compiler = require("solc/package.json").version;
  const key = createHash("sha256").update(JSON.stringify(input) + compiler).digest("hex");
  const file = join(cache, `${key}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));

  const solc = require("solc");
  const read = (path) => ({ contents: readFileSync(require.resolve(path), "utf8") });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  if (errors.length) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
  const artifacts = {};
  for (const name of files) {
    for (const [contract, { abi, evm }] of Object.entries(output.contracts[name])) {
      artifacts[contract] = { abi, bytecode: `0x${evm.bytecode.object}`, deployed: `0x${evm.deployedBytecode.object}` };
    }
  }
  mkdirSync(cache, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(artifacts));
  renameSync(`${file}.${process.pid}`, file);
  return artifacts;
}

/** An artifact of an npm package: `{ abi, bytecode }` whatever the tool that built it. */
export function packaged(path) {
  const { abi, bytecode, evm } = require(path);
  const code = bytecode ?? evm.bytecode.object;
  return { abi, bytecode: code.startsWith("0x") ? code : `0x${code}` };
}
