// A chain whose batches may lack signatures: a stranger's bridge, and what becomes of a batch without.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parseEther } from "viem";
import { bridgeTests } from "./bridge.mjs";
import { eventually, mezz, rpc, startMezz } from "./harness.mjs";

describe("signatures proved, and no prover: they are posted", () => {
  let chain;
  before(async () => {
    chain = await startMezz({ family: "zk", args: ["--signatures", "proved"] });
  });
  after(() => chain?.stop());

  bridgeTests(() => chain);

  test("a worker that asks is enough for a batch without signatures, which is wanted to be proven", async () => {
    const { deployment, publicL2, walletL2, accounts } = chain;
    const l2 = deployment.l2.rpc;
    assert.ok(deployment.contracts.signatures.proofs);
    await rpc(l2, "mezz_takeProof", [{ worker: "stranger" }]);
    const hash = await walletL2(accounts[4]).sendTransaction({ to: accounts[5].address, value: parseEther("0.01") });
    const receipt = await publicL2.waitForTransactionReceipt({ hash });
    const posted = () => rpc(l2, "mezz_getBatchByBlock", [`0x${receipt.blockNumber.toString(16)}`]);
    const batch = await eventually("the batch", posted);
    assert.equal(batch.unsigned, true);
    assert.equal(batch.status, "revocable");
    // Its sender knows it as ever.
    const known = await publicL2.getTransaction({ hash });
    assert.equal(known.hash, hash);
    assert.notEqual(BigInt(known.r), 0n);
    const wanted = async () => (await rpc(l2, "mezz_getProofs")).find(({ kind }) => kind === "signatures");
    const job = await eventually("a proof to be wanted", wanted);
    assert.ok(job.batches.from <= batch.index && batch.index < job.batches.to, JSON.stringify(job));
    const status = JSON.parse(await mezz("status", "--datadir", chain.datadir, "--json"));
    assert.ok(status.status.signatures.unproven >= 1, JSON.stringify(status));
    assert.match(await mezz("status", "--datadir", chain.datadir), /batches without, \d+ of them to be proven yet/);
  });
});
