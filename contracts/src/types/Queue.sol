// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice One message from L1 to L2 (docs/spec/queue.md).
struct QueueMessage {
    uint8 kind;
    address from;
    address to;
    uint256 value;
    uint64 gas;
    bytes32 dataHash;
    uint64 l1Block;
    uint64 l1Time;
    uint64 index;
}

/// @notice The kinds of a queue message.
library MessageKind {
    uint8 internal constant DEPOSIT = 0;
    uint8 internal constant FORCED = 1;
    uint8 internal constant L1_INFO = 2;
    uint8 internal constant CONFIG = 3;
}

/// @notice The keys of a config message.
library ConfigKey {
    uint256 internal constant GAS_LIMIT = 0;
    uint256 internal constant L1_FEE_SCALARS = 1;
    uint256 internal constant OPERATOR_FEE = 2;
    uint256 internal constant EIP1559 = 3;
    uint256 internal constant MIN_BASE_FEE = 4;
    uint256 internal constant BATCHER = 5;
}
