// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {LibZip} from "solady/utils/LibZip.sol";
import {GasPriceOracle} from "../../src/l2/GasPriceOracle.sol";
import {L1Block} from "../../src/l2/L1Block.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {SignedTransaction} from "../../src/l2/SignedTransaction.sol";
import {Test} from "../utils/Test.sol";
import {vm} from "../utils/Vm.sol";
import {json} from "./Json.sol";

contract GasPriceOracleTest is Test {
    uint256 internal constant BASE_FEE = 7e9;
    uint256 internal constant BLOB_BASE_FEE = 3e9;

    GasPriceOracle internal oracle;
    L1Block internal constant l1 = L1Block(Predeploys.L1_BLOCK);

    function setUp() public {
        oracle = new GasPriceOracle();
        vm.etch(address(l1), type(L1Block).runtimeCode);
        vm.startPrank(l1.DEPOSITOR_ACCOUNT());
        l1.setL1BlockValues(1, 1, BASE_FEE, BLOB_BASE_FEE, 0, 0);
        l1.setConfig(1, uint256(1368) << 32 | 810_949);
        l1.setConfig(2, uint256(25_000) << 64 | 777);
        vm.stopPrank();
    }

    function test_getters() public {
        vm.fee(123);
        vm.assertEq(oracle.baseFee(), 123);
        vm.assertEq(oracle.gasPrice(), 123);
        vm.assertEq(oracle.l1BaseFee(), BASE_FEE);
        vm.assertEq(oracle.blobBaseFee(), BLOB_BASE_FEE);
        vm.assertEq(uint256(oracle.baseFeeScalar()), 1368);
        vm.assertEq(uint256(oracle.blobBaseFeeScalar()), 810_949);
        vm.assertEq(oracle.decimals(), 6);
        vm.assertEq(oracle.DECIMALS(), 6);
        vm.assertTrue(oracle.isEcotone() && oracle.isFjord() && oracle.isIsthmus() && !oracle.isJovian());
        vm.expectRevert(GasPriceOracle.Deprecated.selector);
        oracle.overhead();
        vm.expectRevert(GasPriceOracle.Deprecated.selector);
        oracle.scalar();
    }

    function testFuzz_getOperatorFee(uint64 gas) public view {
        vm.assertEq(oracle.getOperatorFee(gas), uint256(gas) * 25_000 / 1e6 + 777);
    }

    /// @dev The lengths that the engine charges by; bin/fastlz.mjs computes them independently.
    function test_fastlz_vectors() public view {
        string memory file = vm.readFile("fastlz-vectors.json");
        uint256 count;
        for (; json.keyExistsJson(file, _key(count, "name")); ++count) {
            bytes memory data = json.parseJsonBytes(file, _key(count, "data"));
            uint256 length = json.parseJsonUint(file, _key(count, "length"));
            vm.assertEq(LibZip.flzCompress(data).length, length, json.parseJsonString(file, _key(count, "name")));
        }
        vm.assertGt(count, 100);
    }

    /// @dev Fjord's formula for signed bytes, exactly; a plain transfer pays for the minimum of 100 bytes.
    function testFuzz_getL1Fee_of_signed_bytes(bytes memory data, bytes32 r, bytes32 s) public view {
        bytes memory signed = _encode(2, _fields(data, 9, uint256(r), uint256(s)));
        vm.assertTrue(SignedTransaction.isSigned(signed));
        uint256 size = LibZip.flzCompress(signed).length * 836_500;
        size = size < 142_585_600 ? 100e6 : size - 42_585_600;
        uint256 price = 16 * 1368 * BASE_FEE + 810_949 * BLOB_BASE_FEE;
        vm.assertEq(oracle.getL1Fee(signed), size * price / 1e12);
    }

    /// @dev What a wallet is told before it signs is enough for what it signs.
    function testFuzz_estimate_covers_the_signed_bytes(bytes memory data, uint256 seed, uint8 kind) public view {
        kind = uint8(_bound(kind, 0, 3));
        uint8 txType = [0, 1, 2, 4][kind];
        uint256 count = [6, 8, 9, 10][kind];
        data = _stretch(data, seed % 700);
        uint256 r = uint256(keccak256(abi.encode(seed)));
        uint256 s = uint256(keccak256(abi.encode(seed, 1)));
        bytes memory unsigned = _encode(txType, _fields(data, count));
        bytes memory signed = _encode(txType, _fields(data, count, r, s));
        vm.assertFalse(SignedTransaction.isSigned(unsigned));
        vm.assertTrue(SignedTransaction.isSigned(signed));
        uint256 estimate = oracle.getL1Fee(unsigned);
        uint256 fee = oracle.getL1Fee(signed);
        vm.assertGe(estimate, fee, "estimate too low");
        vm.assertGe(oracle.getL1FeeUpperBound(unsigned.length), fee, "bound too low");
        // At most sixteen bytes too much.
        uint256 price = 16 * 1368 * BASE_FEE + 810_949 * BLOB_BASE_FEE;
        vm.assertLe(estimate, fee + 16 * 836_500 * price / 1e12 + 1, "estimate too high");
    }

    function test_getL1GasUsed() public view {
        vm.assertEq(oracle.getL1GasUsed(""), 1600);
        bytes memory data = _stretch("", 5000);
        uint256 size = (LibZip.flzCompress(data).length + 76) * 836_500 - 42_585_600;
        vm.assertEq(oracle.getL1GasUsed(data), size * 16 / 1e6);
    }

    /// @dev An unsigned legacy transaction with a chain id has nine fields as a signed one has, the last two empty (EIP-155).
    function test_isSigned_legacy_with_chain_id() public pure {
        bytes[] memory fields = _fields("abc", 6, 0, 0);
        fields[6] = RLP.encode(uint256(901));
        vm.assertFalse(SignedTransaction.isSigned(_encode(0, fields)));
        fields[7] = RLP.encode(uint256(1));
        fields[8] = RLP.encode(uint256(2));
        vm.assertTrue(SignedTransaction.isSigned(_encode(0, fields)));
    }

    /// @dev Total on any bytes.
    function testFuzz_isSigned_garbage(bytes memory data, uint8 first) public pure {
        SignedTransaction.isSigned(data);
        SignedTransaction.isSigned(bytes.concat(bytes1(first), data));
        if (data.length > 0) {
            data[0] = 0x02;
            SignedTransaction.isSigned(data);
        }
    }

    function testFuzz_isSigned_truncated(uint256 length) public pure {
        bytes memory signed = _encode(2, _fields("some data", 9, 1 << 255, 1 << 254));
        length = _bound(length, 0, signed.length - 1);
        assembly {
            mstore(signed, length)
        }
        vm.assertFalse(SignedTransaction.isSigned(signed));
    }

    function _key(uint256 index, string memory field) private pure returns (string memory) {
        return string.concat("[", vm.toString(index), "].", field);
    }

    /// @dev `count` fields of an unsigned transaction, one of them `data`.
    function _fields(bytes memory data, uint256 count) private pure returns (bytes[] memory fields) {
        fields = new bytes[](count);
        for (uint256 i; i < count; ++i) {
            fields[i] = RLP.encode(uint256(keccak256(abi.encode(i))) >> 200);
        }
        fields[count - 2] = RLP.encode(data);
        fields[count - 1] = count > 7 ? bytes(hex"c0") : fields[count - 1];
    }

    function _fields(bytes memory data, uint256 count, uint256 r, uint256 s)
        private
        pure
        returns (bytes[] memory fields)
    {
        bytes[] memory unsigned = _fields(data, count);
        fields = new bytes[](count + 3);
        for (uint256 i; i < count; ++i) {
            fields[i] = unsigned[i];
        }
        fields[count] = RLP.encode(uint256(count == 6 ? 1837 : 1));
        fields[count + 1] = RLP.encode(r);
        fields[count + 2] = RLP.encode(s);
    }

    function _encode(uint8 txType, bytes[] memory fields) private pure returns (bytes memory) {
        bytes memory list = RLP.encode(fields);
        return txType == 0 ? list : bytes.concat(bytes1(txType), list);
    }

    /// @dev `data` followed by `size` bytes that do not compress.
    function _stretch(bytes memory data, uint256 size) private pure returns (bytes memory) {
        for (uint256 i; i < size; i += 32) {
            data = bytes.concat(data, keccak256(abi.encode(i, size)));
        }
        return data;
    }
}
