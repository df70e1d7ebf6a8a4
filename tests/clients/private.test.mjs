// A private chain by one command: tenants see their own, an auditor everything, and a tenant comes and goes with the same commands as everywhere.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseEther, slice } from "viem";
import { abiOf, clients, eventually, mezz, rpc, startMezz, tokenOf } from "./harness.mjs";

const inboxAbi = abiOf("Inbox");
const FRIEND = "0x00000000000000000000000000000000000f1e4d";
let datadir, chain;

before(async () => {
  datadir = mkdtempSync(join(tmpdir(), "mezz-private-"));
  chain = await startMezz({ family: "optimium", args: ["--private"], datadir });
});
after(async () => {
  await chain?.stop();
  if (datadir) rmSync(datadir, { recursive: true, force: true });
});

const party = (name) => chain.deployment.access.parties.find((party) => party.name === name);
const shown = (name) => ["--access-token", `@${party(name).key.replace(/key$/, "token")}`, "--datadir", datadir, "--json"];
const as = async (name, ...args) => JSON.parse(await mezz(...args, ...shown(name)));
const asked = (name, method, params) => rpc(chain.deployment.l2.rpc, method, params, name && tokenOf(chain.deployment, name));
const members = () => chain.deployment.committee.members.flatMap(({ address, url }) => ["--member", `${address}=${url}`]);

test("who is who is in deployment.json, and their secrets are for the owner alone", () => {
  const { parties, file } = chain.deployment.access;
  assert.deepEqual(
    parties.map(({ name, role, accounts }) => [name, role, accounts?.length ?? 0]),
    [["operator", "operator", 0], ["auditor", "auditor", 0], ["acme", "tenant", 5], ["bolt", "tenant", 5]],
  );
  const list = readFileSync(file, "utf8");
  assert.equal(statSync(join(datadir, "deployment.json")).mode & 0o777, 0o600);
  for (const { key, token } of parties) {
    assert.equal(statSync(key).mode & 0o777, 0o600);
    assert.ok(!list.includes(token), "the file has hashes of tokens");
  }
});

test("a tenant sends, and nobody else sees it but who may see all", async () => {
  const sent = await as("acme", "send", FRIEND, "1.5");
  assert.equal(sent.status, "0x1");
  const receipt = (name) => asked(name, "eth_getTransactionReceipt", [sent.transactionHash]);
  await eventually("the block", async () => (await receipt("operator"))?.blockNumber);
  for (const name of ["acme", "auditor"]) assert.equal((await receipt(name)).transactionHash, sent.transactionHash);
  assert.equal(await receipt("bolt"), null);
  await assert.rejects(receipt(undefined), { code: -32001 });

  await assert.rejects(mezz("send", FRIEND, "1", "--datadir", datadir), /not allowed for this token.*--access-token/s);
  // The key is acme's.
  await assert.rejects(mezz("send", FRIEND, "1", ...shown("bolt")), /not allowed for this token/);
  await assert.rejects(mezz("send", FRIEND, "1", "--datadir", datadir, "--access-token", "@absent"), /the token file absent cannot be read/);
  const balance = (account) => clients(chain.deployment, tokenOf(chain.deployment, "bolt")).publicL2.getBalance({ address: account });
  assert.ok((await balance(party("bolt").accounts[0])) > 0n);
  await assert.rejects(balance(party("acme").accounts[0]), /not allowed/);

  // In its records, and in no other's.
  await eventually("the record", async () => {
    const { transactions } = JSON.parse(await mezz("dac", "records", ...members(), "--key", party("acme").key, "--json"));
    return transactions.some(({ hash }) => hash === sent.transactionHash);
  });
  const others = JSON.parse(await mezz("dac", "records", ...members(), "--key", party("bolt").key, "--json"));
  assert.deepEqual(others.transactions, []);
});

test("what a tenant and a stranger may know of the chain they are told by the same commands", async () => {
  assert.ok((await as("acme", "status")).status.heads.latest > 0);
  assert.ok(Array.isArray((await as("bolt", "claims")).claims));
  assert.ok(JSON.parse(await mezz("status", "--datadir", datadir, "--json")).status.heads.latest > 0);
  // How much waits to be posted would tell of each block how much is in it.
  const told = async (name) => "unpostedBytes" in (await asked(name, "mezz_status", []));
  assert.deepEqual(await Promise.all([undefined, "bolt", "auditor", "operator"].map(told)), [false, false, true, true]);
});

test("an auditor opens what is on L1 as a hash", async () => {
  const { publicL1, deployment } = chain;
  const logs = await publicL1.getContractEvents({ address: deployment.contracts.inbox, abi: inboxAbi, eventName: "BatchPosted", fromBlock: 0n });
  const certified = logs.map(({ args }) => args);
  assert.ok(certified.every(({ header }) => header.daType === 3), "nothing goes to L1 in the clear");
  const hash = slice(certified.at(-1).aux, 16, 48);
  const to = join(datadir, "payload");
  const open = (name) => mezz("dac", "open", ...members(), "--key", party(name).key, hash, to);
  await assert.rejects(open("acme"), /is not a reader/);
  await open("auditor");
  assert.ok(readFileSync(to).length > 0);
});

test("a tenant brings ether, stores its branch, and takes ether out", async () => {
  const { publicL1 } = chain;
  assert.equal((await as("acme", "deposit", "2")).arrived, true);
  const key = ["--key", "dev:5"];
  await eventually("a confirmed claim", async () => (await as("bolt", "status")).status.heads.settled > 0, 150);
  const { branch } = await as("bolt", "exit", "prepare", ...key);
  assert.equal(branch.account, party("bolt").accounts[0]);
  assert.ok(BigInt(branch.balance) > 0n);
  // Of another's account it gets none.
  await assert.rejects(mezz("exit", "prepare", "--account", party("acme").accounts[0], ...shown("bolt")), /not allowed for this token/);

  const to = "0x0000000000000000000000000000000000b01750";
  const paid = await as("bolt", "withdraw", "3", "--to", to, ...key);
  assert.equal(paid.length, 1);
  assert.equal(await publicL1.getBalance({ address: to }), parseEther("3"));
});

test("keys and tokens outlive a restart, and the chain is rebuilt by whoever has them", async () => {
  const before = chain.deployment.access;
  await chain.stop();
  const rebuilt = JSON.parse(await mezz("resync", "--datadir", datadir, "--json"));
  assert.ok(rebuilt.compared > 0, JSON.stringify(rebuilt));
  // A chain that is private stays so, said or not.
  chain = await startMezz({ family: "optimium", datadir });
  assert.deepEqual(chain.deployment.access, before);
  assert.equal((await as("acme", "send", FRIEND, "0.1")).status, "0x1");
  await assert.rejects(asked(undefined, "eth_getBalance", [FRIEND, "latest"]), { code: -32001 });
});

test("privacy is for chains whose data lie with a committee", async () => {
  const other = join(datadir, "other");
  await assert.rejects(mezz("up", "zk", "--private", "--datadir", other, "--l1-port", 0, "--l2-port", 0, "--metrics-port", 0), /mezz up optimium --private/);
});
