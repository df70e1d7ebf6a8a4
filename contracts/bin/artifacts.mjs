#!/usr/bin/env node
// Writes artifacts/<Name>.json for every contract that can be deployed: {"abi", "bytecode", "deployedBytecode"}.
//
// They are committed, so that `cargo build` needs neither node nor solc. `--check` builds anew and fails when a committed one differs.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(fileURLToPath(import.meta.url), "..", "..");
const target = join(root, "artifacts");
// Contracts of others that a deployment needs too.
const foreign = new Set(["TimelockController"]);
// Another tool's, which bin/halo2.mjs compiles.
const generated = new Set(["OpenVmHalo2Verifier"]);

/** Builds src/ alone, from nothing, into a folder of its own: what was built before must not show in the bytecode. */
function build(out) {
  const forge = join(root, "node_modules", ".bin", "forge");
  const cache = join(out, "cache");
  execFileSync(forge, ["build", "src", "--force", "--out", out, "--cache-path", cache], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}

/** Name to text of every artifact; interfaces, libraries and abstract contracts have nothing to deploy. */
function collect(out) {
  const artifacts = new Map();
  for (const file of readdirSync(out).filter((name) => name.endsWith(".sol")).sort()) {
    for (const entry of readdirSync(join(out, file)).sort()) {
      const name = entry.replace(/\.json$/, "");
      const { abi, bytecode, deployedBytecode, metadata } = JSON.parse(readFileSync(join(out, file, entry), "utf8"));
      const source = Object.keys(metadata?.settings?.compilationTarget ?? {})[0] ?? "";
      if (!source.startsWith("src/") && !foreign.has(name)) continue;
      if (bytecode.object === "0x" || abi.length === 0) continue;
      if (/[^0-9a-fx]/.test(bytecode.object)) throw new Error(`${name} needs linking: make its libraries internal`);
      if (artifacts.has(name)) throw new Error(`two contracts are named ${name}: rename one`);
      const artifact = { abi, bytecode: bytecode.object, deployedBytecode: deployedBytecode.object };
      artifacts.set(name, `${JSON.stringify(artifact, null, 1)}\n`);
    }
  }
  return artifacts;
}

const check = process.argv.includes("--check");
const out = mkdtempSync(join(tmpdir(), "mezz-artifacts-"));
try {
  build(out);
  const built = collect(out);
  // Contracts begin with a capital letter; other files here (the L2 genesis) have their own writer.
  const files = existsSync(target) ? readdirSync(target).filter((file) => /^[A-Z]/.test(file)) : [];
  const names = files.map((file) => file.replace(/\.json$/, ""));
  const present = new Set(names.filter((name) => !generated.has(name)));
  const differing = [...built].filter(([name, text]) => !present.has(name) || readFileSync(join(target, `${name}.json`), "utf8") !== text);
  const stale = [...present].filter((name) => !built.has(name));
  if (check) {
    for (const [name] of differing) console.error(`artifacts/${name}.json differs: run node bin/artifacts.mjs`);
    for (const name of stale) console.error(`artifacts/${name}.json has no contract: run node bin/artifacts.mjs`);
    process.exitCode = differing.length + stale.length > 0 ? 1 : 0;
  } else {
    mkdirSync(target, { recursive: true });
    for (const [name, text] of differing) writeFileSync(join(target, `${name}.json`), text);
    for (const name of stale) unlinkSync(join(target, `${name}.json`));
    console.log(`${built.size} artifacts, ${differing.length} written, ${stale.length} removed`);
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
