// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice What L2 gas costs on L1: an EIP-1559 price for each L1 block, in L1 gas that is burned.
///
/// The price is a ratio, L1 gas for one L2 gas, so it needs no oracle and follows the L1 gas price by itself. It rises within a block
/// with what was bought in it, and from block to block. It never passes 1, so the dearest message (4,000,000 gas) always fits one
/// L1 transaction: a full queue is dear, never shut.
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
    /// @dev An empty block lowers the price by 1/8.
    uint256 internal constant CHANGE_DENOMINATOR = 8;

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
        uint256 bought = blockNumber == p.prevBlockNum ? p.prevBoughtGas : 0;
        uint256 base = basePrice(p, blockNumber);
        uint256 price = base * (TARGET + bought + gas) / TARGET;
        if (price > PRICE_MAX) price = PRICE_MAX;
        burn = gas * price / UNIT;
        next = Params({
            prevBaseFee: uint128(base), prevBoughtGas: uint64(bought + gas), prevBlockNum: uint64(blockNumber)
        });
    }

    /// @notice The price at the beginning of block `blockNumber`.
    function basePrice(Params memory p, uint256 blockNumber) internal pure returns (uint256 price) {
        price = p.prevBaseFee;
        if (blockNumber <= p.prevBlockNum) return price;
        price = price * (CHANGE_DENOMINATOR * TARGET - TARGET + p.prevBoughtGas) / (CHANGE_DENOMINATOR * TARGET);
        if (price > PRICE_MAX) price = PRICE_MAX;
        // From the highest price to the lowest it takes 30 empty blocks, which bounds the loop.
        for (uint256 empty = blockNumber - p.prevBlockNum - 1; empty > 0 && price > PRICE_MIN; --empty) {
            price -= price / CHANGE_DENOMINATOR;
        }
        if (price < PRICE_MIN) price = PRICE_MIN;
    }
}
