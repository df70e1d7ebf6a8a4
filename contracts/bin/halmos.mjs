#!/usr/bin/env node
// Checks the symbolic tests (test/symbolic, functions named check_*) for all inputs, with halmos and the solver z3.
//
//     node bin/halmos.mjs            a minute; further arguments go to halmos, such as --match-test '^check_mul'
//
// Any panic counts as a failure, an overflow as well as an assertion. The program is HALMOS, or the one that scripts/setup.sh
// halmos installs.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const cache = process.env.CACHE ?? join(homedir(), ".cache/mezzanine");
const program = process.env.HALMOS ?? join(cache, "halmos/bin/halmos");
const folder = mkdtempSync(join(tmpdir(), "halmos-"));
// Built apart from forge's own output, with the sources that the symbolic tests need and no others.
const env = {
  ...process.env,
  PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`,
  FOUNDRY_OUT: join(folder, "out"),
  FOUNDRY_CACHE_PATH: join(folder, "cache"),
  FOUNDRY_TEST: "test/symbolic",
};
// Each loop in what is tested ends by itself: memory proofs have 27 levels, states 31 registers.
const args = ["--root", root, "--forge-build-out", env.FOUNDRY_OUT, "--solver", "z3", "--loop", "40", "--panic-error-codes", "*", "--no-status"];

try {
  const { status, stdout, error } = spawnSync(program, [...args, ...process.argv.slice(2)], {
    cwd: root,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (error?.code === "ENOENT") throw new Error(`${program} is missing: install it with \`make setup-halmos\``);
  // Without the argument types and the colours.
  console.log(stdout.replaceAll(/\x1b\[\d+m/g, "").replaceAll(/(check_\w+)\(.*?\) \(paths/g, "$1 (paths"));
  const results = [...stdout.matchAll(/Symbolic test result: (\d+) passed; (\d+) failed/g)];
  const proven = results.reduce((sum, [, passed]) => sum + Number(passed), 0);
  const all = process.argv.length > 2 || results.length === readdirSync(join(root, "test/symbolic")).length;
  if (status !== 0 || !all || proven === 0 || results.some(([, , failed]) => failed !== "0")) {
    console.error("halmos could not prove everything: a counterexample above is an input for a forge test");
    process.exitCode = 1;
  } else {
    console.log(`halmos: ${proven} properties hold for all inputs`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
