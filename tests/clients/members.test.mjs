// Members and a node as operators run them: processes of their own, mutual TLS as docs/committee-members.md makes it, a private chain that never falls back to L1.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { keccak256, parseEther, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { abiOf, background, eventually, exec, freePort, mezz, root, rpc, sleep, startMezz, startNode } from "./harness.mjs";

const inboxAbi = abiOf("Inbox");
const registryAbi = abiOf("CommitteeRegistry");
const FRIEND = "0x00000000000000000000000000000000000f1e4d";
// Roles that the L1's own rollup does not use.
const [BATCHER, PROPOSER, CHALLENGER, OWNER] = ["dev:120", "dev:121", "dev:122", "dev:123"];
const TENANTS = { acme: "dev:3", bolt: "dev:4" };
let place, host, rollup, node, deployment;
const members = [];
// Access keys by name.
const keys = {};

const at = (...names) => join(place, ...names);
const json = async (...args) => JSON.parse(await mezz(...args, "--json"));
const address = async (key) => (await json("keys", "address", "--key", key)).address;
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const tls = () => ["--member-ca", at("tls/ca.pem"), "--member-cert", at("tls/client.crt"), "--member-cert-key", at("tls/client.key")];
const where = () => members.flatMap(({ address, url }) => ["--member", `${address}=${url}`]);
// A tenant has a folder of its own, a token, and the chain's rollup.json.
const tenant = (name) => ["--datadir", at(name), "--access-token", `@${at(`${name}.token`)}`, "--l1", deployment.l1.rpc, "--l2", node.deployment.l2.rpc, "--rollup", at("rollup/rollup.json")];

/** The certificates of the documentation, for this machine. */
async function certificates() {
  const page = readFileSync(join(root, "docs/committee-members.md"), "utf8");
  const [, commands] = /### TLS of one's own[^]*?```sh\n([^]*?)```/.exec(page);
  mkdirSync(at("tls"));
  await exec("bash", ["-euc", commands.replace("DNS:dac.example.org", "IP:127.0.0.1")], { cwd: at("tls") });
}

async function newMember(index) {
  const port = await freePort();
  const name = `member${index}`;
  const { address } = await json("keys", "new", at(`${name}.key`));
  const { key } = await json("dac", "access-key", at(`${name}.access`));
  members.push({ name, address, key, port, url: `https://127.0.0.1:${port}`, config: at(`${name}.toml`) });
}

function configure(member, inbox, batcher) {
  const peers = members.map(({ address, url }) => `[[peers]]\naddress = "${address}"\nurl = "${url}"\n`);
  writeFileSync(
    member.config,
    `listen = "127.0.0.1:${member.port}"
data = "${at(member.name)}"
signer = { key-file = "${at(`${member.name}.key`)}" }
private-key-file = "${at(`${member.name}.access`)}"
[[chains]]
l1-chain-id = ${deployment.l1.chainId}
inbox = "${inbox}"
batchers = ["${batcher}"]
retention = ${8 * 86_400}
private = true
must-read = ["${keys.operator}", "${keys.auditor}"]
${peers.join("")}
[tls]
certificate = "${at("tls/member.crt")}"
key = "${at("tls/member.key")}"
client-ca = "${at("tls/ca.pem")}"
[peer-tls]
ca = "${at("tls/ca.pem")}"
certificate = "${at("tls/member.crt")}"
key = "${at("tls/member.key")}"
`,
  );
}

async function start(member) {
  member.program = background(["dac", "member", "--config", member.config], place);
  await member.program.until(() => readFileSync(member.program.log, "utf8").includes("member of a data committee at"), 30);
}

/** Everybody's access: members, the operator, two tenants, an auditor. */
async function accessFile() {
  let text = members.map(({ name, key }) => `[[reader]]\nname = "${name}"\nrole = "member"\nkey = "${key}"\n`).join("");
  for (const [name, role] of [["operator", "operator"], ["auditor", "auditor"], ["acme", "tenant"], ["bolt", "tenant"]]) {
    const { key } = await json("dac", "access-key", at(`${name}.access`));
    keys[name] = key;
    writeFileSync(at(`${name}.token`), `token of ${name}\n`);
    const head = role === "tenant" ? `[[tenant]]\naccounts = ["${await address(TENANTS[name])}"]` : `[[reader]]\nrole = "${role}"`;
    text += `${head}\nname = "${name}"\nkey = "${key}"\ntokens = ["${sha256(`token of ${name}`)}"]\n`;
  }
  writeFileSync(at("access.toml"), text);
}

before(async () => {
  place = mkdtempSync(join(tmpdir(), "mezz-members-"));
  // Its L1 is ours too.
  host = await startMezz();
  deployment = host.deployment;
  await certificates();
  for (const index of [1, 2, 3]) await newMember(index);
  const [batcher, proposer, challenger, owner] = await Promise.all([BATCHER, PROPOSER, CHALLENGER, OWNER].map(address));
  for (const account of [batcher, proposer, challenger, owner]) await rpc(deployment.l1.rpc, "anvil_setBalance", [account, toHex(parseEther("100"))]);
  const list = (addresses) => addresses.map((address) => `"${address}"`).join(", ");
  writeFileSync(
    at("intent.toml"),
    `profile = "devnet"
l1-chain-id = ${deployment.l1.chainId}
l2-chain-id = 4242
[roles]
batcher = "${batcher}"
sequencer = "${batcher}"
proposer = "${proposer}"
[committee]
members = [${list(members.map(({ address }) => address))}]
threshold = 2
demanders = [${list([challenger, await address(TENANTS.acme)])}]
demanders-delay = 120
[committee.rules]
fallback = "stop"
`,
  );
  await mezz("deploy", "apply", "--intent", at("intent.toml"), "--l1", deployment.l1.rpc, "--datadir", at("rollup"), "--deployer-key", OWNER);
  rollup = JSON.parse(readFileSync(at("rollup/rollup.json"), "utf8"));
  await accessFile();
  for (const member of members) configure(member, rollup.contracts.inbox, batcher);
  await Promise.all(members.map(start));
  const signers = ["--batcher-key", BATCHER, "--proposer-key", PROPOSER, "--challenger-key", CHALLENGER];
  const access = ["--access", at("access.toml"), "--access-key", at("operator.access")];
  const pace = ["--confirmations", 0, "--batch-interval", 2, "--claim-interval", 4, "--block-time", 0.5, "--audit-interval", 1];
  const roles = ["sequencer", "batcher", "proposer", "challenger"];
  node = await startNode({ deployment, rollup: at("rollup/rollup.json"), roles, args: [...signers, ...where(), ...tls(), ...access, ...pace] });
});
after(async () => {
  await node?.stop();
  for (const { program } of members) await program?.stop();
  await host?.stop();
  if (place) rmSync(place, { recursive: true, force: true });
});

const posted = async () => {
  const logs = await host.publicL1.getContractEvents({ address: rollup.contracts.inbox, abi: inboxAbi, eventName: "BatchPosted", fromBlock: 0n });
  return logs.map(({ args }) => args);
};
const ask = (name, method, params) => rpc(node.deployment.l2.rpc, method, params, name && `token of ${name}`);

/** Sends, and waits until its batch is on L1. */
async function sendAndPost(ether) {
  const sent = await json("send", FRIEND, ether, "--key", TENANTS.acme, ...tenant("acme"));
  assert.equal(sent.status, "0x1");
  return { sent, batch: await eventually("its batch", () => ask("acme", "mezz_getBatchByBlock", [sent.blockNumber])) };
}

test("the committee certifies what a tenant sends, over mutual TLS", async () => {
  for (const name of ["acme", "bolt"]) assert.equal((await json("deposit", "5", "--key", TENANTS[name], ...tenant(name))).arrived, true);
  const { sent, batch } = await sendAndPost("1");
  assert.equal(batch.daType, "committee");

  const records = (name, ...options) => json("dac", "records", ...where(), "--key", at(`${name}.access`), ...options);
  const hashes = async (name) => (await records(name, ...tls())).transactions.map(({ hash }) => hash);
  await eventually("the record", async () => (await hashes("acme")).includes(sent.transactionHash));
  assert.deepEqual(await hashes("bolt"), []);
  // Without a certificate there is no connection, and without the authority no trust.
  await assert.rejects(records("acme"), /is not reachable/);
  await assert.rejects(records("acme", ...tls().slice(0, 2)), /is not reachable/);

  const hash = `0x${(await posted()).at(-1).aux.slice(2 + 32, 2 + 96)}`;
  const open = (name, ...options) => mezz("dac", "open", ...where(), ...options, "--key", at(`${name}.access`), hash, at("payload"));
  await assert.rejects(open("auditor"), /is not reachable/);
  await assert.rejects(open("bolt", ...tls()), /is not a reader/);
  await open("auditor", ...tls());
  assert.ok(readFileSync(at("payload")).length > 0);
});

test("over RPC a tenant reads its own, and another is refused", async () => {
  const { sent } = await sendAndPost("0.1");
  const own = await address(TENANTS.acme);
  assert.ok(BigInt(await ask("acme", "eth_getBalance", [own, "latest"])) > 0n);
  for (const name of ["bolt", undefined]) await assert.rejects(ask(name, "eth_getBalance", [own, "latest"]), { code: -32001 });
  assert.equal(await ask("bolt", "eth_getTransactionReceipt", [sent.transactionHash]), null);
  assert.equal((await ask("auditor", "eth_getTransactionReceipt", [sent.transactionHash])).transactionHash, sent.transactionHash);
  const stored = readFileSync(join(at("member1", "sealed"), ...firstSealed()));
  assert.ok(!stored.includes(Buffer.from(own.slice(2), "hex")), "members keep nothing in the clear");
});

function firstSealed() {
  const [folder] = readdirSync(at("member1", "sealed"));
  return [folder, readdirSync(at("member1", "sealed", folder)).find((name) => name.endsWith(".sealed"))];
}

test("two of three are enough, one is not, and whoever comes back goes on", async () => {
  const [, second, third] = members;
  await third.program.stop("SIGKILL");
  assert.equal((await sendAndPost("0.1")).batch.daType, "committee");

  await second.program.stop("SIGKILL");
  // What was asked for before may still be on its way.
  await sleep(3_000);
  const before = (await posted()).length;
  const sent = await json("send", FRIEND, "0.1", "--key", TENANTS.acme, ...tenant("acme"));
  await sleep(8_000);
  assert.equal((await posted()).length, before, "nothing goes to L1 in the clear");
  assert.equal(await ask("acme", "mezz_getBatchByBlock", [sent.blockNumber]), null);

  await start(second);
  await eventually("its batch", () => ask("acme", "mezz_getBatchByBlock", [sent.blockNumber]));
  assert.ok((await posted()).every(({ header }) => header.daType === 3));
  // What it had promised is there, as it was.
  await json("dac", "verify", "--config", second.config);
});

test("a disk that died comes back from a backup", async () => {
  const [, , third] = members;
  await json("dac", "backup", "--config", third.config, "--to", at("backup"));
  rmSync(at(third.name, "sealed"), { recursive: true });
  const { copied } = await json("dac", "restore", "--config", third.config, "--from", at("backup"));
  assert.ok(copied.length > 0);
  await start(third);
  const { payloads } = await json("dac", "verify", "--config", third.config);
  assert.ok(payloads >= copied.length);
});

test("a member that signs two payloads for one place is shown to L1, and counts no more", async () => {
  const [culprit] = members;
  const account = privateKeyToAccount(readFileSync(at(`${culprit.name}.key`), "utf8").trim());
  const { timestamp } = await host.publicL1.getBlock();
  const field = (name, type) => ({ name, type });
  const types = {
    Certificate: [
      field("batchIndex", "uint64"), field("prevAcc", "bytes32"), field("payloadHash", "bytes32"),
      field("payloadLength", "uint32"), field("epoch", "uint64"), field("expiry", "uint64"),
    ],
  };
  const domain = { name: "Mezzanine data committee", version: "1", chainId: deployment.l1.chainId, verifyingContract: rollup.contracts.inbox };
  const statement = async (file, data, expiry) => {
    const message = { batchIndex: 9n, prevAcc: keccak256("0x01"), payloadHash: keccak256(data), payloadLength: 9, epoch: 0n, expiry };
    const signature = await account.signTypedData({ domain, types, primaryType: "Certificate", message });
    const said = { ...message, batchIndex: 9, epoch: 0, expiry: Number(expiry), l1ChainId: domain.chainId, inbox: domain.verifyingContract, signature };
    writeFileSync(at(file), JSON.stringify(said));
    return at(file);
  };
  const retention = BigInt(8 * 86_400);
  const show = (files, ...options) => json("dac", "show-equivocation", ...files, "--l1", deployment.l1.rpc, "--rollup", at("rollup/rollup.json"), "--key", "dev:7", ...options);
  const late = [await statement("late1", "0x01", timestamp + retention - 5n), await statement("late2", "0x02", timestamp + retention + 600n)];
  await assert.rejects(show(late), /L1 took this until/);
  const both = [await statement("one", "0x01", timestamp + retention + 600n), await statement("two", "0x02", timestamp + retention + 900n)];
  const { shown } = await show(both);
  assert.deepEqual(shown, [{ member: culprit.address, epoch: 0, revoked: true }]);
  const epoch = await host.publicL1.readContract({ address: rollup.contracts.committee.registry, abi: registryAbi, functionName: "epochAt", args: [0n] });
  assert.equal(BigInt(epoch.revoked).toString(2).replaceAll("0", ""), "1");
  // The two others are enough, and nobody asks this one any more.
  assert.equal((await sendAndPost("0.1")).batch.daType, "committee");
});

test("a node says which member has lost what it promised", async () => {
  const [first] = members;
  const scrape = async () => (await fetch(readFileSync(node.program.log, "utf8").match(/metrics at (\S+)/)[1])).text();
  const failed = async (member) => Number(new RegExp(`audits_failed_total{member="${member.address}"} (\\d+)`, "i").exec(await scrape())[1]);
  const before = await failed(members[1]);
  await first.program.stop("SIGKILL");
  await eventually("an audit that fails", async () => (await failed(first)) > 0, 30);
  assert.equal(await failed(members[1]), before);
});
