// The walk over the bridge with an L1 that we did not write: Foundry's anvil, its blobs and its beacon API.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { parseEther, toHex, zeroAddress } from "viem";
import { bridgeTests } from "./bridge.mjs";
import { drillTests } from "./drills.mjs";
import { abiOf, eventually, rpc, startAnvil, startMezz } from "./harness.mjs";

const inboxAbi = abiOf("Inbox");
const BLOBS = 2;
let anvil, chain;

before(async () => {
  anvil = await startAnvil();
  chain = await startMezz({ l1Url: anvil.url });
  // anvil has no multicall contract, which viem asks for on L1: it gets the code that our L2 has.
  const { address } = chain.l1Chain.contracts.multicall3;
  await rpc(anvil.url, "anvil_setCode", [address, await chain.publicL2.getCode({ address })]);
  // viem estimates withdrawals without a sender, as the zero address: on a real L1 that is a rich one.
  await rpc(anvil.url, "anvil_setBalance", [zeroAddress, toHex(parseEther("1000"))]);
});
after(async () => {
  await chain?.stop();
  await anvil?.stop();
});

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
