// The 232 published cases of ethereum/execution-apis, against both of our servers.
//
// The cases lie beside the repository, in ../shared, and are too large to copy: without them this is skipped.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root, startMezz, exec } from "./harness.mjs";

const tool = join(root, "../shared/tools/rpc-conformance");
const skip = existsSync(tool) ? false : "no ../shared/tools/rpc-conformance beside this repository";
const python = join(process.env.CACHE ?? join(homedir(), ".cache/mezzanine"), "venv/bin/python");
const CASES = 232;
const PASS_MIN = 225;

describe("execution-apis", { skip }, () => {
  let chain;
  before(async () => {
    await exec(join(root, "scripts/setup.sh"), ["python"]);
    chain = await startMezz();
  });
  after(() => chain?.stop());

  for (const side of ["l1", "l2"]) {
    test(`${side}: at least ${PASS_MIN} of ${CASES} cases`, async () => {
      const { rpc: url } = chain.deployment[side];
      // The tool exits with 1 unless all pass: what it prints counts.
      const printed = await exec("bash", ["-c", `N=99 "${python}" "${tool}" "${url}" || true`]);
      const [, passed, cases] = printed.match(/^(\d+) of (\d+) pass$/m) ?? assert.fail(printed);
      const failed = printed.split("\n").filter((line) => line.startsWith("FAIL"));
      console.log([`${side}: ${passed} of ${cases}`, ...failed].join("\n"));
      assert.equal(Number(cases), CASES);
      assert.ok(Number(passed) >= PASS_MIN, failed.join("\n"));
    });
  }
});
