// What wallets and scripts do on L2: ethers, cast, and the calls that MetaMask makes; every transaction type; subscriptions.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Contract, ContractFactory, JsonRpcProvider, NonceManager, Wallet, WebSocketProvider, parseEther, toQuantity } from "ethers";
import { createPublicClient, createWalletClient, encodeFunctionData, hexToBigInt, parseGwei, webSocket, zeroAddress } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { compile } from "./compile.mjs";
import { cast, eventually, rpc, startMezz } from "./harness.mjs";

const { Batcher, Coin, Counter } = compile();
let chain, url;

before(async () => {
  chain = await startMezz();
  url = chain.deployment.l2.rpc;
});
after(() => chain?.stop());

const key = (index) => chain.deployment.accounts[index].privateKey;
const stranger = () => {
  const privateKey = generatePrivateKey();
  return Object.assign(privateKeyToAccount(privateKey), { privateKey });
};

describe("ethers", () => {
  let provider, wallet;
  before(() => {
    provider = new JsonRpcProvider(url, undefined, { pollingInterval: 200, cacheTimeout: -1 });
    wallet = new NonceManager(new Wallet(key(0), provider));
  });
  after(() => provider.destroy());

  test("knows the chain", async () => {
    assert.equal((await provider.getNetwork()).chainId, BigInt(chain.deployment.l2.chainId));
    const fees = await provider.getFeeData();
    assert.ok(fees.maxFeePerGas >= fees.maxPriorityFeePerGas && fees.gasPrice > 0n);
  });

  test("transfers ether", async () => {
    const { address } = stranger();
    const receipt = await (await wallet.sendTransaction({ to: address, value: parseEther("1.5") })).wait();
    assert.equal(receipt.status, 1);
    assert.equal(receipt.gasUsed, 21_000n);
    assert.equal(await provider.getBalance(address), parseEther("1.5"));
    const block = await provider.getBlock(receipt.blockNumber, true);
    assert.ok(block.transactions.includes(receipt.hash));
    assert.equal(block.getPrefetchedTransaction(receipt.hash).value, parseEther("1.5"));
  });

  test("deploys, calls, reads events and decodes a revert", async () => {
    const counter = await new ContractFactory(Counter.abi, Counter.bytecode, wallet).deploy();
    await counter.waitForDeployment();
    await (await counter.add(3n, { value: 5n })).wait();
    await (await counter.add(4n)).wait();
    assert.equal(await counter.count(), 7n);
    assert.equal(await counter.add.staticCall(10n), 17n);
    const events = await counter.queryFilter(counter.filters.Counted(await wallet.getAddress()));
    assert.deepEqual(events.map((event) => event.args.count), [3n, 7n]);
    await assert.rejects(counter.addAtMost.staticCall(1n, 5n), (error) => {
      assert.equal(error.revert.name, "TooMany");
      assert.deepEqual([...error.revert.args], [8n, 5n]);
      return true;
    });
    await assert.rejects(counter.addAtMost.estimateGas(1n, 5n), { code: "CALL_EXCEPTION" });
    const failed = await counter.addAtMost(1n, 5n, { gasLimit: 100_000n });
    await assert.rejects(failed.wait(), { code: "CALL_EXCEPTION" });
    assert.equal((await provider.getTransactionReceipt(failed.hash)).status, 0);
  });

  test("hears events over WebSocket", async () => {
    const socket = new WebSocketProvider(chain.deployment.l2.ws);
    try {
      const coin = await new ContractFactory(Coin.abi, Coin.bytecode, wallet).deploy("Coin", "C", parseEther("10"));
      await coin.waitForDeployment();
      const heard = [];
      const listener = new Contract(await coin.getAddress(), Coin.abi, socket);
      await listener.on("Transfer", (from, to, value) => heard.push(value));
      const blocks = [];
      await socket.on("block", (number) => blocks.push(number));
      // Subscriptions are made in order: whoever hears a block hears the event too.
      await eventually("a block", () => blocks.length > 0, 10);
      await (await coin.transfer(stranger().address, 42n)).wait();
      await eventually("the event", () => heard.includes(42n) && blocks.length > 0, 10);
    } finally {
      await socket.destroy();
    }
  });
});

describe("cast", () => {
  const flags = () => ["--rpc-url", url, "--private-key", key(1)];

  test("sends, calls and prints receipts", async () => {
    assert.equal(await cast("chain-id", "--rpc-url", url), String(chain.deployment.l2.chainId));
    const created = JSON.parse(await cast("send", ...flags(), "--json", "--create", Counter.bytecode));
    assert.equal(created.status, "0x1");
    const counter = created.contractAddress;
    await cast("send", ...flags(), counter, "add(uint256)", 9);
    assert.equal(await cast("call", "--rpc-url", url, counter, "count()(uint256)"), "9");
    assert.equal(await cast("code", "--rpc-url", url, counter), Counter.deployed);
    assert.equal(hexToBigInt(await cast("storage", "--rpc-url", url, counter, "0x0")), 9n);
    const receipt = JSON.parse(await cast("receipt", "--rpc-url", url, "--json", created.transactionHash));
    assert.equal(receipt.blockHash, created.blockHash);
    const block = JSON.parse(await cast("block", "--rpc-url", url, "--json", receipt.blockNumber));
    assert.equal(block.hash, receipt.blockHash);
  });

  test("transfers with legacy and dynamic fees", async () => {
    const { address } = stranger();
    await cast("send", ...flags(), "--legacy", "--value", "1", address);
    await cast("send", ...flags(), "--value", "2", address);
    assert.equal(await cast("balance", "--rpc-url", url, address), "3");
  });

  test("traces a transaction", async () => {
    const { transactionHash } = JSON.parse(await cast("send", ...flags(), "--json", "--value", "1", stranger().address));
    const trace = JSON.parse(await cast("rpc", "--rpc-url", url, "debug_traceTransaction", transactionHash, '{"tracer":"callTracer"}'));
    assert.equal(trace.type, "CALL");
    assert.equal(trace.value, "0x1");
  });
});

describe("transaction types", () => {
  // Account 2 sends these; `nonce` is read each time, as wallets do.
  const send = async (fields, account = chain.accounts[2]) => {
    const hash = await chain.walletL2(account).sendTransaction(fields);
    return chain.publicL2.waitForTransactionReceipt({ hash });
  };

  for (const [type, number] of [["legacy", 0], ["eip2930", 1], ["eip1559", 2]]) {
    test(`type ${number}`, async () => {
      const to = stranger().address;
      const accessList = type === "legacy" ? {} : { accessList: [{ address: to, storageKeys: [`0x${"00".repeat(32)}`] }] };
      const receipt = await send({ type, to, value: 7n, ...accessList });
      assert.equal(receipt.status, "success");
      assert.equal(receipt.type, type);
      assert.equal((await rpc(url, "eth_getTransactionByHash", [receipt.transactionHash])).type, toQuantity(number));
      assert.equal(await chain.publicL2.getBalance({ address: to }), 7n);
    });
  }

  test("type 0 signed without a chain id is the one kind that may be replayed", async () => {
    const from = stranger();
    await send({ to: from.address, value: parseGwei("1000000") });
    const raw = await from.signTransaction({ type: "legacy", to: zeroAddress, value: 1n, gas: 21_000n, gasPrice: parseGwei("10"), nonce: 0 });
    const hash = await rpc(url, "eth_sendRawTransaction", [raw]).catch((error) => error);
    if (hash instanceof Error) return assert.match(hash.message, /replay|EIP-155|chain id|protected/i);
    const receipt = await chain.publicL2.waitForTransactionReceipt({ hash });
    assert.equal(receipt.status, "success");
  });

  test("type 4 delegates an account to code", async () => {
    const owner = stranger();
    const batcher = await send({ data: Batcher.bytecode, to: null });
    await send({ to: owner.address, value: parseEther("0.1") });
    const [a, b] = [stranger().address, stranger().address];
    const wallet = chain.walletL2(owner);
    const authorization = await wallet.signAuthorization({ contractAddress: batcher.contractAddress, executor: "self" });
    const calls = [a, b].map((to, index) => ({ to, value: BigInt(index + 1), data: "0x" }));
    const data = encodeFunctionData({ abi: Batcher.abi, functionName: "run", args: [calls] });
    const receipt = await send({ to: owner.address, data, authorizationList: [authorization] }, owner);
    assert.equal(receipt.status, "success");
    assert.equal(receipt.type, "eip7702");
    assert.equal(await chain.publicL2.getBalance({ address: a }), 1n);
    assert.equal(await chain.publicL2.getBalance({ address: b }), 2n);
    const code = await chain.publicL2.getCode({ address: owner.address });
    assert.equal(code.toLowerCase(), `0xef0100${batcher.contractAddress.slice(2)}`.toLowerCase());
  });

  test("type 3 is refused with a reason", async () => {
    const sidecarless = await new Wallet(key(2)).signTransaction({
      chainId: chain.deployment.l2.chainId,
      type: 3,
      to: zeroAddress,
      gasLimit: 21_000n,
      nonce: await chain.publicL2.getTransactionCount({ address: chain.accounts[2].address }),
      maxFeePerGas: parseGwei("10"),
      maxPriorityFeePerGas: 1n,
      maxFeePerBlobGas: parseGwei("10"),
      blobVersionedHashes: [`0x01${"00".repeat(31)}`],
    });
    await assert.rejects(rpc(url, "eth_sendRawTransaction", [sidecarless]), /blob|type 3/i);
    const file = join(chain.datadir, "blob.txt");
    writeFileSync(file, "for L1");
    const flags = ["--rpc-url", url, "--private-key", key(2), "--gas-limit", "100000", "--blob-gas-price", "1", "--path", file];
    await assert.rejects(cast("send", ...flags, "--blob", zeroAddress), /blob|type 3/i);
  });

  test("what is wrong with a transaction is said", async () => {
    const account = stranger();
    // ethers signs what viem would not.
    const signer = new Wallet(account.privateKey);
    const usual = { type: 2, chainId: chain.deployment.l2.chainId, to: zeroAddress, gasLimit: 21_000n, nonce: 0, maxFeePerGas: parseGwei("10"), maxPriorityFeePerGas: 1n };
    const refused = async (fields, reason) =>
      assert.rejects(rpc(url, "eth_sendRawTransaction", [await signer.signTransaction({ ...usual, ...fields })]), reason);
    await refused({}, /insufficient funds|balance/i);
    await refused({ chainId: 1 }, /chain/i);
    await send({ to: account.address, value: parseEther("1") });
    await refused({ gasLimit: 20_000n }, /intrinsic gas|gas.*low/i);
    await refused({ gasLimit: 10n ** 12n }, /gas limit/i);
    await chain.walletL2(account).sendTransaction({ to: zeroAddress, value: 0n });
    await eventually("the nonce", async () => (await chain.publicL2.getTransactionCount({ address: account.address })) === 1);
    await refused({}, /nonce too low/i);
    await assert.rejects(rpc(url, "eth_sendRawTransaction", ["0x02c0"]));
  });
});

describe("the calls that MetaMask makes", () => {
  test("before it shows an account", async () => {
    const [{ address }] = chain.accounts;
    const id = toQuantity(chain.deployment.l2.chainId);
    assert.equal(await rpc(url, "eth_chainId"), id);
    assert.equal(await rpc(url, "net_version"), String(chain.deployment.l2.chainId));
    assert.match(await rpc(url, "web3_clientVersion"), /\S/);
    assert.match(await rpc(url, "eth_getBalance", [address, "latest"]), /^0x[1-9a-f]/);
    assert.equal(await rpc(url, "eth_getCode", [address, "latest"]), "0x");
    const block = await rpc(url, "eth_getBlockByNumber", ["latest", false]);
    assert.match(block.baseFeePerGas, /^0x/);
    const history = await rpc(url, "eth_feeHistory", ["0x5", "latest", [10, 20, 30]]);
    assert.equal(history.reward?.length ?? 0, history.gasUsedRatio.length);
    assert.equal(history.baseFeePerGas.length, history.gasUsedRatio.length + 1);
    assert.match(await rpc(url, "eth_gasPrice"), /^0x/);
    assert.match(await rpc(url, "eth_maxPriorityFeePerGas"), /^0x/);
  });

  test("around one transfer", async () => {
    const account = chain.accounts[3];
    const to = stranger().address;
    const gas = await rpc(url, "eth_estimateGas", [{ from: account.address, to, value: "0x1" }]);
    assert.ok(BigInt(gas) >= 21_000n && BigInt(gas) < 30_000n);
    const nonce = Number(await rpc(url, "eth_getTransactionCount", [account.address, "pending"]));
    const fields = { chainId: chain.deployment.l2.chainId, type: "eip1559", to, value: 1n, gas: BigInt(gas), nonce };
    const raw = await account.signTransaction({ ...fields, maxFeePerGas: parseGwei("10"), maxPriorityFeePerGas: 1n });
    const hash = await rpc(url, "eth_sendRawTransaction", [raw]);
    const receipt = await eventually("the receipt", () => rpc(url, "eth_getTransactionReceipt", [hash]));
    assert.equal(receipt.status, "0x1");
    const seen = await rpc(url, "eth_getTransactionByHash", [hash]);
    assert.equal(seen.blockHash, receipt.blockHash);
    assert.equal(seen.from.toLowerCase(), account.address.toLowerCase());
    assert.equal(await rpc(url, "eth_getTransactionCount", [account.address, "latest"]), toQuantity(nonce + 1));
  });

  test("a batch of calls gets a batch of answers, errors in their places", async () => {
    const calls = [
      { jsonrpc: "2.0", id: 7, method: "eth_chainId", params: [] },
      { jsonrpc: "2.0", id: 8, method: "eth_noSuchThing", params: [] },
      { jsonrpc: "2.0", id: 9, method: "eth_blockNumber", params: [] },
    ];
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(calls) });
    const answers = (await response.json()).sort((a, b) => a.id - b.id);
    assert.deepEqual(answers.map(({ id }) => id), [7, 8, 9]);
    assert.equal(answers[1].error.code, -32601);
    assert.match(answers[2].result, /^0x/);
  });

  test("a page from another origin may ask", async () => {
    const headers = { origin: "https://app.example", "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
    const response = await fetch(url, { method: "OPTIONS", headers });
    assert.ok(response.ok);
    assert.match(response.headers.get("access-control-allow-origin") ?? "", /^(\*|https:\/\/app\.example)$/);
  });
});

describe("waiting and listening", () => {
  test("eth_sendRawTransactionSync answers with the receipt", async () => {
    const account = chain.accounts[4];
    const nonce = await chain.publicL2.getTransactionCount({ address: account.address, blockTag: "pending" });
    const fields = { chainId: chain.deployment.l2.chainId, type: "eip1559", to: stranger().address, value: 1n, gas: 21_000n };
    const fees = { maxFeePerGas: parseGwei("10"), maxPriorityFeePerGas: 1n };
    const receipt = await rpc(url, "eth_sendRawTransactionSync", [await account.signTransaction({ ...fields, ...fees, nonce })]);
    assert.equal(receipt.status, "0x1");
    assert.equal(receipt.from.toLowerCase(), account.address.toLowerCase());
    // A gap in the nonces: no receipt can come, so the answer is an error, and in time.
    const gap = await account.signTransaction({ ...fields, ...fees, nonce: nonce + 5 });
    await assert.rejects(rpc(url, "eth_sendRawTransactionSync", [gap, 500]), (error) => [4, 5].includes(error.code));
  });

  test("subscriptions: newHeads, logs, newPendingTransactions", async () => {
    const transport = webSocket(chain.deployment.l2.ws);
    const listener = createPublicClient({ chain: chain.l2Chain, transport });
    const wallet = createWalletClient({ chain: chain.l2Chain, transport, account: chain.accounts[5] });
    const seen = { newHeads: [], logs: [], newPendingTransactions: [] };
    const socket = await listener.transport.getRpcClient();
    const subscriptions = await Promise.all(
      Object.keys(seen).map((name) =>
        listener.transport.subscribe({ params: name === "logs" ? [name, {}] : [name], onData: ({ result }) => seen[name].push(result), onError: assert.fail }),
      ),
    );
    try {
      const hash = await wallet.deployContract({ abi: Counter.abi, bytecode: Counter.bytecode });
      const { contractAddress } = await chain.publicL2.waitForTransactionReceipt({ hash });
      const call = await wallet.writeContract({ address: contractAddress, abi: Counter.abi, functionName: "add", args: [2n] });
      const receipt = await chain.publicL2.waitForTransactionReceipt({ hash: call });
      await eventually("the log", () => seen.logs.find((log) => log.transactionHash === call), 10);
      await eventually("the pending transaction", () => seen.newPendingTransactions.includes(call), 10);
      const head = await eventually("the head", () => seen.newHeads.find((head) => head.hash === receipt.blockHash), 10);
      assert.equal(hexToBigInt(head.number), receipt.blockNumber);
    } finally {
      await Promise.all(subscriptions.map((subscription) => subscription.unsubscribe()));
      socket.close();
    }
  });

  test("filters: logs, blocks, pending transactions", async () => {
    const wallet = chain.walletL2(chain.accounts[5]);
    const hash = await wallet.deployContract({ abi: Counter.abi, bytecode: Counter.bytecode });
    const { contractAddress } = await chain.publicL2.waitForTransactionReceipt({ hash });
    const logs = await rpc(url, "eth_newFilter", [{ address: contractAddress }]);
    const blocks = await rpc(url, "eth_newBlockFilter");
    const pending = await rpc(url, "eth_newPendingTransactionFilter");
    const call = await wallet.writeContract({ address: contractAddress, abi: Counter.abi, functionName: "add", args: [2n] });
    const receipt = await chain.publicL2.waitForTransactionReceipt({ hash: call });
    const [change] = await eventually("a log", async () => (await rpc(url, "eth_getFilterChanges", [logs])).filter((log) => log.transactionHash === call));
    assert.equal(change.blockHash, receipt.blockHash);
    assert.deepEqual(await rpc(url, "eth_getFilterChanges", [logs]), []);
    assert.equal((await rpc(url, "eth_getFilterLogs", [logs])).length, 1);
    assert.ok((await rpc(url, "eth_getFilterChanges", [blocks])).includes(receipt.blockHash));
    assert.ok((await rpc(url, "eth_getFilterChanges", [pending])).includes(call));
    for (const filter of [logs, blocks, pending]) assert.equal(await rpc(url, "eth_uninstallFilter", [filter]), true);
    await assert.rejects(rpc(url, "eth_getFilterChanges", [logs]), /filter/i);
  });

  test("blocks come without transactions too", async () => {
    const first = await chain.publicL2.getBlockNumber();
    await eventually("two more blocks", async () => (await chain.publicL2.getBlockNumber()) >= first + 2n, 30);
    const [latest, safe, finalized] = await Promise.all(
      ["latest", "safe", "finalized"].map((blockTag) => chain.publicL2.getBlock({ blockTag })),
    );
    assert.ok(latest.number >= safe.number && safe.number >= finalized.number);
  });
});

describe("state", () => {
  test("of the past stays readable", async () => {
    const to = stranger().address;
    const before = await chain.publicL2.getBlockNumber();
    const hash = await chain.walletL2(chain.accounts[6 % chain.accounts.length]).sendTransaction({ to, value: 11n });
    const { blockNumber } = await chain.publicL2.waitForTransactionReceipt({ hash });
    assert.equal(await chain.publicL2.getBalance({ address: to, blockNumber: before }), 0n);
    assert.equal(await chain.publicL2.getBalance({ address: to, blockNumber }), 11n);
  });

  test("is proved against the block's root", async () => {
    const block = await chain.publicL2.getBlock();
    const proof = await chain.publicL2.getProof({ address: chain.accounts[0].address, storageKeys: [], blockNumber: block.number });
    const balance = await chain.publicL2.getBalance({ address: chain.accounts[0].address, blockNumber: block.number });
    assert.equal(proof.balance, balance);
    assert.ok(proof.accountProof.length > 0);
  });

  test("can be asked about with overrides, simulated, and listed", async () => {
    const from = stranger().address;
    const override = { [from]: { balance: toQuantity(parseEther("5")) } };
    assert.equal(await rpc(url, "eth_call", [{ from, to: zeroAddress, value: toQuantity(parseEther("4")) }, "latest", override]), "0x");
    const [{ calls }] = await rpc(url, "eth_simulateV1", [{ blockStateCalls: [{ stateOverrides: override, calls: [{ from, to: zeroAddress, value: "0x1" }] }] }, "latest"]);
    assert.equal(calls[0].status, "0x1");
    const { accessList } = await rpc(url, "eth_createAccessList", [{ from: chain.accounts[0].address, to: zeroAddress }, "latest"]);
    assert.deepEqual(accessList, []);
  });
});
