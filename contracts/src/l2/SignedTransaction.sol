// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Tells whether the bytes of a transaction carry a signature, by counting the fields of their RLP list.
library SignedTransaction {
    /// @notice Whether `raw` is a signed transaction of type 0, 1, 2 or 4; false for anything malformed.
    function isSigned(bytes memory raw) internal pure returns (bool) {
        if (raw.length == 0) return false;
        uint8 first = uint8(raw[0]);
        // Signed transactions have three fields more than unsigned ones. A legacy one has nine, but so has its unsigned form with
        // a chain id (EIP-155), whose last field is empty.
        if (first >= 0xc0) {
            (uint256 count, bool isLastEmpty) = _fields(raw, 0);
            return count == 9 && !isLastEmpty;
        }
        uint256 expected = first == 1 ? 11 : first == 2 ? 12 : first == 4 ? 13 : 0;
        if (expected == 0) return false;
        (uint256 fields,) = _fields(raw, 1);
        return fields == expected;
    }

    /// @dev The number of items of the list that fills `raw` from `start`, zero if there is no such list.
    function _fields(bytes memory raw, uint256 start) private pure returns (uint256 count, bool isLastEmpty) {
        if (start >= raw.length || uint8(raw[start]) < 0xc0) return (0, false);
        (uint256 header, uint256 payload) = _item(raw, start);
        if (header == 0 || start + header + payload != raw.length) return (0, false);

        uint256 cursor = start + header;
        while (cursor < raw.length) {
            (header, payload) = _item(raw, cursor);
            if (header + payload == 0 || cursor + header + payload > raw.length) return (0, false);
            isLastEmpty = header == 1 && payload == 0;
            cursor += header + payload;
            ++count;
        }
    }

    /// @dev Lengths of the header and the payload of the item at `start`; both zero if it is malformed.
    function _item(bytes memory raw, uint256 start) private pure returns (uint256 header, uint256 payload) {
        uint8 prefix = uint8(raw[start]);
        if (prefix < 0x80) return (0, 1);
        uint8 base = prefix < 0xc0 ? 0x80 : 0xc0;
        if (prefix <= base + 55) return (1, prefix - base);

        uint256 size = prefix - base - 55;
        if (size > 4 || start + size >= raw.length) return (0, 0);
        for (uint256 i = 1; i <= size; ++i) {
            payload = payload << 8 | uint8(raw[start + i]);
        }
        return (1 + size, payload);
    }
}
