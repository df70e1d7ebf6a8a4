// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// The owner of `SystemConfig` is OpenZeppelin's timelock as it is; imported here so that it is built and gets an artifact.
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
