// The bridges of the families with validity proofs, on an L1 that we did not write: OpenVM's contract verifies there.
import { after, before, describe } from "node:test";
import { parseEther, toHex, zeroAddress } from "viem";
import { bridgeTests } from "./bridge.mjs";
import { rpc, startAnvil, startMezz } from "./harness.mjs";
import { FAMILIES, familyTests, wrappedTests } from "./proofs.mjs";

describe("families with validity proofs on anvil", { concurrency: true }, () => {
  for (const [family, expected] of Object.entries(FAMILIES)) {
    describe(family, () => {
      let anvil, chain;
      before(async () => {
        anvil = await startAnvil();
        chain = await startMezz({ family, l1Url: anvil.url });
        // As in anvil.test.mjs: the contract that viem asks, and the sender that it estimates with.
        const { address } = chain.l1Chain.contracts.multicall3;
        await rpc(anvil.url, "anvil_setCode", [address, await chain.publicL2.getCode({ address })]);
        await rpc(anvil.url, "anvil_setBalance", [zeroAddress, toHex(parseEther("1000"))]);
      });
      after(async () => {
        await chain?.stop();
        await anvil?.stop();
      });

      bridgeTests(() => chain);
      familyTests(() => chain, family, expected);
      wrappedTests(() => chain);
    });
  }
});
