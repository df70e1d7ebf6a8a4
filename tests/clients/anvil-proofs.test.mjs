// The bridges of the families with validity proofs, on an L1 that we did not write: OpenVM's contract verifies there.
import { after, before, describe } from "node:test";
import { bridgeTests } from "./bridge.mjs";
import { startOnAnvil } from "./harness.mjs";
import { FAMILIES, familyTests, wrappedTests } from "./proofs.mjs";

describe("families with validity proofs on anvil", { concurrency: true }, () => {
  for (const [family, expected] of Object.entries(FAMILIES)) {
    describe(family, () => {
      let running;
      before(async () => {
        running = await startOnAnvil({ family });
      });
      after(() => running?.stop());

      const chain = () => running.chain;
      bridgeTests(chain);
      familyTests(chain, family, expected);
      wrappedTests(chain);
    });
  }
});
