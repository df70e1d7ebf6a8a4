// What every chain with validity proofs is asked, whatever its L1.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseAbi, parseEther, toHex } from "viem";
import { drill } from "./drills.mjs";
import { abiOf, eventually } from "./harness.mjs";

const claimManager = abiOf("ClaimManager");
const router = parseAbi([
  "function policy() view returns (uint8)",
  "function wait() view returns (uint64)",
  "function proverTimeout() view returns (uint64)",
  "function provenAt(bytes32 content) view returns (uint64)",
]);
const verifier = parseAbi(["function verify(bytes32 programKey, bytes32 statement, bytes proof) view", "error Verifier_Refused()"]);
const [SAFE, FAST] = [1, 2];
/** The families, and what is worth what in them. */
export const FAMILIES = { zk: { policy: FAST, committee: false }, hybrid: { policy: SAFE, committee: false }, validium: { policy: FAST, committee: true } };

/** The tests of a chain that `chain()` gives, with no prover: the step route carries its claims. */
export function familyTests(chain, family, { policy, committee }) {
  const read = (functionName, args = []) => {
    const { publicL1, deployment } = chain();
    return publicL1.readContract({ address: deployment.contracts.proofs.router, abi: router, functionName, args });
  };

  test("is what it says, and takes nothing for a proof", async () => {
    const { publicL1, deployment } = chain();
    assert.equal(deployment.family, family);
    assert.equal(deployment.committee?.members.length ?? 0, committee ? 3 : 0);
    assert.equal(await read("policy"), policy);
    const statement = `0x${"11".repeat(32)}`;
    const attempt = publicL1.readContract({
      address: deployment.contracts.proofs.verifier,
      abi: verifier,
      functionName: "verify",
      args: [statement, statement, "0x1234"],
    });
    await assert.rejects(attempt, /Verifier_Refused/);
  });

  test("claims that nobody proves are final by themselves, and not before their time", async () => {
    const { publicL1, deployment } = chain();
    const address = deployment.contracts.claimManager;
    const at = (index) => publicL1.readContract({ address, abi: claimManager, functionName: "contentAt", args: [index] });
    const [timeout, window] = [await read("proverTimeout"), await publicL1.readContract({ address, abi: claimManager, functionName: "window" })];
    assert.equal(timeout > 0n, policy === FAST);
    assert.ok(!timeout || timeout >= window);
    const claim = await eventually("a claim that is final", async () => {
      const claim = await at(1n).catch(() => null);
      return claim?.confirmedAt && claim;
    }, 240);
    const took = BigInt(claim.confirmedAt) - BigInt(claim.createdAt);
    const least = timeout > window ? timeout : window;
    assert.ok(took > least, `final ${took} s after its assertion`);
    assert.ok(took < least + 30n, `final ${took} s after its assertion`);
    const [{ args }] = await publicL1.getContractEvents({ address, abi: claimManager, eventName: "ClaimAsserted", fromBlock: 0n });
    assert.equal(await read("provenAt", [args.contentId]), 0n);
  });

  test("false proofs are refused, and who shows them loses the stake", async () => {
    const { verdict, moves } = await drill(chain(), "lying-prover");
    assert.equal(verdict.honestWon, true);
    assert.match(verdict.reason, /^2 false proofs were refused; /);
    assert.equal(BigInt(verdict.adversaryLost), parseEther("1"), "the devnet's stake");
    assert.ok(moves.some(({ side, action }) => side === "honest" && action === "refute"), JSON.stringify(moves));
  });
}

/** The contract that verifies takes the committed proof, and nothing that is nearly it. */
export function wrappedTests(chain) {
  const fixture = (name) => readFileSync(new URL(`../../programs/zk/${name}`, import.meta.url));

  test("a wrapped proof is verified by the contract, and no altered one", async () => {
    const { publicL1, deployment, accounts } = chain();
    const { programKey, statement } = JSON.parse(fixture("fixtures/claim.wrapped.json"));
    const proof = toHex(fixture("fixtures/claim.wrapped"));
    const call = { address: deployment.contracts.proofs.verifier, abi: verifier, functionName: "verify", account: accounts[0] };
    const verify = (...args) => publicL1.readContract({ ...call, args });
    await verify(programKey, statement, proof);
    const gas = await publicL1.estimateContractGas({ ...call, args: [programKey, statement, proof] });
    assert.ok(gas < 500_000n, `${gas} gas`);
    const altered = (place) => proof.slice(0, place) + (proof[place] === "0" ? "1" : "0") + proof.slice(place + 1);
    // A commitment, the accumulator, the proof, its end.
    for (const place of [65, 200, 1500, proof.length - 1]) {
      await assert.rejects(verify(programKey, statement, altered(place)), /Verifier_Refused/, `digit ${place}`);
    }
    await assert.rejects(verify(programKey, programKey, proof), /Verifier_Refused/);
    await assert.rejects(verify(statement, statement, proof), /Verifier_Refused/);
    await assert.rejects(verify(programKey, statement, proof.slice(0, -2)), /Verifier_Refused/);
  });
}
