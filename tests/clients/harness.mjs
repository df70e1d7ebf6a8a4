// Starts programs under test on free ports and describes them to the clients.
//
// `startMezz` runs `mezz up` (the program named by MEZZ) with a data folder of its own and waits for deployment.json;
// `startAnvil` runs an L1 that we did not write. Whatever a test file starts is ended with it.
// MEZZ_LOGS=DIR keeps what the programs printed.
import { spawn, execFile } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createPublicClient, createWalletClient, defineChain, http, parseEther, toHex, zeroAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { chainConfig, publicActionsL1, publicActionsL2, walletActionsL1, walletActionsL2 } from "viem/op-stack";

export const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, "../..");
const MEZZ = process.env.MEZZ ?? join(root, "target/release/mezz");
// The folders where npm has put cast, forge and anvil.
const PATH = [join(root, "contracts/node_modules/.bin"), process.env.PATH].join(delimiter);
const READY_SECONDS = 120;
const MULTICALL3 = { address: "0xcA11bde05977b3631167028862bE2a173976CA11" };

let started = 0;
const running = new Set();
process.on("exit", () => running.forEach((program) => program.kill("SIGKILL")));

/** A TCP port that nobody uses at this moment. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Runs a program to its end and gives what it printed; an exit code other than 0 is an error that shows all of it. */
export async function exec(program, args, options = {}) {
  try {
    const { stdout } = await promisify(execFile)(program, args.map(String), {
      env: { ...process.env, PATH, NO_COLOR: "1", FOUNDRY_DISABLE_NIGHTLY_WARNING: "1" },
      maxBuffer: 1 << 26,
      timeout: 300_000,
      ...options,
    });
    return stdout.trim();
  } catch (error) {
    throw new Error(`${program} ${args.join(" ").slice(0, 400)}: ${error.message}\n${error.stdout}${error.stderr}`);
  }
}

export const cast = (...args) => exec("cast", args);
export const forge = (...args) => exec("forge", args);
export const mezz = (...args) => exec(MEZZ, args);

/** A program that runs beside the test, with its output in a file. */
class Background {
  constructor(program, args, folder) {
    this.log = join(process.env.MEZZ_LOGS ?? folder, `${basename(program)}-${process.pid}-${++started}.log`);
    const log = openSync(this.log, "a");
    this.child = spawn(program, args.map(String), { stdio: ["ignore", log, log], env: { ...process.env, PATH, NO_COLOR: "1" } });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.child.on("error", (error) => resolve(`could not start ${program}: ${error.message}`));
      this.child.on("exit", (code, signal) => resolve(`${program} ended with ${signal ?? code}`));
    });
    this.ended.then((how) => ((this.how = how), running.delete(this.child)));
    running.add(this.child);
  }

  /** Waits until `ready()` gives something; fails when the program ends first or takes too long. */
  async until(ready, seconds = READY_SECONDS) {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) {
      const value = await ready();
      if (value) return value;
      if (this.how) throw new Error(`${this.how}\n${this.tail()}`);
    }
    this.child.kill("SIGKILL");
    throw new Error(`not ready after ${seconds} s\n${this.tail()}`);
  }

  tail() {
    return readFileSync(this.log, "utf8").split("\n").slice(-40).join("\n");
  }

  async stop(signal = "SIGTERM") {
    this.child.kill(signal);
    const slow = setTimeout(() => this.child.kill("SIGKILL"), 15_000);
    await this.ended;
    clearTimeout(slow);
  }
}

/** `mezz` with these arguments, beside the test. */
export const background = (args, folder) => new Background(MEZZ, args, folder);

/** An L1 that we did not write: its URL is its beacon API's too. */
export async function startAnvil({ blockTime = 1, chainId = 900, args = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "mezz-anvil-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const flags = ["--port", port, "--chain-id", chainId, "--hardfork", "osaka", "--slots-in-an-epoch", 2, ...(process.env.MEZZ_LOGS ? [] : ["--quiet"]), ...args];
  const program = new Background("anvil", [...flags, ...(blockTime ? ["--block-time", blockTime] : [])], folder);
  await program.until(() => rpc(url, "eth_chainId").catch(() => null), 30);
  const stop = async () => {
    await program.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, stop };
}

/** A chain on an L1 that we did not write, and that L1; `stop` ends both. */
export async function startOnAnvil(options = {}) {
  const anvil = await startAnvil();
  const chain = await startMezz({ ...options, l1Url: anvil.url });
  // anvil has no multicall contract, which viem asks for on L1: it gets the code that our L2 has.
  const { address } = chain.l1Chain.contracts.multicall3;
  await rpc(anvil.url, "anvil_setCode", [address, await chain.publicL2.getCode({ address })]);
  // viem estimates withdrawals without a sender, as the zero address: on a real L1 that is a rich one.
  await rpc(anvil.url, "anvil_setBalance", [zeroAddress, toHex(parseEther("1000"))]);
  const stop = async () => {
    await chain.stop();
    await anvil.stop();
  };
  return { anvil, chain, stop };
}

/**
 * A running rollup and the clients that speak to it.
 *
 * `l1Url` names an L1 that runs already (its beacon API is at `beacon`, or at the same place); without it the embedded one starts.
 */
export async function startMezz({ family = "optimistic", l1Url, beacon = l1Url, args = [], datadir } = {}) {
  const kept = datadir !== undefined;
  datadir ??= mkdtempSync(join(tmpdir(), "mezz-"));
  const l1 = l1Url ? ["--l1", l1Url, "--beacon", beacon] : ["--l1-port", 0, "--l1-block-time", 1];
  const lasting = kept ? [] : ["--ephemeral"];
  const file = join(datadir, "deployment.json");
  rmSync(file, { force: true });
  const flags = ["up", family, "--datadir", datadir, ...lasting, ...l1, "--l2-port", 0, "--metrics-port", 0, ...args];
  const program = new Background(MEZZ, flags, datadir);
  const deployment = await program.until(() => existsSync(file) && JSON.parse(readFileSync(file, "utf8")));
  const stop = async (signal) => {
    await program.stop(signal);
    if (!kept) rmSync(datadir, { recursive: true, force: true });
  };
  const described = clients(deployment);
  // Deposits are in an early block.
  const rich = async ({ address }) => (await described.publicL2.getBalance({ address })) > 0n;
  await program.until(async () => (await Promise.all(described.accounts.map(rich))).every(Boolean));
  return { deployment, datadir, program, stop, ...described };
}

/** A node of an existing deployment, in the given roles; `rollup` is the file that names the deployment. */
export async function startNode({ deployment, rollup, roles, args = [] }) {
  const datadir = mkdtempSync(join(tmpdir(), "mezz-node-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { rpc: l1, beacon } = deployment.l1;
  const flags = ["--datadir", datadir, "--rollup", rollup, "--l1", l1, "--beacon", beacon, "--roles", roles.join(",")];
  const program = new Background(MEZZ, ["node", ...flags, "--l2-port", port, "--metrics-port", 0, ...args], datadir);
  await program.until(() => rpc(url, "eth_chainId").catch(() => null));
  const stop = async (signal) => {
    await program.stop(signal);
    rmSync(datadir, { recursive: true, force: true });
  };
  const own = { ...deployment, l2: { ...deployment.l2, rpc: url, ws: url.replace("http", "ws") } };
  return { deployment: own, datadir, program, stop, ...clients(own) };
}

/** The two chains as viem's `op-stack` wants them, and clients with the test accounts. On a private chain they show the operator's token, or another. */
export function clients(deployment, token = tokenOf(deployment, "operator")) {
  const { l1: one, l2: two, contracts } = deployment;
  const ether = { name: "Ether", symbol: "ETH", decimals: 18 };
  const at = (address) => ({ [one.chainId]: { address } });
  const urls = (side) => ({ default: { http: [side.rpc], webSocket: [side.ws] } });
  const l1Chain = defineChain({
    id: one.chainId,
    name: "Mezzanine L1",
    nativeCurrency: ether,
    rpcUrls: urls(one),
    contracts: { multicall3: MULTICALL3 },
  });
  const l2Chain = defineChain({
    ...chainConfig,
    id: two.chainId,
    name: "Mezzanine",
    nativeCurrency: ether,
    rpcUrls: urls(two),
    sourceId: one.chainId,
    contracts: {
      ...chainConfig.contracts,
      multicall3: MULTICALL3,
      portal: at(contracts.portal),
      disputeGameFactory: at(contracts.disputeGameFactory),
      l1StandardBridge: at(contracts.l1StandardBridge),
    },
  });
  const accounts = deployment.accounts.map(({ privateKey }) => privateKeyToAccount(privateKey));
  const common = { pollingInterval: 200, cacheTime: 0 };
  const fetchOptions = token && { headers: { authorization: `Bearer ${token}` } };
  const client = (chain, side) => ({ chain, transport: http(side.rpc, { timeout: 60_000, ...(side === two && { fetchOptions }) }), ...common });
  const publicL1 = createPublicClient(client(l1Chain, one)).extend(publicActionsL1());
  const publicL2 = createPublicClient(client(l2Chain, two)).extend(publicActionsL2());
  const walletL1 = (account) => createWalletClient({ ...client(l1Chain, one), account }).extend(walletActionsL1());
  const walletL2 = (account) => createWalletClient({ ...client(l2Chain, two), account }).extend(walletActionsL2());
  return { l1Chain, l2Chain, accounts, publicL1, publicL2, walletL1, walletL2 };
}

/** The token of a party of a private chain. */
export const tokenOf = (deployment, name) => deployment.access?.parties.find((party) => party.name === name).token;

/** One JSON-RPC call: its result, or an Error with the node's `code`, `message` and `data`. */
export async function rpc(url, method, params = [], token) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await (await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) }, body })).json();
  if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
  return answer.result;
}

/** The ABI of one of Mezzanine's own contracts, as committed. */
export const abiOf = (name) => JSON.parse(readFileSync(join(root, `contracts/artifacts/${name}.json`), "utf8")).abi;

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits for `condition()` to give something true, and gives it. */
export async function eventually(what, condition, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(100)) {
    const value = await condition();
    if (value) return value;
  }
  throw new Error(`${what}: not within ${seconds} s`);
}
