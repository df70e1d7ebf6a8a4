// The end of a chain with a data committee: its operator and members are gone, and everybody leaves with what they have.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseAbi, parseEther, toHex } from "viem";
import { createTwin, deploy, deposited, write } from "./bridge.mjs";
import { compile } from "./compile.mjs";
import { abiOf, eventually, mezz, rpc, startAnvil, startMezz } from "./harness.mjs";

const { Coin } = compile();
const bridgeAbi = parseAbi(["function bridgeERC20To(address localToken, address remoteToken, address to, uint256 amount, uint32 minGasLimit, bytes extraData)"]);
const ERC20_FACTORY = "0x4200000000000000000000000000000000000012";
const managerAbi = abiOf("ClaimManager");
const DELAY = 300;
let anvil, datadir, chain;

before(async () => {
  anvil = await startAnvil();
  datadir = mkdtempSync(join(tmpdir(), "mezz-exit-"));
  chain = await startMezz({ family: "optimium", l1Url: anvil.url, datadir });
});
after(async () => {
  await chain?.stop();
  await anvil?.stop();
  if (datadir) rmSync(datadir, { recursive: true, force: true });
});

/** The L2 block of the last confirmed claim. */
async function settled() {
  return JSON.parse(await mezz("status", "--json", "--datadir", datadir)).status.heads.settled;
}

test("a user leaves with ether, tokens and a deposit that never arrived, and needs nobody", async () => {
  const { publicL1, publicL2, walletL1, walletL2, accounts, deployment } = chain;
  const account = accounts[5];
  const [one, two] = [walletL1(account), walletL2(account)];
  const key = deployment.accounts[5].privateKey;
  const coin = await deploy(publicL1, one, Coin, ["Coin", "COIN", 1_000n]);
  const twin = await createTwin(publicL2, two, ERC20_FACTORY, "ERC20", coin);
  const bridge = deployment.contracts.l1StandardBridge;
  await write(publicL1, one, { address: coin, abi: Coin.abi, functionName: "approve", args: [bridge, 700n] });
  const inward = [coin, twin, account.address, 700n, 300_000, "0x"];
  const sent = await write(publicL1, one, { address: bridge, abi: bridgeAbi, functionName: "bridgeERC20To", args: inward });
  const arrived = await deposited(chain, sent.transactionHash);
  assert.equal(arrived.status, "success");
  await eventually("a confirmed claim that covers it", async () => (await settled()) >= Number(arrived.blockNumber), 150);
  const ether = await publicL2.getBalance({ address: account.address });

  // Too early, while the chain lives.
  const file = join(datadir, `exit-${account.address}.json`);
  const prepare = ["exit", "prepare", "--account", account.address, "--token", twin, "--file", file, "--datadir", datadir];
  await mezz(...prepare);
  const run = ["exit", "run", "--l1", anvil.url, "--key", key, "--file", file, "--datadir", datadir, "--json"];
  await assert.rejects(mezz(...run), /the chain lives|was confirmed since/);

  // Everybody goes: no claim is confirmed after this one.
  await mezz(...prepare);
  assert.ok(existsSync(file));
  await chain.program.stop("SIGKILL");
  // A claim may have been confirmed in between; then the branch is too old, which a user sees before anything is spent.
  const branch = JSON.parse(readFileSync(file, "utf8"));
  const last = await publicL1.readContract({ address: deployment.contracts.claimManager, abi: managerAbi, functionName: "contentAt", args: [BigInt(branch.claim)] });
  assert.equal(last.confirmedChild, 0n, "the branch is of the last confirmed claim");

  // A deposit that nobody will ever take up.
  const hash = await one.sendTransaction({ to: deployment.contracts.portal, value: parseEther("3") });
  assert.equal((await publicL1.waitForTransactionReceipt({ hash })).status, "success");
  await rpc(anvil.url, "evm_increaseTime", [toHex(DELAY + 1)]);
  await rpc(anvil.url, "evm_mine");

  const to = "0x00000000000000000000000000000000000e1717";
  const interrupted = mezz(...run, "--to", to).catch((error) => error);
  // The proofs mature after 42 seconds of L1's time.
  await rpc(anvil.url, "evm_increaseTime", [toHex(60)]);
  const left = JSON.parse(await interrupted);
  assert.equal(left.length, 3, JSON.stringify(left));
  assert.equal(await publicL1.getBalance({ address: to }), ether + parseEther("3"));
  const balance = await publicL1.readContract({ address: coin, abi: Coin.abi, functionName: "balanceOf", args: [to] });
  assert.equal(balance, 700n);
  // Once more finds that all is done, the deposit too, and pays nothing twice.
  assert.deepEqual(JSON.parse(await mezz(...run, "--to", to)), left);
  assert.equal(await publicL1.getBalance({ address: to }), ether + parseEther("3"));
  assert.equal(ether > parseEther("499"), true);
});
