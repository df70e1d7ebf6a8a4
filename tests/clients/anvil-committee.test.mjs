// The bridge of a chain with a data committee, on an L1 that we did not write.
import { after, before } from "node:test";
import { bridgeTests } from "./bridge.mjs";
import { startOnAnvil } from "./harness.mjs";

let running;

before(async () => {
  running = await startOnAnvil({ family: "optimium" });
});
after(() => running?.stop());

bridgeTests(() => running.chain);
