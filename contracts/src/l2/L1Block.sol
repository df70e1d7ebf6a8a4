// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice What L2 knows of L1, and the configuration of the chain.
///
/// The execution engine reads these slots directly before each block (docs/spec/execution.md), so the layout is protocol:
///
///     slot 0   timestamp (uint64) << 64 | number (uint64)
///     slot 1   basefee
///     slot 2   hash
///     slot 3   baseFeeScalar (uint32) << 96 | blobBaseFeeScalar (uint32) << 64 | sequenceNumber (uint64)
///     slot 4   batcherHash
///     slot 5   prevRandao
///     slot 6   gasLimit (uint64)
///     slot 7   blobBaseFee
///     slot 8   operatorFeeScalar (uint32) << 64 | operatorFeeConstant (uint64)
///     slot 9   denominator (uint32) << 32 | elasticity (uint32)
///     slot 10  minBaseFee
contract L1Block {
    /// @dev A struct starts a new slot, which keeps the next fields out of slot 8.
    struct Eip1559 {
        uint32 elasticity;
        uint32 denominator;
    }

    /// @notice Only the derivation may call this.
    error NotDepositor();
    /// @notice There is no configuration with this key.
    error UnknownKey(uint256 key);

    /// @notice The account that speaks for L1 in derived blocks.
    address public constant DEPOSITOR_ACCOUNT = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001;

    /// @notice Number of the latest L1 block known here.
    uint64 public number;
    /// @notice Timestamp of that block.
    uint64 public timestamp;
    /// @notice Base fee of that block.
    uint256 public basefee;
    /// @notice Hash of the parent of that block: a block cannot know its own.
    bytes32 public hash;
    /// @notice Always zero: L2 blocks are not numbered within an L1 block here.
    uint64 public sequenceNumber;
    /// @notice Weight of the blob base fee in the L1 fee, in millionths.
    uint32 public blobBaseFeeScalar;
    /// @notice Weight of the base fee in the L1 fee, in millionths.
    uint32 public baseFeeScalar;
    /// @notice The account that posts batches.
    bytes32 public batcherHash;
    /// @notice Randomness of that L1 block.
    uint256 public prevRandao;
    /// @notice Gas limit of L2 blocks.
    uint64 public gasLimit;
    /// @notice Blob base fee of that block.
    uint256 public blobBaseFee;
    /// @notice Wei of the operator fee that each transaction pays.
    uint64 public operatorFeeConstant;
    /// @notice Millionths of a wei of the operator fee for each gas.
    uint32 public operatorFeeScalar;
    Eip1559 private _eip1559;
    /// @notice The L2 base fee never falls below this.
    uint256 public minBaseFee;

    modifier onlyDepositor() {
        if (msg.sender != DEPOSITOR_ACCOUNT) revert NotDepositor();
        _;
    }

    /// @notice Takes over the values of an L1 block.
    function setL1BlockValues(
        uint64 number_,
        uint64 timestamp_,
        uint256 basefee_,
        uint256 blobBaseFee_,
        bytes32 parentHash,
        bytes32 prevRandao_
    ) external onlyDepositor {
        number = number_;
        timestamp = timestamp_;
        basefee = basefee_;
        blobBaseFee = blobBaseFee_;
        hash = parentHash;
        prevRandao = uint256(prevRandao_);
        sequenceNumber = 0;
    }

    /// @notice Takes over one configuration value; keys and packing are those of docs/spec/queue.md.
    function setConfig(uint256 key, uint256 value) external onlyDepositor {
        if (key == 0) {
            gasLimit = uint64(value);
        } else if (key == 1) {
            baseFeeScalar = uint32(value >> 32);
            blobBaseFeeScalar = uint32(value);
        } else if (key == 2) {
            operatorFeeScalar = uint32(value >> 64);
            operatorFeeConstant = uint64(value);
        } else if (key == 3) {
            _eip1559 = Eip1559({elasticity: uint32(value), denominator: uint32(value >> 32)});
        } else if (key == 4) {
            minBaseFee = value;
        } else if (key == 5) {
            batcherHash = bytes32(value);
        } else {
            revert UnknownKey(key);
        }
    }

    /// @notice Elasticity of the L2 base fee.
    function eip1559Elasticity() external view returns (uint32) {
        return _eip1559.elasticity;
    }

    /// @notice Denominator of the L2 base fee.
    function eip1559Denominator() external view returns (uint32) {
        return _eip1559.denominator;
    }

    /// @notice Zero: a parameter of a fee formula that is no longer in use.
    function l1FeeOverhead() external pure returns (uint256) {
        return 0;
    }

    /// @notice Zero: a parameter of a fee formula that is no longer in use.
    function l1FeeScalar() external pure returns (uint256) {
        return 0;
    }

    /// @notice False: fees are paid in ether.
    function isCustomGasToken() external pure returns (bool) {
        return false;
    }

    /// @notice Ether, at its usual address, with 18 decimals.
    function gasPayingToken() external pure returns (address, uint8) {
        return (0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE, 18);
    }

    /// @notice Name of the token that pays fees.
    function gasPayingTokenName() external pure returns (string memory) {
        return "Ether";
    }

    /// @notice Symbol of the token that pays fees.
    function gasPayingTokenSymbol() external pure returns (string memory) {
        return "ETH";
    }

    /// @notice Version of the contract.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }
}
