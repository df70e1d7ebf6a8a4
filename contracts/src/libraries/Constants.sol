// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice The protocol's constants (docs/spec/README.md).
library Constants {
    /// @dev Queue messages one L2 block may consume.
    uint256 internal constant MESSAGES_PER_BLOCK_MAX = 24;
    /// @dev L2 gas of one queue message.
    uint64 internal constant MESSAGE_GAS_MAX = 4_000_000;
    /// @dev Bytes of one message's data.
    uint256 internal constant MESSAGE_DATA_MAX = 65_536;
    /// @dev Bytes of a deposit's opaque data before its call data.
    uint256 internal constant OPAQUE_HEADER_SIZE = 73;
    /// @dev Bytes of a withdrawal's data: what a deposit may have, so that a bridge can send back whatever it was sent.
    uint256 internal constant WITHDRAWAL_DATA_MAX = MESSAGE_DATA_MAX - OPAQUE_HEADER_SIZE;
    /// @dev L1 gas that a withdrawal may ask for: an L1 transaction has at most 16,777,216 (EIP-7825), and the portal works too.
    uint256 internal constant WITHDRAWAL_GAS_MAX = 15_000_000;
    /// @dev Bytes of a calldata payload.
    uint256 internal constant CALLDATA_MAX = 98_304;
    /// @dev Bytes of a chunk of a committee's payload: one preimage fits one L1 transaction, and so does one answer to a challenge.
    uint256 internal constant CHUNK_SIZE = CALLDATA_MAX;
    /// @dev Chunks of a committee's payload.
    uint256 internal constant CHUNKS_MAX = 8;
    /// @dev Members of a committee that signs with secp256k1. One with more signs with BLS12-381.
    uint256 internal constant MEMBERS_MAX = 20;
    /// @dev Members of a committee that signs with BLS12-381: as many as a word has bits.
    uint256 internal constant BLS_MEMBERS_MAX = 256;
    /// @dev Blobs of one batch.
    uint256 internal constant BLOBS_PER_BATCH_MAX = 6;
    /// @dev Outputs in one claim's vector.
    uint256 internal constant CLAIM_ENTRIES = 256;
    /// @dev Least block gas limit: 24 messages of 4,000,000 fit.
    uint64 internal constant BLOCK_GAS_LIMIT_MIN = 96_000_000;
    /// @dev Most gas of one span, so that it stays under 2^40 guest instructions.
    uint64 internal constant SPAN_GAS_MAX = 250_000_000;
    /// @dev Version of a batch header and of an output.
    uint8 internal constant VERSION = 1;
}
