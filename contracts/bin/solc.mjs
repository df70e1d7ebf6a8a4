#!/usr/bin/env node
// The `solc` that forge calls: the npm package's compiler behind the command line of the native one.
//
// forge asks for exactly two things: `--version`, and `--standard-json` with the input on stdin. Imports need no
// callback, because forge puts every source into the input.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const solc = createRequire(import.meta.url)("solc");
const args = process.argv.slice(2);

if (args.includes("--version")) {
  // "0.8.37+commit.f401782d.Emscripten.clang": forge parses this line.
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (args.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  console.error("solc.mjs knows --version and --standard-json only: build with `forge build`");
  process.exit(2);
}
