// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Rv32} from "../../src/libraries/Rv32.sol";

/// @notice The arithmetic of RV32IM for all operands, against the manual's words in numbers that do not overflow.
contract Rv32Symbolic {
    int256 private constant WORD = 1 << 32;

    // --- the manual ---

    /// @dev An operand as a signed number.
    function _s(uint32 x) private pure returns (int256) {
        return int256(int32(x));
    }

    function check_signedNumbers(uint32 x) external pure {
        assert(_s(x) == (x >> 31 == 1 ? int256(uint256(x)) - WORD : int256(uint256(x))));
    }

    /// @dev An operand as an unsigned number.
    function _u(uint32 x) private pure returns (int256) {
        return int256(uint256(x));
    }

    /// @dev The lowest 32 bits of a number.
    function _low(int256 x) private pure returns (uint32) {
        return uint32(uint256(x));
    }

    /// @dev Bits 32 to 63 of a product.
    function _high(int256 x) private pure returns (uint32) {
        return uint32(uint256(x) >> 32);
    }

    // --- RV32I ---

    function check_add(uint32 a, uint32 b) external pure {
        assert(Rv32.alu(0, a, b, false) == _low(_u(a) + _u(b)));
    }

    function check_sub(uint32 a, uint32 b) external pure {
        assert(Rv32.alu(0, a, b, true) == _low(_u(a) - _u(b)));
    }

    function check_sll(uint32 a, uint32 b) external pure {
        uint256 exact = uint256(a) << (uint256(b) % 32);
        assert(Rv32.alu(1, a, b, false) == uint32(exact));
    }

    function check_slt(uint32 a, uint32 b) external pure {
        assert(Rv32.alu(2, a, b, false) == (_s(a) < _s(b) ? 1 : 0));
    }

    function check_sltu(uint32 a, uint32 b) external pure {
        assert(Rv32.alu(3, a, b, false) == (_u(a) < _u(b) ? 1 : 0));
    }

    function check_logic(uint32 a, uint32 b, uint8 bit) external pure {
        uint256 x = (uint256(a) >> (bit % 32)) & 1;
        uint256 y = (uint256(b) >> (bit % 32)) & 1;
        assert((Rv32.alu(4, a, b, false) >> (bit % 32)) & 1 == (x != y ? 1 : 0));
        assert((Rv32.alu(6, a, b, false) >> (bit % 32)) & 1 == (x == 1 || y == 1 ? 1 : 0));
        assert((Rv32.alu(7, a, b, false) >> (bit % 32)) & 1 == (x == 1 && y == 1 ? 1 : 0));
    }

    function check_srl(uint32 a, uint32 b) external pure {
        assert(Rv32.alu(5, a, b, false) == uint32(uint256(a) >> (uint256(b) % 32)));
    }

    /// @dev Bit by bit: what comes in from the left is the sign.
    function check_sra(uint32 a, uint32 b, uint8 bit) external pure {
        uint256 from = uint256(bit % 32) + b % 32;
        uint256 expected = (uint256(a) >> (from > 31 ? 31 : from)) & 1;
        assert((Rv32.alu(5, a, b, true) >> (bit % 32)) & 1 == expected);
    }

    // --- M ---

    // Products and quotients of 33 bits are far from where 256 overflow: unchecked spares the solver those questions.

    function check_mul(uint32 a, uint32 b) external pure {
        unchecked {
            assert(Rv32.muldiv(0, a, b) == _low(_u(a) * _u(b)));
        }
    }

    function check_mulh(uint32 a, uint32 b) external pure {
        unchecked {
            assert(Rv32.muldiv(1, a, b) == _high(_s(a) * _s(b)));
        }
    }

    function check_mulhsu(uint32 a, uint32 b) external pure {
        unchecked {
            assert(Rv32.muldiv(2, a, b) == _high(_s(a) * _u(b)));
        }
    }

    function check_mulhu(uint32 a, uint32 b) external pure {
        unchecked {
            assert(Rv32.muldiv(3, a, b) == _high(_u(a) * _u(b)));
        }
    }

    function check_div(uint32 a, uint32 b) external pure {
        unchecked {
            uint32 q = Rv32.muldiv(4, a, b);
            if (b == 0) assert(q == type(uint32).max);
            else assert(q == _low(_s(a) / _s(b)));
        }
    }

    function check_divu(uint32 a, uint32 b) external pure {
        unchecked {
            uint32 q = Rv32.muldiv(5, a, b);
            if (b == 0) assert(q == type(uint32).max);
            else assert(q == _low(_u(a) / _u(b)));
        }
    }

    function check_rem(uint32 a, uint32 b) external pure {
        unchecked {
            uint32 r = Rv32.muldiv(6, a, b);
            if (b == 0) assert(r == a);
            else assert(r == _low(_s(a) % _s(b)));
        }
    }

    function check_remu(uint32 a, uint32 b) external pure {
        unchecked {
            uint32 r = Rv32.muldiv(7, a, b);
            if (b == 0) assert(r == a);
            else assert(r == _low(_u(a) % _u(b)));
        }
    }

    /// @dev INT_MIN / -1 is INT_MIN and leaves 0.
    function check_divisionOverflow() external pure {
        assert(Rv32.muldiv(4, 0x80000000, 0xffffffff) == 0x80000000);
        assert(Rv32.muldiv(6, 0x80000000, 0xffffffff) == 0);
    }

    // --- branches ---

    function check_branches(uint32 a, uint32 b) external pure {
        bool[6] memory taken = [a == b, a != b, _s(a) < _s(b), _s(a) >= _s(b), _u(a) < _u(b), _u(a) >= _u(b)];
        uint32[6] memory f3 = [uint32(0), 1, 4, 5, 6, 7];
        for (uint256 i; i < 6; ++i) {
            (bool known, bool goes) = Rv32.branches(f3[i], a, b);
            assert(known && goes == taken[i]);
        }
    }

    // --- immediates: bit by bit as the manual's figure has them ---

    function check_immediates(uint32 i) external pure {
        int256 sign = i >> 31 == 1 ? -int256(1) : int256(0);
        assert(Rv32.immediateI(i) == _low((sign << 12) | _u((i >> 20) & 0xfff)));
        assert(Rv32.immediateS(i) == _low((sign << 12) | _u((i >> 25) << 5) | _u((i >> 7) & 31)));
        assert(
            Rv32.immediateB(i)
                == _low((sign << 12) | _u(((i >> 7) & 1) << 11) | _u(((i >> 25) & 63) << 5) | _u(((i >> 8) & 15) << 1))
        );
        assert(Rv32.immediateU(i) == _low(_u(i >> 12) << 12));
        assert(
            Rv32.immediateJ(i)
                == _low(
                    (sign << 20) | _u(((i >> 12) & 255) << 12) | _u(((i >> 20) & 1) << 11) | _u(((i >> 21) & 1023) << 1)
                )
        );
    }

    // --- memory: 8 words of 4 bytes in a leaf ---

    function _byte(bytes32 leaf, uint256 index) private pure returns (uint256) {
        return uint8(leaf[index]);
    }

    function check_loads(bytes32 leaf) external pure {
        for (uint32 at_; at_ < 32; ++at_) {
            uint256 one = _byte(leaf, at_);
            assert(Rv32.loaded(4, leaf, at_) == one);
            assert(Rv32.loaded(0, leaf, at_) == uint32(int32(int8(uint8(one)))));
            if (at_ % 2 != 0) continue;
            uint256 two = one + (_byte(leaf, at_ + 1) << 8);
            assert(Rv32.loaded(5, leaf, at_) == two);
            assert(Rv32.loaded(1, leaf, at_) == uint32(int32(int16(uint16(two)))));
            if (at_ % 4 != 0) continue;
            uint256 four = two + (_byte(leaf, at_ + 2) << 16) + (_byte(leaf, at_ + 3) << 24);
            assert(Rv32.loaded(2, leaf, at_) == four);
        }
    }

    /// @dev A store changes its own bytes and no other, whatever the address is beyond its leaf.
    function check_stores(bytes32 leaf, uint32 value, uint32 page) external pure {
        for (uint32 log2Size; log2Size < 3; ++log2Size) {
            uint32 size = uint32(1) << log2Size;
            for (uint32 at_; at_ < 32; at_ += size) {
                bytes32 after_ = Rv32.stored(log2Size, leaf, (page << 5) | at_, value);
                for (uint32 j; j < 32; ++j) {
                    bool own = j >= at_ && j < at_ + size;
                    uint256 expected = own ? (uint256(value) >> (8 * (j - at_))) & 0xff : _byte(leaf, j);
                    assert(_byte(after_, j) == expected);
                }
            }
        }
    }
}
