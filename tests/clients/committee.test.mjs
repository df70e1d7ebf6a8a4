// The bridge of a chain whose data lie with a committee, on the embedded L1: the same contracts, the same clients.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bridgeTests } from "./bridge.mjs";
import { drill } from "./drills.mjs";
import { abiOf, eventually, startMezz } from "./harness.mjs";

const inboxAbi = abiOf("Inbox");
const COMMITTEE = 3;
let chain;

before(async () => {
  chain = await startMezz({ family: "optimium" });
});
after(() => chain?.stop());

bridgeTests(() => chain);

test("nothing of a batch is on L1 but its certificate", async () => {
  const { publicL1, deployment } = chain;
  assert.equal(deployment.family, "optimium");
  assert.equal(deployment.committee.members.length, 3);
  const logs = await eventually("a batch", async () => {
    const logs = await publicL1.getContractEvents({ address: deployment.contracts.inbox, abi: inboxAbi, eventName: "BatchPosted", fromBlock: 0n });
    return logs.length > 2 && logs;
  });
  for (const { args } of logs) {
    assert.equal(args.header.daType, COMMITTEE);
    // Epoch, expiry, hash, length, who signed; two signatures.
    assert.equal((args.aux.length - 2) / 2, 55 + 2 * 65);
  }
});

test("what a batcher and its committee keep back is demanded and void, and the chain goes on", async () => {
  const { verdict, moves } = await drill(chain, "data-withholder");
  assert.equal(verdict.honestWon, true);
  assert.deepEqual(
    ["demand", "reclaim"].map((action) => moves.filter((move) => move.side === "honest" && move.action === action).length),
    [1, 1],
  );
  // Wallets notice nothing but that it took longer.
  const { publicL2, walletL2, accounts } = chain;
  const hash = await walletL2(accounts[0]).sendTransaction({ to: accounts[1].address, value: 1n });
  assert.equal((await publicL2.waitForTransactionReceipt({ hash })).status, "success");
});
