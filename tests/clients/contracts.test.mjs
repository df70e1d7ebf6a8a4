// Contracts that everybody uses, from their npm packages: OpenZeppelin's tokens, Uniswap v2 and v3, deployed by ordinary tools.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { decodeEventLog, encodePacked, keccak256, maxUint128, maxUint256, parseEther, parseSignature, zeroAddress } from "viem";
import { deploy, write } from "./bridge.mjs";
import { compile, packaged } from "./compile.mjs";
import { cast, exec, here, root, startMezz } from "./harness.mjs";

const { Coin, Counter, Goods, Picture } = compile();
let chain, client;

before(async () => {
  chain = await startMezz();
  client = chain.publicL2;
});
after(() => chain?.stop());

/** A contract with its reads and writes as functions, for one account. */
function contract(address, { abi }, wallet) {
  const read = (functionName, ...args) => client.readContract({ address, abi, functionName, args });
  const call = (functionName, args, value) => write(client, wallet, { address, abi, functionName, args, value });
  return { address, abi, read, call };
}

async function deployed(wallet, artifact, ...args) {
  return contract(await deploy(client, wallet, artifact, args), artifact, wallet);
}

/** Token addresses in the order that Uniswap keeps them. */
const sorted = (...tokens) => tokens.sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));

const soon = async () => (await client.getBlock()).timestamp + 3_600n;

describe("OpenZeppelin", () => {
  let alice, bob, wallet;
  before(() => {
    [alice, bob] = chain.accounts;
    wallet = chain.walletL2(alice);
  });

  test("ERC-20: transfer, allowance, permit, votes", async () => {
    const coin = await deployed(wallet, Coin, "Coin", "COIN", parseEther("1000"));
    await coin.call("transfer", [bob.address, 10n]);
    await coin.call("approve", [bob.address, 5n]);
    const bobs = contract(coin.address, Coin, chain.walletL2(bob));
    await bobs.call("transferFrom", [alice.address, bob.address, 5n]);
    assert.equal(await coin.read("balanceOf", bob.address), 15n);
    await assert.rejects(bobs.call("transferFrom", [alice.address, bob.address, 1n]), /ERC20InsufficientAllowance/);

    const deadline = await soon();
    const signature = await alice.signTypedData({
      domain: { name: "Coin", version: "1", chainId: chain.l2Chain.id, verifyingContract: coin.address },
      types: { Permit: ["owner:address", "spender:address", "value:uint256", "nonce:uint256", "deadline:uint256"].map(field) },
      primaryType: "Permit",
      message: { owner: alice.address, spender: bob.address, value: 7n, nonce: 0n, deadline },
    });
    const { v, r, s } = parseSignature(signature);
    await bobs.call("permit", [alice.address, bob.address, 7n, deadline, Number(v), r, s]);
    assert.equal(await coin.read("allowance", alice.address, bob.address), 7n);

    await coin.call("delegate", [bob.address]);
    assert.equal(await coin.read("getVotes", bob.address), parseEther("1000") - 15n);
    await coin.call("burn", [1n]);
    assert.equal(await coin.read("totalSupply"), parseEther("1000") - 1n);
  });

  test("ERC-721: safe mint, enumeration, approval", async () => {
    const picture = await deployed(wallet, Picture);
    await picture.call("mint", [alice.address, 1n]);
    await picture.call("mint", [alice.address, 2n]);
    await picture.call("safeTransferFrom", [alice.address, bob.address, 1n]);
    assert.equal(await picture.read("ownerOf", 1n), bob.address);
    assert.equal(await picture.read("tokenOfOwnerByIndex", alice.address, 0n), 2n);
    await assert.rejects(picture.call("safeTransferFrom", [bob.address, alice.address, 1n]), /ERC721InsufficientApproval/);
    await assert.rejects(picture.call("mint", [picture.address, 3n]), /ERC721InvalidReceiver/);
  });

  test("ERC-1155: batches and supply", async () => {
    const goods = await deployed(wallet, Goods);
    await goods.call("mint", [alice.address, [1n, 2n], [10n, 20n]]);
    await goods.call("safeBatchTransferFrom", [alice.address, bob.address, [1n, 2n], [3n, 4n], "0x"]);
    assert.deepEqual(await goods.read("balanceOfBatch", [alice.address, bob.address], [1n, 2n]), [7n, 4n]);
    assert.equal(await goods.read("totalSupply", 2n), 20n);
  });
});

describe("Uniswap v2", () => {
  test("adds liquidity, swaps, removes", async () => {
    const account = chain.accounts[2];
    const wallet = chain.walletL2(account);
    const weth = await deployed(wallet, packaged("canonical-weth/build/contracts/WETH9.json"));
    const factory = await deployed(wallet, packaged("@uniswap/v2-core/build/UniswapV2Factory.json"), zeroAddress);
    const router = await deployed(wallet, packaged("@uniswap/v2-periphery/build/UniswapV2Router02.json"), factory.address, weth.address);
    const coin = await deployed(wallet, Coin, "Coin", "COIN", parseEther("1000000"));
    await coin.call("approve", [router.address, maxUint256]);
    const liquidity = [coin.address, parseEther("1000"), 0n, 0n, account.address, await soon()];
    await router.call("addLiquidityETH", liquidity, parseEther("10"));

    const pair = contract(await factory.read("getPair", coin.address, weth.address), packaged("@uniswap/v2-core/build/UniswapV2Pair.json"), wallet);
    // The router finds pairs by CREATE2 with the hash of the pair's code: both must agree.
    const salt = keccak256(encodePacked(["address", "address"], sorted(coin, weth).map(({ address }) => address)));
    const code = keccak256(packaged("@uniswap/v2-core/build/UniswapV2Pair.json").bytecode);
    const predicted = keccak256(encodePacked(["bytes1", "address", "bytes32", "bytes32"], ["0xff", factory.address, salt, code])).slice(26);
    assert.equal(pair.address.toLowerCase(), `0x${predicted}`);

    const path = [weth.address, coin.address];
    const [, expected] = await router.read("getAmountsOut", parseEther("1"), path);
    const before = await coin.read("balanceOf", account.address);
    await router.call("swapExactETHForTokens", [expected, path, account.address, await soon()], parseEther("1"));
    assert.equal((await coin.read("balanceOf", account.address)) - before, expected);
    assert.equal(expected, (parseEther("1") * 997n * parseEther("1000")) / (parseEther("10") * 1000n + parseEther("1") * 997n));

    await router.call("swapExactTokensForETH", [parseEther("50"), 1n, [coin.address, weth.address], account.address, await soon()]);
    const shares = await pair.read("balanceOf", account.address);
    await pair.call("approve", [router.address, shares]);
    await router.call("removeLiquidityETH", [coin.address, shares, 0n, 0n, account.address, await soon()]);
    assert.equal(await pair.read("balanceOf", account.address), 0n);
  });
});

describe("Uniswap v3", () => {
  test("makes a pool, mints a position, swaps, collects fees", async () => {
    const account = chain.accounts[3];
    const wallet = chain.walletL2(account);
    const periphery = (name) => packaged(`@uniswap/v3-periphery/artifacts/contracts/${name}.sol/${name}.json`);
    const core = (name) => packaged(`@uniswap/v3-core/artifacts/contracts/${name}.sol/${name}.json`);
    const weth = await deployed(wallet, packaged("canonical-weth/build/contracts/WETH9.json"));
    const factory = await deployed(wallet, core("UniswapV3Factory"));
    const router = await deployed(wallet, periphery("SwapRouter"), factory.address, weth.address);
    const manager = await deployed(wallet, periphery("NonfungiblePositionManager"), factory.address, weth.address, zeroAddress);
    const coins = [];
    for (const name of ["One", "Two"]) coins.push(await deployed(wallet, Coin, name, name, parseEther("1000000")));
    const [a, b] = sorted(...coins);
    for (const coin of coins) for (const spender of [router, manager]) await coin.call("approve", [spender.address, maxUint256]);

    const one = 2n ** 96n;
    await manager.call("createAndInitializePoolIfNecessary", [a.address, b.address, 3000, one]);
    const pool = contract(await factory.read("getPool", a.address, b.address, 3000), core("UniswapV3Pool"), wallet);
    assert.equal((await pool.read("slot0"))[0], one);
    const position = {
      token0: a.address,
      token1: b.address,
      fee: 3000,
      tickLower: -887220,
      tickUpper: 887220,
      amount0Desired: parseEther("1000"),
      amount1Desired: parseEther("1000"),
      amount0Min: 0n,
      amount1Min: 0n,
      recipient: account.address,
      deadline: await soon(),
    };
    await manager.call("mint", [position]);
    assert.equal(await manager.read("ownerOf", 1n), account.address);

    const swap = {
      tokenIn: a.address,
      tokenOut: b.address,
      fee: 3000,
      recipient: account.address,
      deadline: await soon(),
      amountIn: parseEther("10"),
      amountOutMinimum: 0n,
      sqrtPriceLimitX96: 0n,
    };
    const before = await b.read("balanceOf", account.address);
    const receipt = await router.call("exactInputSingle", [swap]);
    const out = (await b.read("balanceOf", account.address)) - before;
    // x * y = k over the whole range, less 0.3 %.
    const expected = (parseEther("1000") * parseEther("9.97")) / parseEther("1009.97");
    assert.ok(out > 0n && out <= expected && expected - out < 10n ** 6n, `${out} of ${expected}`);
    const logs = receipt.logs.filter((log) => log.address.toLowerCase() === pool.address.toLowerCase());
    assert.equal(decodeEventLog({ abi: pool.abi, ...logs.at(-1) }).args.amount1, -out);

    const earned = await b.read("balanceOf", account.address);
    const fees = { tokenId: 1n, recipient: account.address, amount0Max: maxUint128, amount1Max: maxUint128 };
    const owned = await a.read("balanceOf", account.address);
    await manager.call("collect", [fees]);
    const fee = (await a.read("balanceOf", account.address)) - owned;
    assert.ok(fee > parseEther("0.0299") && fee <= parseEther("0.03"), `${fee}`);
    assert.equal(await b.read("balanceOf", account.address), earned);
  });
});

describe("forge", () => {
  let project;
  before(() => {
    project = mkdtempSync(join(tmpdir(), "mezz-forge-"));
    cpSync(join(here, "contracts/Probes.sol"), join(project, "src/Probes.sol"), { recursive: true });
    // The project's own packages are found through the repository's: the compiler is the npm one.
    symlinkSync(join(root, "contracts/node_modules"), join(project, "node_modules"));
    const lines = ['solc = "' + join(root, "contracts/bin/solc.mjs") + '"', "offline = true", 'evm_version = "osaka"', "optimizer = true"];
    writeFileSync(join(project, "foundry.toml"), ["[profile.default]", ...lines, ""].join("\n"));
  });
  after(() => rmSync(project, { recursive: true, force: true }));

  test("creates a contract, and what lies on chain is its source", async () => {
    const { rpc: url } = chain.deployment.l2;
    const key = chain.deployment.accounts[4].privateKey;
    const options = ["--rpc-url", url, "--private-key", key, "--broadcast", "--json"];
    const { deployedTo, transactionHash } = JSON.parse(await exec("forge", ["create", "src/Probes.sol:Counter", ...options], { cwd: project }));
    assert.equal((await client.getTransactionReceipt({ hash: transactionHash })).status, "success");
    const { deployedBytecode } = JSON.parse(readFileSync(join(project, "out/Probes.sol/Counter.json"), "utf8"));
    assert.equal(await cast("code", deployedTo, "--rpc-url", url), deployedBytecode.object);
    await cast("send", deployedTo, "add(uint256)", 2, "--rpc-url", url, "--private-key", key);
    const counter = contract(deployedTo, Counter);
    assert.equal(await counter.read("count"), 2n);
  });

  test("runs a script that broadcasts", async () => {
    const script = `// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;
import {Counter} from "../src/Probes.sol";
interface Vm { function startBroadcast(uint256) external; function stopBroadcast() external; }
contract Start {
    function run() external {
        Vm vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
        vm.startBroadcast(${chain.deployment.accounts[5].privateKey});
        Counter counter = new Counter();
        counter.add(11);
        counter.add(12);
        vm.stopBroadcast();
    }
}
`;
    writeFileSync(join(project, "src/Start.s.sol"), script);
    const options = ["--rpc-url", chain.deployment.l2.rpc, "--broadcast", "--slow", "--non-interactive"];
    await exec("forge", ["script", "src/Start.s.sol:Start", ...options], { cwd: project });
    const run = JSON.parse(readFileSync(join(project, `broadcast/Start.s.sol/${chain.l2Chain.id}/run-latest.json`), "utf8"));
    const counter = contract(run.transactions[0].contractAddress, Counter);
    assert.equal(await counter.read("count"), 23n);
  });
});

function field(text) {
  const [name, type] = text.split(":");
  return { name, type };
}
