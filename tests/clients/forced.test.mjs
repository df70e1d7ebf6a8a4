// The way in and out without the operator: the sequencer is dead, L1 is not ours, and a stranger uses the rollup all the same.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { encodeFunctionData, keccak256, parseAbi, parseEther, parseGwei, toHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { deposit, pay, prove, write } from "./bridge.mjs";
import { abiOf, eventually, rpc, startAnvil, startMezz, startNode } from "./harness.mjs";

const inbox = abiOf("Inbox");
const portal = abiOf("Portal");
const passer = parseAbi(["function initiateWithdrawal(address target, uint256 gasLimit, bytes data) payable"]);
const MESSAGE_PASSER = "0x4200000000000000000000000000000000000016";
const CALLDATA = 1;

const stranger = () => privateKeyToAccount(generatePrivateKey());

describe("without the operator", () => {
  let anvil, chain, node, datadir;
  const [user, friend, payee] = [stranger(), stranger(), stranger()];
  const hashes = {};

  before(async () => {
    datadir = mkdtempSync(join(tmpdir(), "mezz-forced-"));
    anvil = await startAnvil();
    chain = await startMezz({ l1Url: anvil.url, datadir });
    const { address } = chain.l1Chain.contracts.multicall3;
    await rpc(anvil.url, "anvil_setCode", [address, await chain.publicL2.getCode({ address })]);
  });
  after(async () => {
    await node?.stop();
    await chain?.stop();
    await anvil?.stop();
    rmSync(datadir, { recursive: true, force: true });
  });

  const read = (functionName, ...args) =>
    chain.publicL1.readContract({ address: chain.deployment.contracts.inbox, abi: inbox, functionName, args });
  const act = (account, functionName, args = []) =>
    write(chain.publicL1, chain.walletL1(account), { address: chain.deployment.contracts.inbox, abi: inbox, functionName, args });
  const force = async (raw, gas) =>
    write(chain.publicL1, chain.walletL1(chain.accounts[1]), {
      address: chain.deployment.contracts.portal,
      abi: portal,
      functionName: "forceTransaction",
      args: [gas, raw],
    });
  const sleepOnL1 = async (seconds) => {
    await rpc(anvil.url, "evm_increaseTime", [Number(seconds)]);
    await rpc(anvil.url, "evm_mine");
  };

  test("the sequencer dies", async () => {
    const posted = await chain.publicL2.getBlockNumber();
    await eventually("a batch", async () => (await chain.publicL2.getBlock({ blockTag: "safe" })).number >= posted);
    await chain.program.stop("SIGKILL");
    await assert.rejects(rpc(chain.deployment.l2.rpc, "eth_chainId"));
  });

  test("a user deposits, sends and starts a withdrawal, on L1 alone", async () => {
    const request = { to: user.address, mint: parseEther("1"), value: parseEther("1"), gas: 100_000n };
    const hash = await chain.walletL1(chain.accounts[1]).depositTransaction({ request, gas: 500_000n, targetChain: chain.l2Chain });
    assert.equal((await chain.publicL1.waitForTransactionReceipt({ hash })).status, "success");

    const fees = { type: "eip1559", chainId: chain.l2Chain.id, maxFeePerGas: parseGwei("50"), maxPriorityFeePerGas: 1n };
    const transfer = await user.signTransaction({ ...fees, nonce: 0, to: friend.address, value: 123n, gas: 21_000n });
    const data = encodeFunctionData({ abi: passer, functionName: "initiateWithdrawal", args: [payee.address, 100_000n, "0x"] });
    const exit = await user.signTransaction({ ...fees, nonce: 1, to: MESSAGE_PASSER, value: parseEther("0.5"), data, gas: 200_000n });
    await force(transfer, 100_000n);
    await force(exit, 300_000n);
    Object.assign(hashes, { transfer: keccak256(transfer), exit: keccak256(exit) });
  });

  test("nobody forces before the sequencer had its time", async () => {
    const [first] = await chain.publicL1.getContractEvents({
      address: chain.deployment.contracts.inbox,
      abi: inbox,
      eventName: "MessageEnqueued",
      args: { index: await read("consumed") },
      fromBlock: 0n,
    });
    assert.ok(first, "the oldest message that waits");
    const early = { address: chain.deployment.contracts.inbox, abi: inbox, functionName: "forceInclude", account: chain.accounts[2] };
    await assert.rejects(chain.publicL1.simulateContract(early), /Inbox_NothingToForce/);
    const garbage = [CALLDATA, await read("acc", await read("batchCount")), await read("queueCount"), await read("queueAcc", await read("queueCount")), 1, "0x00"];
    await assert.rejects(chain.publicL1.simulateContract({ ...early, functionName: "postBatch", args: garbage }), /Inbox_NotBatcher/);
  });

  test("then anybody includes what waits", async () => {
    await sleepOnL1((await read("forceDelay")) + (await read("forceGrace")) + 2n);
    const waiting = await read("queueCount");
    await act(chain.accounts[2], "forceInclude");
    assert.ok((await read("consumed")) >= waiting);
  });

  test("and a node that knows L1 alone has all of it", async () => {
    const roles = ["watcher", "proposer"];
    const key = chain.deployment.accounts[3].privateKey;
    const args = ["--proposer-key", key, "--claim-interval", 4, "--confirmations", 0];
    node = await startNode({ deployment: chain.deployment, rollup: join(datadir, "rollup.json"), roles, args });
    const receipt = await node.publicL2.waitForTransactionReceipt({ hash: hashes.transfer, timeout: 60_000 });
    assert.equal(receipt.status, "success");
    assert.equal(await node.publicL2.getBalance({ address: friend.address }), 123n);
    assert.equal((await node.publicL2.getTransactionReceipt({ hash: hashes.exit })).status, "success");
  });

  test("later anybody posts batches: garbage moves the chain and breaks nothing", async () => {
    await sleepOnL1((await read("permissionlessDelay")) + 2n);
    assert.equal(await read("permissionlessOpen"), true);
    for (const payload of [toHex(randomBytes(500)), "0x0101", "0x"]) {
      const [batches, messages] = [await read("batchCount"), await read("queueCount")];
      const before = await node.publicL2.getBlockNumber();
      await act(chain.accounts[4], "postBatch", [CALLDATA, await read("acc", batches), messages, await read("queueAcc", messages), 2, payload]);
      await eventually("two more blocks", async () => (await node.publicL2.getBlockNumber()) >= before + 2n);
    }
  });

  test("the user's money comes out", async () => {
    const receipt = await node.publicL2.getTransactionReceipt({ hash: hashes.exit });
    await prove(node, chain.accounts[5], receipt);
    await pay(node, chain.accounts[5], receipt);
    assert.equal(await chain.publicL1.getBalance({ address: payee.address }), parseEther("0.5"));
  });

  test("the sequencer comes back and goes on from there", async () => {
    const head = await node.publicL2.getBlock();
    chain = await startMezz({ l1Url: anvil.url, datadir });
    await eventually("the forced transfer", () => chain.publicL2.getTransactionReceipt({ hash: hashes.transfer }).catch(() => null));
    assert.equal((await chain.publicL2.getBlock({ blockNumber: head.number })).hash, head.hash);
    const request = await chain.publicL2.buildDepositTransaction({ mint: 5n, to: friend.address });
    const receipt = await deposit(chain, chain.accounts[6], request.request);
    assert.equal(receipt.status, "success");
    assert.equal(await chain.publicL2.getBalance({ address: friend.address }), 128n);
  });
});
