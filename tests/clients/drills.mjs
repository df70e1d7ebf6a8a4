// Drills that hold on any L1: a named adversary against a running chain, and what L1 says of it afterwards.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEther } from "viem";
import { abiOf, mezz } from "./harness.mjs";

const managerAbi = abiOf("ClaimManager");

/** Holds a drill; its verdict and its moves. */
export async function drill(chain, adversary) {
  return JSON.parse(await mezz("drill", adversary, "--json", "--datadir", chain.datadir));
}

/** The tests, against the chain that `get` gives. */
export function drillTests(get, adversaries) {
  for (const adversary of adversaries) {
    test(`the ${adversary} loses its stake within a minute`, async () => {
      const { publicL1, deployment } = get();
      const { verdict, moves } = await drill(get(), adversary);
      assert.equal(verdict.honestWon, true);
      assert.ok(verdict.seconds < 60, `${verdict.seconds} s`);
      assert.equal(BigInt(verdict.adversaryLost), parseEther("1"), "the devnet's stake");
      const [staked, , slashed] = await publicL1.readContract({
        address: deployment.contracts.claimManager,
        abi: managerAbi,
        functionName: "owners",
        args: [verdict.address],
      });
      assert.ok(!staked && slashed > 0n, "slashed on L1");
      assert.ok(moves.some(({ side, action }) => side === "honest" && action === "refute"), JSON.stringify(moves));
    });
  }

  test("the griefer pays for its doubts", async () => {
    const { verdict, moves } = await drill(get(), "griefer");
    assert.equal(verdict.honestWon, true);
    assert.equal(BigInt(verdict.adversaryLost), parseEther("0.06"), "six of the devnet's bonds");
    assert.equal(moves.filter(({ action }) => action === "query").length, 6);
    assert.equal(moves.at(-1).action, "step");
  });
}
