// Every adversary with a name, on the embedded L1.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { drill, drillTests } from "./drills.mjs";
import { startMezz } from "./harness.mjs";

let chain;

before(async () => {
  chain = await startMezz();
});
after(() => chain?.stop());

drillTests(() => chain, ["liar", "garbage", "withholder", "censor"]);

test("the equivocator gets one of its two claims past L1", async () => {
  const { verdict, moves } = await drill(chain, "equivocator");
  assert.equal(verdict.honestWon, true);
  assert.equal(moves.filter(({ side, action }) => side === "adversary" && action === "assert").length, 1);
});
