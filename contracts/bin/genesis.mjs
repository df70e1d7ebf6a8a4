#!/usr/bin/env node
// Writes artifacts/l2-genesis.json: the code of every predeploy and preinstall, and the storage slots that a deployment fills.
//
//     node bin/artifacts.mjs && node bin/genesis.mjs          write the file
//     node bin/artifacts.mjs --check && node bin/genesis.mjs --check  fail if it differs from what the sources give
//
// README-l2.md describes the file and its slots.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "artifacts", "l2-genesis.json");

const predeploy = (low) => "0x42" + low.toString(16).padStart(38, "0");

// name: lowest bytes of the address
const PREDEPLOYS = {
  WETH9: 0x06,
  L2CrossDomainMessenger: 0x07,
  GasPriceOracle: 0x0f,
  L2StandardBridge: 0x10,
  SequencerFeeVault: 0x11,
  OptimismMintableERC20Factory: 0x12,
  L2ERC721Bridge: 0x14,
  L1Block: 0x15,
  L2ToL1MessagePasser: 0x16,
  OptimismMintableERC721Factory: 0x17,
  BaseFeeVault: 0x19,
  L1FeeVault: 0x1a,
  OperatorFeeVault: 0x1b,
};

// name: [predeploy, slot, lowest bit, bits]
const VAULTS = ["SequencerFeeVault", "BaseFeeVault", "L1FeeVault", "OperatorFeeVault"];
const vaultSlots = (vault) => {
  const name = vault[0].toLowerCase() + vault.slice(1);
  return {
    [`${name}Recipient`]: [vault, 1, 0, 160],
    [`${name}Network`]: [vault, 1, 160, 8],
    [`${name}MinWithdrawalAmount`]: [vault, 2, 0, 256],
  };
};
const SLOTS = {
  l1CrossDomainMessenger: ["L2CrossDomainMessenger", 3, 0, 160],
  l1Portal: ["L2CrossDomainMessenger", 4, 0, 160],
  l1Inbox: ["L2CrossDomainMessenger", 5, 0, 160],
  l1ClaimManager: ["L2CrossDomainMessenger", 6, 0, 160],
  l1SystemConfig: ["L2CrossDomainMessenger", 7, 0, 160],
  l1StandardBridge: ["L2StandardBridge", 1, 0, 160],
  l1ERC721Bridge: ["L2ERC721Bridge", 0, 0, 160],
  l1ChainId: ["OptimismMintableERC721Factory", 1, 0, 256],
  ...Object.assign({}, ...VAULTS.map(vaultSlots)),
  number: ["L1Block", 0, 0, 64],
  timestamp: ["L1Block", 0, 64, 64],
  basefee: ["L1Block", 1, 0, 256],
  hash: ["L1Block", 2, 0, 256],
  blobBaseFeeScalar: ["L1Block", 3, 64, 32],
  baseFeeScalar: ["L1Block", 3, 96, 32],
  batcherHash: ["L1Block", 4, 0, 256],
  prevRandao: ["L1Block", 5, 0, 256],
  gasLimit: ["L1Block", 6, 0, 64],
  blobBaseFee: ["L1Block", 7, 0, 256],
  operatorFeeConstant: ["L1Block", 8, 0, 64],
  operatorFeeScalar: ["L1Block", 8, 64, 32],
  eip1559Elasticity: ["L1Block", 9, 0, 32],
  eip1559Denominator: ["L1Block", 9, 32, 32],
  minBaseFee: ["L1Block", 10, 0, 256],
};

/** Runtime code of a predeploy. A constructor would not run at genesis, so there must be none, nor the immutables it would set. */
function runtimeCode(name) {
  const path = join(root, "artifacts", `${name}.json`);
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`node bin/artifacts.mjs\` first`);
  const { abi, deployedBytecode } = JSON.parse(readFileSync(path, "utf8"));
  if (abi.some(({ type }) => type === "constructor")) {
    throw new Error(`${name} has a constructor, which genesis cannot run: keep the value in a storage slot`);
  }
  return deployedBytecode;
}

function genesis() {
  const accounts = Object.entries(PREDEPLOYS).map(([name, low]) => ({
    name,
    address: predeploy(low),
    code: runtimeCode(name),
  }));
  for (const preinstall of JSON.parse(readFileSync(join(root, "data", "preinstalls.json"), "utf8"))) {
    accounts.push({ ...preinstall, address: preinstall.address.toLowerCase() });
  }

  const alloc = {};
  const names = {};
  for (const { name, address, code } of accounts) {
    if (alloc[address]) throw new Error(`${address} is taken twice: by ${names[address]} and by ${name}`);
    alloc[address] = { nonce: "0x1", balance: "0x0", code, storage: {} };
    names[address] = name;
  }

  const slots = {};
  for (const [name, [contract, slot, offset, bits]] of Object.entries(SLOTS)) {
    const address = predeploy(PREDEPLOYS[contract]);
    slots[name] = { address, slot: "0x" + slot.toString(16).padStart(64, "0"), offset, bits };
  }
  return JSON.stringify({ alloc, slots, names }, null, 2) + "\n";
}

const text = genesis();
if (process.argv.includes("--check")) {
  if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
    console.error(`${target} is not what the sources give: run \`node bin/genesis.mjs\` and commit the result`);
    process.exit(1);
  }
} else {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
