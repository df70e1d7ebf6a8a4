// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Small sets as bits, and addresses packed 20 bytes each.
library Bits {
    /// @notice How many bits are set.
    function count(uint256 bits) internal pure returns (uint256 n) {
        for (; bits != 0; bits &= bits - 1) {
            ++n;
        }
    }

    /// @notice The lowest bit that is set; 256 if none is.
    function lowest(uint256 bits) internal pure returns (uint256 n) {
        if (bits == 0) return 256;
        bits &= ~bits + 1;
        for (uint256 width = 128; width != 0; width >>= 1) {
            if (bits >> width != 0) {
                bits >>= width;
                n += width;
            }
        }
    }

    /// @notice The address at `index` of `packed`, which must have so many.
    function addressAt(bytes memory packed, uint256 index) internal pure returns (address found) {
        assembly ("memory-safe") {
            found := shr(96, mload(add(add(packed, 0x20), mul(index, 20))))
        }
    }
}
