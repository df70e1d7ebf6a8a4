// The embedded L1 as people use a development chain: controls, blobs, the beacon API; and the rollup above lives on.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { hexToBytes, keccak256, parseEther, toHex, zeroAddress } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { deploy, deposit } from "./bridge.mjs";
import { compile } from "./compile.mjs";
import { cast, eventually, rpc, startMezz } from "./harness.mjs";

const { Counter } = compile();
let chain, url, beacon;

before(async () => {
  chain = await startMezz();
  url = chain.deployment.l1.rpc;
  beacon = chain.deployment.l1.beacon;
});
after(() => chain?.stop());

const call = (method, ...params) => rpc(url, method, params);
const head = () => call("eth_getBlockByNumber", "latest", false);
const stranger = () => privateKeyToAccount(generatePrivateKey()).address;

describe("controls", () => {
  test("mine blocks at once", async () => {
    const before = BigInt((await head()).number);
    await call("anvil_mine", "0x5");
    await call("evm_mine");
    assert.ok(BigInt((await head()).number) >= before + 6n);
  });

  test("move time forward", async () => {
    const before = BigInt((await head()).timestamp);
    await call("evm_increaseTime", "0xe10");
    await call("evm_mine");
    const after = BigInt((await head()).timestamp);
    assert.ok(after >= before + 3_600n && after < before + 3_660n);
    await call("evm_setNextBlockTimestamp", toHex(after + 100n));
    await call("evm_mine");
    assert.ok(BigInt((await head()).timestamp) >= after + 100n);
  });

  test("set balance, code, storage, nonce", async () => {
    const address = stranger();
    await call("anvil_setBalance", address, toHex(parseEther("3")));
    await call("anvil_setCode", address, Counter.deployed);
    await call("anvil_setStorageAt", address, `0x${"00".repeat(32)}`, toHex(41n, { size: 32 }));
    await call("anvil_setNonce", address, "0x7");
    const { publicL1 } = chain;
    assert.equal(await publicL1.getBalance({ address }), parseEther("3"));
    assert.equal(await publicL1.readContract({ address, abi: Counter.abi, functionName: "count" }), 41n);
    assert.equal(await publicL1.getTransactionCount({ address }), 7);
  });

  test("act as somebody without a key", async () => {
    const [from, to] = [stranger(), stranger()];
    await call("anvil_setBalance", from, toHex(parseEther("1")));
    await assert.rejects(call("eth_sendTransaction", { from, to, value: "0x5" }));
    await call("anvil_impersonateAccount", from);
    const hash = await call("eth_sendTransaction", { from, to, value: "0x5" });
    await chain.publicL1.waitForTransactionReceipt({ hash });
    assert.equal(await chain.publicL1.getBalance({ address: to }), 5n);
    await call("anvil_stopImpersonatingAccount", from);
    await assert.rejects(call("eth_sendTransaction", { from, to, value: "0x5" }));
  });

  test("take a snapshot and come back to it", async () => {
    const to = stranger();
    const snapshot = await call("evm_snapshot");
    const hash = await chain.walletL1(chain.accounts[1]).sendTransaction({ to, value: 5n });
    await chain.publicL1.waitForTransactionReceipt({ hash });
    assert.equal(await call("evm_revert", snapshot), true);
    assert.equal(await chain.publicL1.getBalance({ address: to }), 0n);
    assert.equal(await call("eth_getTransactionReceipt", hash), null);
    assert.equal(await call("evm_revert", snapshot), false);
  });

  test("reorganise, with other transactions", async () => {
    const [first, second] = [stranger(), stranger()];
    const account = chain.accounts[2];
    const nonce = await chain.publicL1.getTransactionCount({ address: account.address });
    const fees = { type: "eip1559", chainId: chain.l1Chain.id, gas: 21_000n, maxFeePerGas: parseEther("0.000001"), maxPriorityFeePerGas: 1n };
    const sign = (to) => account.signTransaction({ ...fees, nonce, to, value: 3n });
    const hash = await call("eth_sendRawTransaction", await sign(first));
    const { blockNumber } = await chain.publicL1.waitForTransactionReceipt({ hash });
    const before = await chain.publicL1.getBlock({ blockNumber });
    const other = await sign(second);
    // No block comes between the question and the reorganisation.
    await call("evm_setIntervalMining", 0);
    const depth = BigInt((await head()).number) - blockNumber + 1n;
    await call("anvil_reorg", Number(depth), [[other, 0]]);
    await call("evm_setIntervalMining", 1);
    const now = await chain.publicL1.getBlock({ blockNumber });
    assert.notEqual(now.hash, before.hash);
    assert.equal(now.parentHash, before.parentHash);
    assert.equal(await chain.publicL1.getBalance({ address: first }), 0n);
    assert.equal(await chain.publicL1.getBalance({ address: second }), 3n);
  });

  test("leave the rollup alive", async () => {
    const to = stranger();
    const request = await chain.publicL2.buildDepositTransaction({ mint: 77n, to });
    const receipt = await deposit(chain, chain.accounts[3], request.request);
    assert.equal(receipt.status, "success");
    assert.equal(await chain.publicL2.getBalance({ address: to }), 77n);
  });
});

describe("blobs", () => {
  const TEXT = "read me back";
  let receipt;

  before(async () => {
    const file = join(chain.datadir, "blob.txt");
    writeFileSync(file, TEXT);
    const key = chain.deployment.accounts[4].privateKey;
    const flags = ["--rpc-url", url, "--private-key", key, "--blob", "--path", file];
    receipt = JSON.parse(await cast("send", ...flags, "--json", zeroAddress));
    await assert.rejects(cast("send", ...flags, "--eip4844", zeroAddress), /sidecar|cell proof|version|7594/i);
  });

  const get = async (path, accept = "application/json") => {
    const response = await fetch(`${beacon}/eth/v1/${path}`, { headers: { accept } });
    assert.equal(response.status, 200, path);
    return accept === "application/json" ? response.json() : new Uint8Array(await response.arrayBuffer());
  };

  /** The beacon slot of an L1 block: what the headers endpoint says of the block's time. */
  const slot = async () => {
    const genesis = Number((await get("beacon/genesis")).data.genesis_time);
    const seconds = Number((await get("config/spec")).data.SECONDS_PER_SLOT);
    const { timestamp } = await chain.publicL1.getBlock({ blockNumber: BigInt(receipt.blockNumber) });
    return Math.floor((Number(timestamp) - genesis) / seconds);
  };

  const carries = (blob) => {
    const payload = hexToBytes(blob).filter((_, index) => index % 32 !== 0);
    return new TextDecoder("latin1").decode(payload).includes(TEXT);
  };

  test("a transaction of type 3 pays blob gas", async () => {
    assert.equal(receipt.type, "0x3");
    assert.equal(receipt.blobGasUsed, "0x20000");
    assert.ok(BigInt(receipt.blobGasPrice) >= 1n);
    const block = await call("eth_getBlockByNumber", receipt.blockNumber, false);
    assert.ok(BigInt(block.blobGasUsed) >= 0x20000n);
    assert.match(await call("eth_blobBaseFee"), /^0x/);
  });

  test("are served by the beacon API", async () => {
    const id = await slot();
    const { data } = await get(`beacon/blobs/${id}`);
    assert.ok(data.some(carries));
    const { blobVersionedHashes } = await call("eth_getTransactionByHash", receipt.transactionHash);
    const chosen = await get(`beacon/blobs/${id}?versioned_hashes=${blobVersionedHashes[0]}`);
    assert.ok(carries(chosen.data[0]) && chosen.data.length === 1);
    const raw = await get(`beacon/blobs/${id}`, "application/octet-stream");
    assert.equal(raw.length, 131_072 * data.length);
    const sidecars = await get(`beacon/blob_sidecars/${id}`);
    const ours = sidecars.data.find(({ blob }) => carries(blob));
    assert.match(ours.kzg_commitment, /^0x[0-9a-f]{96}$/);
    const header = await get(`beacon/headers/${id}`);
    assert.equal(header.data.header.message.slot, String(id));
    assert.ok((await get("beacon/headers/head")).data.root.length === 66);
    assert.ok(Array.isArray((await get("beacon/blobs/head")).data));
  });
});

describe("the fork", () => {
  test("has the contracts that tools expect", async () => {
    const codes = {
      multicall3: "0xcA11bde05977b3631167028862bE2a173976CA11",
      create2: "0x4e59b44847b379578588920cA78FbF26c0B4956C",
      beaconRoots: "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02",
      history: "0x0000F90827F1C53a10cb7A02335B175320002935",
    };
    for (const [name, address] of Object.entries(codes)) {
      assert.notEqual((await chain.publicL1.getCode({ address })) ?? "0x", "0x", name);
    }
  });

  test("knows the hashes of blocks and of beacon blocks", async () => {
    const block = await head();
    const parent = await call("eth_getBlockByHash", block.parentHash, false);
    const to = "0x0000F90827F1C53a10cb7A02335B175320002935";
    assert.equal(await call("eth_call", { to, data: toHex(BigInt(parent.number), { size: 32 }) }, block.number), parent.hash);
    const roots = "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02";
    const root = await call("eth_call", { to: roots, data: toHex(BigInt(block.timestamp), { size: 32 }) }, block.number);
    assert.equal(root, block.parentBeaconBlockRoot);
  });

  test("moves its safe and finalized blocks", async () => {
    const number = async (tag) => BigInt((await call("eth_getBlockByNumber", tag, false)).number);
    const before = await number("finalized");
    await call("anvil_mine", "0x80");
    await eventually("a later finalized block", async () => (await number("finalized")) > before);
    assert.ok((await number("safe")) >= (await number("finalized")));
  });

  test("deploys by CREATE2 to the same place everywhere", async () => {
    const wallet = chain.walletL1(chain.accounts[5]);
    const to = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
    const hash = await wallet.sendTransaction({ to, data: `0x${"00".repeat(32)}${Counter.bytecode.slice(2)}` });
    await chain.publicL1.waitForTransactionReceipt({ hash });
    const address = `0x${keccak256(`0xff${to.slice(2)}${"00".repeat(32)}${keccak256(Counter.bytecode).slice(2)}`).slice(26)}`;
    assert.equal(await chain.publicL1.getCode({ address }), Counter.deployed);
    const plain = await deploy(chain.publicL1, wallet, Counter);
    assert.equal(await chain.publicL1.getCode({ address: plain }), Counter.deployed);
  });
});
