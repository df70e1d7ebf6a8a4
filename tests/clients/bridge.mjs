// The walk over the bridge with viem's `op-stack` actions, unmodified: in, about, and out again.
//
// One set of tests for every L1 below the rollup: bridge.test.mjs runs it on the embedded one, anvil.test.mjs on one that is not ours.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeFunctionData, getAddress, parseAbi, parseEther, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { getL2TransactionHashes, getWithdrawals } from "viem/op-stack";
import { compile } from "./compile.mjs";
import { abiOf, eventually } from "./harness.mjs";

const { Coin, Counter, Door, Greedy, Picture } = compile();
const standardBridge = parseAbi([
  "function bridgeERC20To(address localToken, address remoteToken, address to, uint256 amount, uint32 minGasLimit, bytes extraData)",
]);
const erc721Bridge = parseAbi([
  "function bridgeERC721To(address localToken, address remoteToken, address to, uint256 tokenId, uint32 minGasLimit, bytes extraData)",
]);
const factories = parseAbi([
  "function createOptimismMintableERC20(address remoteToken, string name, string symbol) returns (address)",
  "function createOptimismMintableERC721(address remoteToken, string name, string symbol) returns (address)",
  "event OptimismMintableERC20Created(address indexed localToken, address indexed remoteToken, address deployer)",
  "event OptimismMintableERC721Created(address indexed localToken, address indexed remoteToken, address deployer)",
]);
const portal = abiOf("Portal");
const L2_STANDARD_BRIDGE = "0x4200000000000000000000000000000000000010";
const ERC20_FACTORY = "0x4200000000000000000000000000000000000012";
const L2_ERC721_BRIDGE = "0x4200000000000000000000000000000000000014";
const ERC721_FACTORY = "0x4200000000000000000000000000000000000017";
const MESSAGE_GAS = 300_000;

const stranger = () => privateKeyToAccount(generatePrivateKey()).address;

/** The tests; `chain()` gives the running rollup. Each uses an account of its own, because they run side by side. */
export function bridgeTests(chain) {
  describe("deposits", { concurrency: true }, () => {
    test("ether, by its hash on L2", async () => {
      const { publicL1, publicL2, walletL1, accounts, l2Chain } = chain();
      const to = stranger();
      const request = await publicL2.buildDepositTransaction({ mint: parseEther("0.5"), to });
      const hash = await walletL1(accounts[0]).depositTransaction(request);
      const receipt = await publicL1.waitForTransactionReceipt({ hash });
      assert.equal(receipt.status, "success");
      const [l2Hash] = getL2TransactionHashes(receipt);
      const l2Receipt = await publicL2.waitForTransactionReceipt({ hash: l2Hash, timeout: 60_000 });
      assert.equal(l2Receipt.status, "success");
      assert.equal(await publicL2.getBalance({ address: to }), parseEther("0.5"));
      const transaction = await publicL2.getTransaction({ hash: l2Hash });
      assert.equal(transaction.type, "deposit");
      assert.equal(transaction.mint, parseEther("0.5"));
      assert.equal(l2Chain.sourceId, await publicL1.getChainId());
    });

    test("a call, and a contract", async () => {
      const { publicL2, accounts } = chain();
      const creation = { data: Counter.bytecode, isCreation: true, gas: 1_000_000n };
      const created = await deposit(chain(), accounts[1], creation);
      assert.equal(created.status, "success");
      const data = encodeFunctionData({ abi: Counter.abi, functionName: "add", args: [5n] });
      const called = await deposit(chain(), accounts[1], { to: created.contractAddress, data, gas: 200_000n });
      assert.equal(called.status, "success");
      const count = await publicL2.readContract({ address: created.contractAddress, abi: Counter.abi, functionName: "count" });
      assert.equal(count, 5n);
    });

    test("whose call fails leave the money with the sender", async () => {
      const { publicL2, walletL2, accounts } = chain();
      const door = await deploy(publicL2, walletL2(accounts[2]), Door);
      const before = await publicL2.getBalance({ address: accounts[2].address });
      const request = { to: door, mint: parseEther("0.25"), value: parseEther("0.25"), gas: 100_000n };
      const receipt = await deposit(chain(), accounts[2], request);
      assert.equal(receipt.status, "reverted");
      assert.equal(await publicL2.getBalance({ address: accounts[2].address }), before + parseEther("0.25"));
      assert.equal(await publicL2.getBalance({ address: door }), 0n);
    });
  });

  test("the fee of a transaction is what was estimated", async () => {
    const { publicL2, walletL2, accounts } = chain();
    const account = accounts[3];
    for (const fields of [{ to: stranger(), value: 1n }, { data: Coin.bytecode + encodeArguments("Coin", "C", 1n), to: null, value: 0n }]) {
      const estimate = await publicL2.estimateTotalFee({ account, ...fields });
      const before = await publicL2.getBalance({ address: account.address });
      const receipt = await publicL2.waitForTransactionReceipt({ hash: await walletL2(account).sendTransaction(fields) });
      const cost = before - (await publicL2.getBalance({ address: account.address })) - fields.value;
      const operator = (BigInt(receipt.operatorFeeScalar ?? 0) * receipt.gasUsed) / 1_000_000n + BigInt(receipt.operatorFeeConstant ?? 0);
      assert.equal(cost, receipt.gasUsed * receipt.effectiveGasPrice + receipt.l1Fee + operator, "the receipt accounts for all of it");
      assert.ok(receipt.l1Fee > 0n, "data on L1 is not free");
      const ratio = Number(estimate) / Number(cost);
      assert.ok(ratio > 0.8 && ratio < 1.6, `estimated ${estimate}, paid ${cost}`);
    }
  });

  describe("withdrawals", { concurrency: true }, () => {
    test("ether: every status, wrong proofs, and only once", async () => {
      const { publicL1, publicL2, walletL1, walletL2, accounts, l2Chain } = chain();
      const [account, to, value] = [accounts[4], stranger(), parseEther("0.125")];
      const status = () => publicL1.getWithdrawalStatus({ receipt, targetChain: l2Chain });
      // viem takes the time until the next claim from the claims before: a few let it guess well.
      const claims = async () => (await publicL1.getGames({ targetChain: l2Chain, limit: 10 })).length;
      await eventually("five claims", async () => (await claims()) >= 5, patience(chain()));
      const request = await publicL1.buildInitiateWithdrawal({ account, to, value });
      const receipt = await publicL2.waitForTransactionReceipt({ hash: await walletL2(account).initiateWithdrawal(request) });
      assert.equal(await status(), "waiting-to-prove");

      const { game, output, withdrawal } = await publicL1.waitToProve({ receipt, targetChain: l2Chain });
      assert.equal(await status(), "ready-to-prove");
      assert.ok(output.l2BlockNumber >= receipt.blockNumber);
      const proof = await publicL2.buildProveWithdrawal({ account, game, withdrawal });
      await wrongProofsAreRefused(chain(), account, proof);
      const tooEarly = finalize(chain(), account, withdrawal);
      await refused(tooEarly, "OptimismPortal_Unproven");

      const proved = await publicL1.waitForTransactionReceipt({ hash: await walletL1(account).proveWithdrawal(proof) });
      assert.equal(proved.status, "success");
      assert.equal(await status(), "waiting-to-finalize");
      const time = await publicL1.getTimeToFinalize({ withdrawalHash: withdrawal.withdrawalHash, targetChain: l2Chain });
      assert.ok(time.seconds > 0 && time.period > 0, JSON.stringify(time));
      await refused(finalize(chain(), account, withdrawal), "OptimismPortal_ProofNotOldEnough", "OptimismPortal_InvalidRootClaim");

      await publicL1.waitToFinalize({ withdrawalHash: withdrawal.withdrawalHash, targetChain: l2Chain });
      await eventually("ready to finalize", async () => (await status()) === "ready-to-finalize", patience(chain()));
      const hash = await walletL1(account).finalizeWithdrawal({ withdrawal, targetChain: l2Chain });
      assert.equal((await publicL1.waitForTransactionReceipt({ hash })).status, "success");
      assert.equal(await status(), "finalized");
      assert.equal(await publicL1.getBalance({ address: to }), value);
      await refused(finalize(chain(), account, withdrawal), "OptimismPortal_AlreadyFinalized");
      assert.equal(await publicL1.getBalance({ address: to }), value);
    });

    test("an ERC-20 comes in and goes out", async () => {
      const { publicL1, publicL2, walletL1, walletL2, accounts, deployment } = chain();
      const account = accounts[5];
      const [one, two] = [walletL1(account), walletL2(account)];
      const coin = await deploy(publicL1, one, Coin, ["Coin", "COIN", 1_000n]);
      const twin = await createTwin(publicL2, two, ERC20_FACTORY, "ERC20", coin);
      const bridge = deployment.contracts.l1StandardBridge;
      await write(publicL1, one, { address: coin, abi: Coin.abi, functionName: "approve", args: [bridge, 600n] });
      const inward = [coin, twin, account.address, 600n, MESSAGE_GAS, "0x"];
      const sent = await write(publicL1, one, { address: bridge, abi: standardBridge, functionName: "bridgeERC20To", args: inward });
      assert.equal((await deposited(chain(), sent.transactionHash)).status, "success");
      const balance = (client, address, who) => client.readContract({ address, abi: Coin.abi, functionName: "balanceOf", args: [who] });
      assert.equal(await balance(publicL2, twin, account.address), 600n);
      assert.equal(await balance(publicL1, coin, bridge), 600n);

      const to = stranger();
      const outward = [twin, coin, to, 250n, MESSAGE_GAS, "0x"];
      const receipt = await write(publicL2, two, { address: L2_STANDARD_BRIDGE, abi: standardBridge, functionName: "bridgeERC20To", args: outward });
      assert.equal(await balance(publicL2, twin, account.address), 350n);
      await prove(chain(), account, receipt);
      await pay(chain(), account, receipt);
      assert.equal(await balance(publicL1, coin, to), 250n);
      assert.equal(await balance(publicL1, coin, bridge), 350n);
    });

    test("an ERC-721 comes in and goes out", async () => {
      const { publicL1, publicL2, walletL1, walletL2, accounts, deployment } = chain();
      const account = accounts[6];
      const [one, two] = [walletL1(account), walletL2(account)];
      const picture = await deploy(publicL1, one, Picture);
      const twin = await createTwin(publicL2, two, ERC721_FACTORY, "ERC721", picture);
      const bridge = deployment.contracts.l1Erc721Bridge;
      await write(publicL1, one, { address: picture, abi: Picture.abi, functionName: "mint", args: [account.address, 7n] });
      await write(publicL1, one, { address: picture, abi: Picture.abi, functionName: "approve", args: [bridge, 7n] });
      const inward = [picture, twin, account.address, 7n, MESSAGE_GAS, "0x"];
      const sent = await write(publicL1, one, { address: bridge, abi: erc721Bridge, functionName: "bridgeERC721To", args: inward });
      assert.equal((await deposited(chain(), sent.transactionHash)).status, "success");
      const owner = (client, address) => client.readContract({ address, abi: Picture.abi, functionName: "ownerOf", args: [7n] });
      assert.equal(await owner(publicL2, twin), account.address);
      assert.equal(await owner(publicL1, picture), getAddress(bridge));

      const to = stranger();
      const outward = [twin, picture, to, 7n, MESSAGE_GAS, "0x"];
      const receipt = await write(publicL2, two, { address: L2_ERC721_BRIDGE, abi: erc721Bridge, functionName: "bridgeERC721To", args: outward });
      await assert.rejects(owner(publicL2, twin));
      await prove(chain(), account, receipt);
      await pay(chain(), account, receipt);
      assert.equal(await owner(publicL1, picture), to);
    });

    test("to a target that refuses stay open until it accepts", async () => {
      const { publicL1, publicL2, walletL1, walletL2, accounts } = chain();
      const account = accounts[7];
      const door = await deploy(publicL1, walletL1(account), Door);
      const receipt = await initiate(publicL2, walletL2(account), { to: door, value: 5n });
      await prove(chain(), account, receipt);
      const [withdrawal] = getWithdrawals(receipt);
      await mature(chain(), receipt);
      await refused(finalize(chain(), account, withdrawal), "Portal_CallFailed");
      assert.equal(await publicL1.getWithdrawalStatus({ receipt, targetChain: chain().l2Chain }), "ready-to-finalize");
      await write(publicL1, walletL1(account), { address: door, abi: Door.abi, functionName: "setOpen", args: [true] });
      await pay(chain(), account, receipt);
      assert.equal(await publicL1.getBalance({ address: door }), 5n);
    });

    test("that ask for too much gas come back to L2", async () => {
      const { publicL1, publicL2, walletL1, walletL2, accounts, l2Chain } = chain();
      const account = accounts[9];
      const value = parseEther("0.0625");
      const receipt = await initiate(publicL2, walletL2(account), { to: account.address, value, gas: 15_000_001n });
      const before = await publicL2.getBalance({ address: account.address });
      await prove(chain(), account, receipt);
      await mature(chain(), receipt);
      const [withdrawal] = getWithdrawals(receipt);
      const hash = await walletL1(account).finalizeWithdrawal({ withdrawal, targetChain: l2Chain });
      assert.equal((await deposited(chain(), hash)).status, "success");
      assert.equal(await publicL2.getBalance({ address: account.address }), before + value);
      assert.equal(await publicL1.getWithdrawalStatus({ receipt, targetChain: l2Chain }), "finalized");
      await refused(finalize(chain(), account, withdrawal), "OptimismPortal_AlreadyFinalized");
    });

    test("are paid once to a target that calls the portal again", async () => {
      const { publicL1, publicL2, walletL1, walletL2, accounts, deployment } = chain();
      const account = accounts[8];
      const greedy = await deploy(publicL1, walletL1(account), Greedy, [deployment.contracts.portal]);
      const receipt = await initiate(publicL2, walletL2(account), { to: greedy, value: 9n, gas: 500_000n });
      const [withdrawal] = getWithdrawals(receipt);
      await write(publicL1, walletL1(account), { address: greedy, abi: Greedy.abi, functionName: "aim", args: [withdrawal] });
      await prove(chain(), account, receipt);
      await pay(chain(), account, receipt);
      const read = (functionName) => publicL1.readContract({ address: greedy, abi: Greedy.abi, functionName });
      assert.equal(await read("received"), 1n);
      assert.equal(await read("refused"), true);
      assert.equal(await publicL1.getBalance({ address: greedy }), 9n);
    });
  });
}

/**
 * Sends a call and waits for its receipt, which must say success.
 *
 * Like a wallet it leaves room over the estimate: what others do before it is mined moves prices and counters.
 */
export async function write(client, wallet, request) {
  const gas = roomy(await client.estimateContractGas({ ...request, account: wallet.account }));
  const receipt = await client.waitForTransactionReceipt({ hash: await wallet.writeContract({ ...request, gas }) });
  assert.equal(receipt.status, "success", `${request.functionName} failed`);
  return receipt;
}

/** Deploys a contract and gives its address. */
export async function deploy(client, wallet, { abi, bytecode }, args = []) {
  const receipt = await client.waitForTransactionReceipt({ hash: await wallet.deployContract({ abi, bytecode, args }) });
  assert.equal(receipt.status, "success");
  return receipt.contractAddress;
}

/** Deposits from an account, with the gas that viem estimates and no more, and gives the receipt on L2. */
export async function deposit(chain, account, request) {
  return deposited(chain, await chain.walletL1(account).depositTransaction({ request, targetChain: chain.l2Chain }));
}

const roomy = (gas) => (gas * 3n) / 2n;

/** The L2 receipt of the deposit that an L1 transaction made. */
export async function deposited({ publicL1, publicL2 }, hash) {
  const receipt = await publicL1.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  const [l2Hash] = getL2TransactionHashes(receipt);
  return publicL2.waitForTransactionReceipt({ hash: l2Hash, timeout: 60_000 });
}

/** Starts a withdrawal of ether on L2. */
export async function initiate(client, wallet, { to, value, gas = 100_000n }) {
  const hash = await wallet.initiateWithdrawal({ request: { to, value, gas } });
  const receipt = await client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  return receipt;
}

/** Waits until a claim covers the withdrawal and proves it. */
export async function prove({ publicL1, publicL2, walletL1, l2Chain }, account, receipt) {
  // Asked again and again: viem's `waitToProve` first sleeps for as long as the claims so far make it expect.
  const game = await eventually("a claim", () =>
    publicL1.getGame({ l2BlockNumber: receipt.blockNumber, targetChain: l2Chain }).catch(() => null),
  );
  const [withdrawal] = getWithdrawals(receipt);
  const proof = await publicL2.buildProveWithdrawal({ account, game, withdrawal });
  const proved = await publicL1.waitForTransactionReceipt({ hash: await walletL1(account).proveWithdrawal(proof) });
  assert.equal(proved.status, "success");
}

/** Seconds until the claim that a withdrawal was proven against is final, and more: with validity proofs it may have waited for one in vain. */
const patience = ({ deployment }) => (deployment.contracts.proofs ? 240 : 90);

/** Waits for the L1's clock, not for ours as viem's `waitToFinalize` does: a test may have moved it. */
async function mature({ publicL1, l2Chain, deployment }, receipt) {
  const status = () => publicL1.getWithdrawalStatus({ receipt, targetChain: l2Chain });
  await eventually("ready to finalize", async () => (await status()) === "ready-to-finalize", patience({ deployment }));
}

/** Waits until a proven withdrawal may be paid and finalizes it, with the gas that viem estimates and no more. */
export async function pay(chain, account, receipt) {
  await mature(chain, receipt);
  const [withdrawal] = getWithdrawals(receipt);
  const hash = await chain.walletL1(account).finalizeWithdrawal({ withdrawal, targetChain: chain.l2Chain });
  assert.equal((await chain.publicL1.waitForTransactionReceipt({ hash })).status, "success");
}

const finalize = ({ publicL1, deployment }, account, { nonce, sender, target, value, gasLimit, data }) =>
  publicL1.simulateContract({
    account,
    address: deployment.contracts.portal,
    abi: portal,
    functionName: "finalizeWithdrawalTransaction",
    args: [{ nonce, sender, target, value, gasLimit, data }],
  });

async function wrongProofsAreRefused({ publicL1, deployment }, account, proof) {
  const attempt = (changes) => {
    const { withdrawal, l2OutputIndex, outputRootProof, withdrawalProof } = { ...proof, ...changes };
    const args = [withdrawal, l2OutputIndex, outputRootProof, withdrawalProof];
    const abi = portal;
    return publicL1.simulateContract({ account, address: deployment.contracts.portal, abi, functionName: "proveWithdrawalTransaction", args });
  };
  await attempt({});
  const more = { ...proof.withdrawal, value: proof.withdrawal.value + 1n };
  await refused(attempt({ withdrawal: more }), "OptimismPortal_InvalidMerkleProof", "RLPInvalidEncoding");
  const other = { ...proof.outputRootProof, stateRoot: zeroHash };
  await refused(attempt({ outputRootProof: other }), "OptimismPortal_InvalidOutputRootProof");
  await assert.rejects(attempt({ withdrawalProof: proof.withdrawalProof.slice(0, -1) }));
  await assert.rejects(attempt({ l2OutputIndex: proof.l2OutputIndex + 1_000n }));
}

async function refused(attempt, ...names) {
  await assert.rejects(attempt, (error) => {
    const reverted = error.walk?.((cause) => cause.data?.errorName);
    assert.ok(names.includes(reverted?.data.errorName), `expected ${names}, got: ${error.message}`);
    return true;
  });
}

/** Makes the likeness of a token on the other side. */
export async function createTwin(client, wallet, factory, kind, token) {
  const functionName = `createOptimismMintable${kind}`;
  const receipt = await write(client, wallet, { address: factory, abi: factories, functionName, args: [token, "Twin", "TWIN"] });
  const [log] = await client.getContractEvents({
    address: factory,
    abi: factories,
    eventName: `OptimismMintable${kind}Created`,
    args: { remoteToken: token },
    fromBlock: receipt.blockNumber,
  });
  return log.args.localToken;
}

function encodeArguments(...args) {
  return encodeFunctionData({ abi: parseAbi(["function f(string, string, uint256)"]), functionName: "f", args }).slice(10);
}
