// The walk over the bridge with an L1 that we did not write: Foundry's anvil, its blobs and its beacon API.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { toHex } from "viem";
import { bridgeTests } from "./bridge.mjs";
import { drillTests } from "./drills.mjs";
import { abiOf, eventually, rpc, startOnAnvil } from "./harness.mjs";

const inboxAbi = abiOf("Inbox");
const BLOBS = 2;
let running, anvil, chain;

before(async () => {
  running = await startOnAnvil();
  ({ anvil, chain } = running);
});
after(() => running?.stop());

bridgeTests(() => chain);

test("batches travel in blobs, and their blocks become safe", async () => {
  const { publicL1, publicL2, walletL2, accounts, deployment } = chain;
  const wallet = walletL2(accounts[9]);
  let last;
  // Bytes that nothing compresses: a blob is the cheaper way.
  for (let sent = 0; sent < 8; sent++) {
    const hash = await wallet.sendTransaction({ to: accounts[0].address, data: toHex(randomBytes(12_000)) });
    last = await publicL2.waitForTransactionReceipt({ hash });
  }
  await eventually("the block is safe", async () => (await publicL2.getBlock({ blockTag: "safe" })).number >= last.blockNumber);
  const logs = await publicL1.getContractEvents({ address: deployment.contracts.inbox, abi: inboxAbi, eventName: "BatchPosted", fromBlock: 0n });
  const carried = logs.filter(({ args: { header } }) => header.daType === BLOBS);
  assert.ok(carried.length > 0, "no batch in blobs");
  const transaction = await rpc(anvil.url, "eth_getTransactionByHash", [carried[0].transactionHash]);
  assert.equal(transaction.type, "0x3");
  assert.equal(carried[0].args.aux, `0x${transaction.blobVersionedHashes.map((hash) => hash.slice(2)).join("")}`);
});

drillTests(() => chain, ["liar", "censor"]);
