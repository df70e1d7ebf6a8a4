// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LibZip} from "solady/utils/LibZip.sol";
import {L1Block} from "./L1Block.sol";
import {Predeploys} from "./Predeploys.sol";
import {SignedTransaction} from "./SignedTransaction.sol";

/// @notice Tells wallets what a transaction pays beside its gas, by the formulas of docs/spec/execution.md.
///
/// The engine charges the L1 fee for the signed bytes. Given those, `getL1Fee` is exact. Wallets ask before they sign: given
/// anything else, it allows for the signature that is still to come.
contract GasPriceOracle {
    /// @notice The parameter belongs to a fee formula that is no longer in use.
    error Deprecated();

    /// @notice Decimals of the scalars.
    uint256 public constant DECIMALS = 6;

    /// @dev Compressed size of a signature, rounded up: r and s with their prefixes (66 bytes), parity or a legacy `v` (1 to 5), the
    ///      headers of three runs of literals, and a list header that may grow by two.
    uint256 private constant SIGNATURE_SIZE = 76;

    /// @dev Estimated size in a batch, in millionths of a byte: `SIZE_SLOPE * fastlz - SIZE_OFFSET`, at least `SIZE_MIN`.
    uint256 private constant SIZE_SLOPE = 836_500;
    uint256 private constant SIZE_OFFSET = 42_585_600;
    uint256 private constant SIZE_MIN = 100e6;

    L1Block private constant L1_BLOCK = L1Block(Predeploys.L1_BLOCK);

    /// @notice The L1 fee of a transaction, in wei; for bytes without a signature, with an allowance for it.
    function getL1Fee(bytes memory data) external view returns (uint256) {
        return _l1Fee(_size(data));
    }

    /// @notice The most that a transaction with `unsignedTxSize` bytes before signing can pay as its L1 fee.
    function getL1FeeUpperBound(uint256 unsignedTxSize) external view returns (uint256) {
        uint256 size = unsignedTxSize + SIGNATURE_SIZE;
        // Incompressible data grow by one byte for each run of 32 literals.
        return _l1Fee(size + size / 32 + 1);
    }

    /// @notice The L1 gas that the estimated size of a transaction would cost as calldata.
    function getL1GasUsed(bytes memory data) external pure returns (uint256) {
        return _estimate(_size(data)) * 16 / 1e6;
    }

    /// @notice The operator fee of a transaction that uses `gasUsed` gas, in wei.
    function getOperatorFee(uint256 gasUsed) external view returns (uint256) {
        return gasUsed * L1_BLOCK.operatorFeeScalar() / 1e6 + L1_BLOCK.operatorFeeConstant();
    }

    /// @notice Base fee of this L2 block.
    function gasPrice() external view returns (uint256) {
        return block.basefee;
    }

    /// @notice Base fee of this L2 block.
    function baseFee() external view returns (uint256) {
        return block.basefee;
    }

    /// @notice Base fee of the latest L1 block known here.
    function l1BaseFee() external view returns (uint256) {
        return L1_BLOCK.basefee();
    }

    /// @notice Blob base fee of the latest L1 block known here.
    function blobBaseFee() external view returns (uint256) {
        return L1_BLOCK.blobBaseFee();
    }

    /// @notice Weight of the L1 base fee, in millionths.
    function baseFeeScalar() external view returns (uint32) {
        return L1_BLOCK.baseFeeScalar();
    }

    /// @notice Weight of the L1 blob base fee, in millionths.
    function blobBaseFeeScalar() external view returns (uint32) {
        return L1_BLOCK.blobBaseFeeScalar();
    }

    /// @notice Reverts: use `baseFeeScalar` and `blobBaseFeeScalar`.
    function overhead() external pure returns (uint256) {
        revert Deprecated();
    }

    /// @notice Reverts: use `baseFeeScalar` and `blobBaseFeeScalar`.
    function scalar() external pure returns (uint256) {
        revert Deprecated();
    }

    /// @notice Decimals of the scalars.
    function decimals() external pure returns (uint256) {
        return DECIMALS;
    }

    /// @notice True: the L1 fee has a blob part.
    function isEcotone() external pure returns (bool) {
        return true;
    }

    /// @notice True: the L1 fee is by the compressed size.
    function isFjord() external pure returns (bool) {
        return true;
    }

    /// @notice True: there is an operator fee.
    function isIsthmus() external pure returns (bool) {
        return true;
    }

    /// @notice False: the operator fee's scalar is in millionths.
    function isJovian() external pure returns (bool) {
        return false;
    }

    /// @notice Version of the contract.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    function _l1Fee(uint256 fastlz) private view returns (uint256) {
        uint256 price = 16 * uint256(L1_BLOCK.baseFeeScalar()) * L1_BLOCK.basefee()
            + uint256(L1_BLOCK.blobBaseFeeScalar()) * L1_BLOCK.blobBaseFee();
        return _estimate(fastlz) * price / 1e12;
    }

    function _size(bytes memory data) private pure returns (uint256 fastlz) {
        fastlz = LibZip.flzCompress(data).length;
        if (!SignedTransaction.isSigned(data)) fastlz += SIGNATURE_SIZE;
    }

    function _estimate(uint256 fastlz) private pure returns (uint256) {
        uint256 size = SIZE_SLOPE * fastlz;
        return size < SIZE_OFFSET + SIZE_MIN ? SIZE_MIN : size - SIZE_OFFSET;
    }
}
