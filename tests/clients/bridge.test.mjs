// The bridge on the embedded L1.
import { after, before } from "node:test";
import { bridgeTests } from "./bridge.mjs";
import { startMezz } from "./harness.mjs";

let chain;
before(async () => {
  chain = await startMezz();
});
after(() => chain?.stop());

bridgeTests(() => chain);
