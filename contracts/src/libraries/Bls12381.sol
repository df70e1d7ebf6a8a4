// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice A packed point has another length, or is none of its curve.
error Bls12381_BadPoint();

/// @notice Signatures over BLS12-381 by the precompiles of EIP-2537: signatures in G1, keys in G2 (docs/spec/committee.md).
///
/// *Packed* points have coordinates of 48 bytes: G1 `x ‖ y`, 96 bytes; G2 `x.c0 ‖ x.c1 ‖ y.c0 ‖ y.c1`, 192 bytes. That is the encoding
/// of EIP-2537 without the 16 zero bytes before each coordinate; *points* have these too, 128 and 256 bytes. Infinity is all zeros.
///
/// What a precompile refuses (a coordinate not below the field's order, a point not on its curve, in a pairing one not in its subgroup)
/// is a false answer here, and so is a chain without the precompiles.
library Bls12381 {
    uint256 internal constant G1_PACKED = 96;
    uint256 internal constant G2_PACKED = 192;
    uint256 internal constant G2_SIZE = 256;

    address private constant MODEXP = address(0x05);
    address private constant G1_ADD = address(0x0b);
    uint256 private constant G2_ADD = 0x0d;
    address private constant PAIRING = address(0x0f);
    address private constant MAP_TO_G1 = address(0x10);

    /// @dev The field's order, in two parts of 16 and 32 bytes.
    uint256 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
    bytes private constant P =
        hex"000000000000000000000000000000001a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
    /// @dev The generator of G2, negated.
    bytes private constant NEGATED_GENERATOR = hex"00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
        hex"0000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
        hex"000000000000000000000000000000000d1b3cc2c7027888be51d9ef691d77bcb679afda66c73f17f9ee3837a55024f78c71363275a75d75d86bab79f74782aa"
        hex"0000000000000000000000000000000013fa4d4a0ad8b1ce186ed5061789213d993923066dddaf1040bc3ff59f825c78df74f2d75467e25e0f55f8a00fa030ed";

    /// @notice Whether `signature` is that of `key` over a message that hashes to `hash`: `e(signature, -g2) * e(hash, key) == 1`.
    ///
    /// One pairing. The precompile checks that all points are in their subgroups. Infinity is no key and no signature.
    function verify(bytes memory signature, bytes memory hash, bytes memory key) internal view returns (bool) {
        if (isInfinity(signature) || isInfinity(key)) return false;
        (bool done, bytes memory one) = PAIRING.staticcall(abi.encodePacked(signature, NEGATED_GENERATOR, hash, key));
        return done && one.length == 32 && uint256(bytes32(one)) == 1;
    }

    /// @notice The point of G1 that a message hashes to: `hash_to_curve` of RFC 9380, suite `BLS12381G1_XMD:SHA-256_SSWU_RO_`.
    function hashToG1(bytes memory message, bytes memory dst) internal view returns (bytes memory point) {
        // expand_message_xmd to 128 bytes: two elements of the field, with 64 bytes each.
        bytes memory suffix = abi.encodePacked(dst, uint8(dst.length));
        bytes32 first = sha256(abi.encodePacked(bytes32(0), bytes32(0), message, uint16(128), uint8(0), suffix));
        bytes32 b1 = sha256(abi.encodePacked(first, uint8(1), suffix));
        bytes32 b2 = sha256(abi.encodePacked(first ^ b1, uint8(2), suffix));
        bytes32 b3 = sha256(abi.encodePacked(first ^ b2, uint8(3), suffix));
        bytes32 b4 = sha256(abi.encodePacked(first ^ b3, uint8(4), suffix));
        return _call(G1_ADD, bytes.concat(_map(b1, b2), _map(b3, b4)), 128);
    }

    /// @notice A point of its packed form, which has `size` bytes.
    function unpack(bytes memory packed, uint256 size) internal pure returns (bytes memory point) {
        if (packed.length != size) revert Bls12381_BadPoint();
        point = new bytes(size * 4 / 3);
        assembly ("memory-safe") {
            let to := add(point, 0x20)
            let from := add(packed, 0x20)
            for { let end := add(from, size) } lt(from, end) { from := add(from, 48) } {
                mstore(to, shr(128, mload(from)))
                mstore(add(to, 0x20), mload(add(from, 16)))
                to := add(to, 0x40)
            }
        }
    }

    /// @notice A point's packed form.
    function pack(bytes memory point) internal pure returns (bytes memory packed) {
        uint256 size = point.length * 3 / 4;
        packed = new bytes(size);
        assembly ("memory-safe") {
            let to := add(packed, 0x20)
            let from := add(point, 0x20)
            for { let end := add(to, size) } lt(to, end) { to := add(to, 48) } {
                mcopy(to, add(from, 16), 48)
                from := add(from, 0x40)
            }
        }
    }

    /// @notice Whether a point, packed or not, is infinity.
    function isInfinity(bytes memory point) internal pure returns (bool) {
        uint256 any;
        for (uint256 i = 0x20; i <= point.length; i += 0x20) {
            assembly ("memory-safe") {
                any := or(any, mload(add(point, i)))
            }
        }
        return any == 0;
    }

    // --- sums of points of G2 ---

    /// @notice A sum of no points. Its second half is where `add` puts the next one, so that the precompile reads both.
    function newSum() internal pure returns (bytes memory sum) {
        return new bytes(2 * G2_SIZE);
    }

    /// @notice Adds the point with this index of a list of packed points of G2, which must have so many.
    ///
    /// It must be on the curve. Whether it is in the subgroup is not checked: who proved possession of its key has shown that.
    function add(bytes memory sum, bytes memory packed, uint256 index) internal view {
        bool done;
        assembly ("memory-safe") {
            let left := add(sum, 0x20)
            let from := add(add(packed, 0x20), mul(index, G2_PACKED))
            // Unrolled: this is most of what a large committee costs.
            mstore(add(sum, 0x120), shr(128, mload(from)))
            mstore(add(sum, 0x140), mload(add(from, 16)))
            mstore(add(sum, 0x160), shr(128, mload(add(from, 48))))
            mstore(add(sum, 0x180), mload(add(from, 64)))
            mstore(add(sum, 0x1a0), shr(128, mload(add(from, 96))))
            mstore(add(sum, 0x1c0), mload(add(from, 112)))
            mstore(add(sum, 0x1e0), shr(128, mload(add(from, 144))))
            mstore(add(sum, 0x200), mload(add(from, 160)))
            done := staticcall(gas(), G2_ADD, left, 512, left, G2_SIZE)
            done := and(done, eq(returndatasize(), G2_SIZE))
        }
        if (!done) revert Bls12381_BadPoint();
    }

    /// @notice Negates the sum.
    function negate(bytes memory sum) internal pure {
        assembly ("memory-safe") {
            // y.c0 and y.c1; zero is its own negation.
            for { let at := add(sum, 0xa0) } lt(at, add(sum, 0x120)) { at := add(at, 0x40) } {
                let high := mload(at)
                let low := mload(add(at, 0x20))
                if or(high, low) {
                    mstore(at, sub(sub(P_HIGH, high), lt(P_LOW, low)))
                    mstore(add(at, 0x20), sub(P_LOW, low))
                }
            }
        }
    }

    /// @notice The point that the sum is.
    function pointOf(bytes memory sum) internal pure returns (bytes memory point) {
        point = new bytes(G2_SIZE);
        assembly ("memory-safe") {
            mcopy(add(point, 0x20), add(sum, 0x20), G2_SIZE)
        }
    }

    /// @dev Maps the field element that 64 bytes are, modulo the field's order, to G1.
    function _map(bytes32 high, bytes32 low) private view returns (bytes memory) {
        bytes memory element =
            _call(MODEXP, abi.encodePacked(uint256(64), uint256(1), uint256(64), high, low, uint8(1), P), 64);
        return _call(MAP_TO_G1, element, 128);
    }

    function _call(address precompile, bytes memory input, uint256 size) private view returns (bytes memory) {
        (bool done, bytes memory output) = precompile.staticcall(input);
        if (!done || output.length != size) revert Bls12381_BadPoint();
        return output;
    }
}
