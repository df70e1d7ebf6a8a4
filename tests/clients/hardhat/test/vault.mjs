// The project's own test, as its author would write it; it runs on whatever network it is given.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import { network } from "hardhat";

const { ethers } = await network.getOrCreate();
const ether = (amount) => ethers.parseEther(amount);
const done = async (sending) => (await sending).wait();

describe("Vault", () => {
  let vault, keeper, guest, shares;
  const opens = 4_000_000_000n;

  before(async () => {
    [keeper, guest] = await ethers.getSigners();
    shares = await ethers.deployContract("Shares");
    const factory = await ethers.getContractFactory("Vault", { libraries: { Shares: await shares.getAddress() } });
    vault = await factory.deploy(keeper.address, opens);
    await vault.waitForDeployment();
  });

  it("knows what its constructor was told", async () => {
    assert.equal(await vault.keeper(), keeper.address);
    assert.equal(await vault.opens(), opens);
  });

  it("gives shares in proportion", async () => {
    await done(vault.enter({ value: ether("1") }));
    const receipt = await done(vault.connect(guest).enter({ value: ether("0.5") }));
    assert.equal(await vault.sharesOf(guest.address), ether("0.5"));
    assert.equal(await vault.supply(), ether("1.5"));
    const [entered] = await vault.queryFilter(vault.filters.Entered(guest.address), receipt.blockNumber);
    assert.equal(entered.args.shares, ether("0.5"));
  });

  it("says in its own words why it refuses", async () => {
    const says = (name, argument) => (error) => {
      const said = vault.interface.parseError(error.data);
      return said.name === name && said.args[0] === argument;
    };
    await assert.rejects(vault.connect(guest).exit.staticCall(), says("Vault_Early", opens));
    await assert.rejects(vault.connect(guest).end.staticCall(), says("Vault_NotKeeper", guest.address));
  });

  it("pays its keeper at the end", async () => {
    const address = await vault.getAddress();
    const before = await ethers.provider.getBalance(keeper.address);
    await done(vault.end());
    assert.equal(await ethers.provider.getBalance(address), 0n);
    assert.ok((await ethers.provider.getBalance(keeper.address)) > before + ether("1.4"));
    const deployed = { vault: address, shares: await shares.getAddress(), keeper: keeper.address, opens: String(opens), transaction: vault.deploymentTransaction().hash };
    if (process.env.DEPLOYED) writeFileSync(process.env.DEPLOYED, JSON.stringify(deployed));
  });
});
