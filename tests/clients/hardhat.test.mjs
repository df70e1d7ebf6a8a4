// A Hardhat project as its author has it: compiled, deployed and tested by its own tool on L2; then what lies on chain is verified.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { encodeAbiParameters, hexToBytes, keccak256, pad, toHex } from "viem";
import { exec, here, startMezz } from "./harness.mjs";

let chain, project, deployed, input, output;

before(async () => {
  project = mkdtempSync(join(tmpdir(), "mezz-hardhat-"));
  cpSync(join(here, "hardhat"), project, { recursive: true });
  cpSync(join(here, "package.json"), join(project, "package.json"));
  symlinkSync(join(here, "node_modules"), join(project, "node_modules"));
  chain = await startMezz();
});
after(async () => {
  await chain?.stop();
  rmSync(project, { recursive: true, force: true });
});

const json = (...path) => JSON.parse(readFileSync(join(project, ...path), "utf8"));

test("the project's own tests pass on L2", async () => {
  const keys = chain.deployment.accounts.slice(5, 7).map(({ privateKey }) => privateKey);
  const file = join(project, "deployed.json");
  const own = { L2_URL: chain.deployment.l2.rpc, L2_KEYS: keys.join(), DEPLOYED: file, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true", CI: "true" };
  const options = { cwd: project, env: { ...process.env, ...own, NO_COLOR: "1" } };
  const printed = await exec("node", [join(here, "node_modules/hardhat/dist/src/cli.js"), "test", "nodejs", "--network", "l2"], options);
  assert.match(printed, /4 passing/);
  deployed = json("deployed.json");
  const build = readdirSync(join(project, "artifacts/build-info")).find((name) => !name.endsWith(".output.json"));
  input = json("artifacts/build-info", build).input;
  output = json("artifacts/build-info", build.replace(/\.json$/, ".output.json")).output;
});

/** Where the linker and the constructor write into the code, with what they write. */
function holes(from) {
  const code = contract("Vault", from).evm.deployedBytecode;
  const places = [];
  for (const libraries of Object.values(code.linkReferences ?? {})) {
    for (const at of Object.values(libraries).flat()) places.push({ ...at, value: deployed.shares });
  }
  const variables = Object.fromEntries(nodes(from.sources[source()].ast).filter(({ nodeType }) => nodeType === "VariableDeclaration").map(({ id, name }) => [id, name]));
  const values = { keeper: pad(deployed.keeper), opens: toHex(BigInt(deployed.opens), { size: 32 }) };
  for (const [id, references] of Object.entries(code.immutableReferences ?? {})) {
    for (const at of references) places.push({ ...at, value: values[variables[id]] });
  }
  return places;
}

function nodes(node) {
  if (!node || typeof node !== "object") return [];
  return [...(node.nodeType ? [node] : []), ...Object.values(node).flatMap(nodes)];
}

/** The compiler's code with the holes filled. */
function filled(object, places) {
  const code = Buffer.from(object.replace(/__\$[0-9a-f]{34}\$__/g, "0".repeat(40)), "hex");
  for (const { start, length, value } of places) {
    assert.equal(hexToBytes(value).length, length);
    code.set(hexToBytes(value), start);
  }
  return `0x${code.toString("hex")}`;
}

const source = () => Object.keys(output.contracts).find((name) => name.endsWith("Vault.sol"));
const contract = (name, from = output) => from.contracts[source()][name];

test("the code on chain is the compiler's, with its immutables and its library", async () => {
  const vault = contract("Vault");
  const places = holes(output);
  assert.ok(places.every(({ value }) => value) && places.length >= 3, "two immutables and a library");
  const onChain = await chain.publicL2.getCode({ address: deployed.vault });
  assert.equal(onChain, filled(vault.evm.deployedBytecode.object, places));

  const { input: sent } = await chain.publicL2.getTransaction({ hash: deployed.transaction });
  const links = Object.values(vault.evm.bytecode.linkReferences).flatMap((libraries) => Object.values(libraries).flat());
  const creation = filled(vault.evm.bytecode.object, links.map((at) => ({ ...at, value: deployed.shares })));
  const told = encodeAbiParameters([{ type: "address" }, { type: "uint256" }], [deployed.keeper, BigInt(deployed.opens)]);
  assert.equal(sent, creation + told.slice(2));

  // A library's code begins with its own address, which only the chain knows.
  const library = await chain.publicL2.getCode({ address: deployed.shares });
  const expected = contract("Shares").evm.deployedBytecode.object;
  assert.equal(library, `0x73${deployed.shares.slice(2).toLowerCase()}${expected.slice(42)}`);
});

/** The IPFS hash of a small file: what the compiler writes at the end of the code. */
function ipfs(text) {
  const varint = (number) => (number < 128 ? [number] : [(number & 127) | 128, ...varint(number >> 7)]);
  const bytes = Buffer.from(text);
  const data = Buffer.from([0x08, 2, 0x12, ...varint(bytes.length), ...bytes, 0x18, ...varint(bytes.length)]);
  const node = Buffer.from([0x0a, ...varint(data.length), ...data]);
  return `1220${createHash("sha256").update(node).digest("hex")}`;
}

test("the metadata that the code names is that of these sources, and compiles to this code", async () => {
  const onChain = await chain.publicL2.getCode({ address: deployed.vault });
  const length = parseInt(onChain.slice(-4), 16);
  const tail = onChain.slice(-4 - 2 * length, -4);
  const { metadata } = contract("Vault");
  assert.ok(tail.includes(ipfs(metadata)), "the code ends with the hash of the metadata");

  // Whoever has nothing but metadata and sources gets the same code.
  const { language, settings, sources } = JSON.parse(metadata);
  const files = {};
  for (const [name, { keccak256: hash }] of Object.entries(sources)) {
    const { content } = input.sources[name];
    assert.equal(keccak256(Buffer.from(content)), hash, name);
    assert.equal(content, readFileSync(join(project, "contracts/Vault.sol"), "utf8"));
    files[name] = { content };
  }
  const solc = createRequire(import.meta.url)("solc");
  const { compilationTarget, ...options } = settings;
  assert.deepEqual(Object.values(compilationTarget), ["Vault"]);
  const compiled = (changed) => {
    const outputSelection = { "*": { "*": ["evm.deployedBytecode"], "": ["ast"] } };
    const libraries = options.libraries ?? {};
    const again = { language, sources: files, settings: { ...options, ...changed, libraries: Array.isArray(libraries) ? {} : libraries, outputSelection } };
    return JSON.parse(solc.compile(JSON.stringify(again)));
  };
  const code = (from) => filled(contract("Vault", from).evm.deployedBytecode.object, holes(from));
  assert.equal(onChain, code(compiled({})));
  // The comparison can fail: other settings give other code.
  assert.notEqual(onChain, code(compiled({ optimizer: { enabled: false } })));
});
