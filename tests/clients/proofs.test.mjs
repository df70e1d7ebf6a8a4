// The bridges of the families with validity proofs, on embedded L1s and with no prover: the step route carries the claims.
import { after, before, describe } from "node:test";
import { bridgeTests } from "./bridge.mjs";
import { startMezz } from "./harness.mjs";
import { FAMILIES, familyTests } from "./proofs.mjs";

describe("families with validity proofs", { concurrency: true }, () => {
  for (const [family, expected] of Object.entries(FAMILIES)) {
    describe(family, () => {
      let chain;
      before(async () => {
        chain = await startMezz({ family });
      });
      after(() => chain?.stop());

      bridgeTests(() => chain);
      familyTests(() => chain, family, expected);
    });
  }
});
