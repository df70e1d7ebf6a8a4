#!/usr/bin/env node
// Compares what slither finds with slither.json, where every known finding has its answer.
//
//     node bin/slither.mjs           fails on a finding without an answer, and on an answer without a finding
//     node bin/slither.mjs --list    writes what it finds, as slither.json has it
//
// A finding is named by detector and place, without lines, so that moving code changes nothing. Two findings of a detector in one
// place are two entries. The program is SLITHER, or the one that scripts/setup.sh slither installs.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const cache = process.env.CACHE ?? join(homedir(), ".cache/mezzanine");
const program = process.env.SLITHER ?? join(cache, "venv/bin/slither");
const FILTER = ["--filter-paths", "node_modules", "--exclude-informational", "--exclude-optimization"];

// Slither asks forge for the project's settings.
const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` };

/** Runs a command and gives its standard output; `codes` are the exit statuses that mean it worked. */
function run(command, args, codes) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, env, encoding: "utf8", maxBuffer: 1 << 28 });
  if (codes.includes(status)) return stdout;
  if (error?.code === "ENOENT") throw new Error(`${command} is missing: install it with \`make setup-slither\``);
  throw new Error(`${command} failed: ${error?.message ?? ""}\n${stdout}\n${stderr}`);
}

/** What slither finds in the sources, built in a folder of its own: it would clear forge's. */
function findings() {
  const folder = mkdtempSync(join(tmpdir(), "slither-"));
  try {
    const out = join(folder, "out");
    run("forge", ["build", "--build-info", "--skip", "./test/**", "--out", out, "--cache-path", join(folder, "cache")], [0]);
    // It exits with 255 when it has found something.
    const text = run(program, [".", "--ignore-compile", "--foundry-out-directory", out, ...FILTER, "--json", "-"], [0, 255]);
    const { success, error, results } = JSON.parse(text);
    if (!success) throw new Error(error);
    return (results.detectors ?? []).map(({ check, elements }) => `${check} ${place(elements[0])}`).sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `Contract.function.variable`, as far as it goes. */
function place({ type, name, type_specific_fields: fields }) {
  const within = fields?.parent && fields.parent.type !== "file" ? `${place(fields.parent)}.` : "";
  // A statement has no name of its own: its function says where it is.
  return type === "node" ? within.slice(0, -1) : `${within}${name}`;
}

/** The entries of `left` that `right` lacks, counted. */
function lacking(left, right) {
  const rest = [...right];
  return left.filter((entry) => {
    const at = rest.indexOf(entry);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

const found = findings();
if (process.argv.includes("--list")) {
  const detectors = new Set(found.map((entry) => entry.split(" ")[0]));
  const listed = [...detectors].map((detector) => {
    const places = found.filter((entry) => entry.startsWith(`${detector} `)).map((entry) => entry.split(" ")[1]);
    return { detector, places, answer: "" };
  });
  console.log(JSON.stringify(listed, null, 2));
} else {
  const answers = JSON.parse(readFileSync(join(root, "slither.json"), "utf8"));
  const known = answers.flatMap(({ detector, places }) => places.map((where) => `${detector} ${where}`));
  const unanswered = lacking(found, known);
  const gone = lacking(known, found);
  for (const entry of unanswered) console.error(`slither finds what slither.json does not answer: ${entry}`);
  for (const entry of gone) console.error(`slither.json answers what slither no longer finds: ${entry}`);
  if (unanswered.length + gone.length > 0) {
    console.error("mend the code, or answer in slither.json; `slither .` shows the findings in full");
    process.exit(1);
  }
  console.log(`slither: ${found.length} findings, all answered`);
}
