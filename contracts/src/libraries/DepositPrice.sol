// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice What L2 gas costs on L1: an EIP-1559 price for each L1 block, in L1 gas that is burned.
///
/// The price is a ratio, L1 gas for one L2 gas, so it needs no oracle and follows the L1 gas price by itself. It never passes 1, so the
/// dearest message (4,000,000 gas) always fits one L1 transaction: a full queue is dear, never shut.
///
/// An estimate must suffice when the deposit lands later, among others. So the price rises with what is bought beyond the target only,
/// within a block and from block to block, and computing it takes the same gas whatever was bought and whenever: no branches.
library DepositPrice {
    /// @notice The price where the last deposit left it. Field names are the OP Stack's; `prevBaseFee` is in billionths.
    struct Params {
        uint128 prevBaseFee;
        uint64 prevBoughtGas;
        uint64 prevBlockNum;
    }

    /// @dev Prices are in billionths of an L1 gas for one L2 gas.
    uint256 internal constant UNIT = 1e9;
    uint256 internal constant PRICE_MIN = UNIT / 50;
    uint256 internal constant PRICE_MAX = UNIT;
    /// @dev L2 gas bought in an L1 block at which the price stays.
    uint256 internal constant TARGET = 8_000_000;
    /// @dev Empty blocks in which any price falls to the lowest, and a few more.
    uint256 private constant BLOCKS_MAX = 32;

    /// @notice The parameters before the first deposit.
    function initial(uint256 blockNumber) internal pure returns (Params memory) {
        return Params({prevBaseFee: uint128(PRICE_MIN), prevBoughtGas: 0, prevBlockNum: uint64(blockNumber)});
    }

    /// @notice The L1 gas to burn for `gas` in block `blockNumber`, and the parameters after.
    function buy(Params memory p, uint64 gas, uint256 blockNumber)
        internal
        pure
        returns (uint256 burn, Params memory next)
    {
        uint256 bought = Math.ternary(blockNumber == p.prevBlockNum, p.prevBoughtGas, 0) + gas;
        uint256 base = basePrice(p, blockNumber);
        uint256 price = Math.min(base * Math.max(bought, TARGET) / TARGET, PRICE_MAX);
        burn = gas * price / UNIT;
        next = Params({prevBaseFee: uint128(base), prevBoughtGas: uint64(bought), prevBlockNum: uint64(blockNumber)});
    }

    /// @notice The price at the beginning of block `blockNumber`: the last deposit's block moves it by up to 1/8 down and as far up as
    /// was bought in it, each empty block after that lowers it by 1/8.
    function basePrice(Params memory p, uint256 blockNumber) internal pure returns (uint256) {
        uint256 moved = Math.min(p.prevBaseFee * (7 * TARGET + p.prevBoughtGas) / (8 * TARGET), PRICE_MAX);
        uint256 blocks = Math.min(blockNumber - p.prevBlockNum, BLOCKS_MAX);
        // moved * (7/8)^(blocks - 1); the exponent is never zero, because EXP charges for its bytes.
        uint256 fallen = Math.max((moved * 7 ** (blocks + 1) / 49 << 3) >> 3 * blocks, PRICE_MIN);
        return Math.ternary(blocks == 0, p.prevBaseFee, fallen);
    }
}
