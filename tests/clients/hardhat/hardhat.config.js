// A stranger's project: the chain is a URL and keys from the environment, the compiler is the npm one, so that nothing is downloaded.
import { createRequire } from "node:module";
import ethers from "@nomicfoundation/hardhat-ethers";
import nodeTestRunner from "@nomicfoundation/hardhat-node-test-runner";

const { resolve } = createRequire(import.meta.url);

export default {
  plugins: [ethers, nodeTestRunner],
  solidity: {
    version: "0.8.37",
    path: resolve("solc/soljson.js"),
    settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: "osaka", outputSelection: { "*": { "*": ["metadata"] } } },
  },
  networks: {
    l2: { type: "http", chainType: "op", url: process.env.L2_URL, accounts: (process.env.L2_KEYS ?? "").split(",") },
  },
};
