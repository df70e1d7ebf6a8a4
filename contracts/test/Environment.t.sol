// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStep} from "../src/interfaces/IStep.sol";
import {Assembler} from "./utils/Assembler.sol";
import {Memory} from "./utils/Memory.sol";
import {StepFixture} from "./utils/StepFixture.sol";
import {vm} from "./utils/Vm.sol";

/// @notice The machine's environment calls.
contract EnvironmentTest is StepFixture {
    using Memory for Memory.Leaf[];

    uint32 private constant A0 = 10;
    uint32 private constant A1 = 11;
    uint32 private constant A7 = 17;

    function _ecall(uint32 number, uint32 a0) private returns (Step memory) {
        (state.x[A7], state.x[A0]) = (number, a0);
        return _lay(Assembler.ECALL, a0);
    }

    function test_halt_endsWithTheCode() public {
        uint32[3] memory codes = [uint32(0), 1, 0x12345607];
        for (uint256 i; i < codes.length; ++i) {
            Step memory step = _ecall(0, codes[i]);
            (state.exited, state.code) = (1, uint8(codes[i]));
            _expect(step, "halt");
            (state.exited, state.code) = (0, 0);
        }
    }

    function test_boot_writesIt() public {
        ram.set(DATA >> 5, keccak256("before"));
        Step memory step = _ecall(1, DATA);
        ram.set(DATA >> 5, state.boot);
        state.pc = PC + 4;
        _expect(step, "boot");
    }

    function test_output_readsIt() public {
        ram.set(DATA >> 5, keccak256("the result"));
        Step memory step = _ecall(4, DATA);
        (state.output, state.pc) = (keccak256("the result"), PC + 4);
        _expect(step, "output");
    }

    function test_ecall_unknownNumber_traps() public {
        uint32[3] memory numbers = [uint32(5), 93, 0xffffffff];
        for (uint256 i; i < numbers.length; ++i) {
            _expectTrap(_ecall(numbers[i], DATA), "number");
        }
    }

    function test_ecall_misalignedPointer_traps() public {
        (state.x[A1], state.kind) = (1, 1);
        for (uint32 number = 1; number < 5; ++number) {
            for (uint32 low = 1; low < 32; ++low) {
                _expectTrap(_ecall(number, DATA + low), "pointer");
            }
        }
    }

    function test_ecall_dataProof_reverts() public {
        for (uint32 number = 1; number < 5; ++number) {
            (state.x[A1], state.kind) = (1, 1);
            Step memory step = _ecall(number, DATA);
            step.proof[55] = keccak256("noise");
            vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_WrongOpening.selector, 1, DATA >> 5));
            _run(step);
        }
    }

    // --- preimages ---

    function _select(bytes memory preimage) private returns (Step memory step) {
        ram.set(DATA >> 5, keccak256(preimage));
        state.x[A1] = 1;
        (state.kind, state.offset, state.key) = (7, 99, "old");
        step = _ecall(2, DATA);
        step.aux = preimage;
    }

    function test_fuzz_select_preimage(bytes calldata preimage) public {
        Step memory step = _select(preimage);
        (state.key, state.kind, state.offset) = (keccak256(preimage), 1, 0);
        (state.x[A0], state.pc) = (uint32(preimage.length), PC + 4);
        _expect(step, "select");
    }

    function test_select_wrongPreimage_reverts() public {
        Step memory step = _select("preimage");
        step.aux = "another";
        vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_WrongPreimage.selector, keccak256("preimage")));
        _run(step);
    }

    function test_select_blob_needsNoWitness() public {
        ram.set(DATA >> 5, keccak256("any versioned hash"));
        state.x[A1] = 2;
        Step memory step = _ecall(2, DATA);
        (state.key, state.kind, state.offset) = (keccak256("any versioned hash"), 2, 0);
        (state.x[A0], state.pc) = (131_072, PC + 4);
        _expect(step, "select");
    }

    function test_select_otherKind_traps() public {
        uint32[4] memory kinds = [uint32(0), 3, 0x101, 0xffffff02];
        for (uint256 i; i < kinds.length; ++i) {
            state.x[A1] = kinds[i];
            _expectTrap(_ecall(2, DATA), "kind");
        }
    }

    function _read(bytes memory preimage, uint32 offset) private returns (Step memory step) {
        (state.key, state.kind, state.offset) = (keccak256(preimage), 1, offset);
        ram.set(DATA >> 5, keccak256("before"));
        step = _ecall(3, DATA);
        step.aux = preimage;
    }

    function test_fuzz_read_preimage(bytes calldata preimage, uint32 offset) public {
        if (offset % 4 != 0) offset = uint32(_bound(offset, 0, preimage.length + 40));
        Step memory step = _read(preimage, offset);
        bytes memory word = new bytes(32);
        for (uint256 i; i < 32 && i + offset < preimage.length; ++i) {
            word[i] = preimage[i + offset];
        }
        ram.set(DATA >> 5, bytes32(word));
        unchecked {
            (state.offset, state.pc) = (offset + 32, PC + 4);
        }
        _expect(step, "read");
    }

    function test_read_offsetWraps() public {
        Step memory step = _read("preimage", 0xfffffff0);
        ram.set(DATA >> 5, 0);
        (state.offset, state.pc) = (0x10, PC + 4);
        _expect(step, "read");
    }

    function test_read_wrongPreimage_reverts() public {
        Step memory step = _read("preimage", 0);
        step.aux = "";
        vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_WrongPreimage.selector, keccak256("preimage")));
        _run(step);
    }

    function test_read_otherKind_traps() public {
        uint8[3] memory kinds = [0, 3, 255];
        for (uint256 i; i < kinds.length; ++i) {
            state.kind = kinds[i];
            _expectTrap(_ecall(3, DATA), "kind");
        }
    }

    // --- blobs: element i is sha256(uint16(i)) with its first byte zero; commitment and proofs are c-kzg's ---

    bytes32 private constant BLOB = 0x011b95cc69fca9bc7f0406752fccf4aa04f465a022130f76bf17e0cd64e48bc4;
    bytes private constant COMMITMENT =
        hex"a18277f6f65c7aae6744c27e6d8bb399660bdc2ad408ac87838742e63ca08a208b5656b06f9451ff5bca2bef9388e55d";

    function _openings() private pure returns (uint16[5] memory indices, bytes[5] memory proofs) {
        indices = [0, 1, 6, 2048, 4095];
        proofs = [
            bytes(
                hex"a7f6ed5148c6abc928409f90911bf55d7c9672d5cd24ea5d980c3c3f58d7a6826d70019c36a4e587260c8493617d78d3"
            ),
            hex"a9f772fb8d672b74a75679e9dff564a62793893327a695c8f631e3da962366f3a818025051c8cdea8f7a45b9b7836320",
            hex"83501a0a5561bb81b9a5b74a9407f8d4c9d28581741ceff8bc700677c866b09886cb91d27b205ccc485affdb681467b9",
            hex"81e1844084241980a8d60769f0e285b51784a95e66db38891844f4907a0cf691c769c4f144e50494292d787f0e4223c1",
            hex"a5ef873894e620124c4bbce4ee59833e0e5bf437bbff2b4774325c09673c8fb4588af8bfd2f08e48fb2eee9567c8a905"
        ];
    }

    function _element(uint16 index) private pure returns (bytes32) {
        return sha256(abi.encodePacked(index)) & ~bytes32(bytes1(0xff));
    }

    function _readBlob(uint32 offset, bytes memory aux) private returns (Step memory step) {
        (state.key, state.kind, state.offset) = (BLOB, 2, offset);
        step = _ecall(3, DATA);
        step.aux = aux;
    }

    function test_read_blob() public {
        (uint16[5] memory indices, bytes[5] memory proofs) = _openings();
        for (uint256 i; i < indices.length; ++i) {
            bytes32 element = _element(indices[i]);
            uint32 offset = uint32(indices[i]) * 32 + uint32(i * 7);
            Step memory step = _readBlob(offset, abi.encodePacked(COMMITMENT, proofs[i], element));
            ram.set(DATA >> 5, element);
            (state.offset, state.pc) = (offset + 32, PC + 4);
            _expect(step, "element");
            state.pc = PC;
        }
    }

    function test_read_blob_pastItsEnd_needsNoWitness() public {
        uint32[3] memory offsets = [uint32(131_072), 131_104, 0xffffffe0];
        for (uint256 i; i < offsets.length; ++i) {
            ram.set(DATA >> 5, keccak256("before"));
            Step memory step = _readBlob(offsets[i], "");
            ram.set(DATA >> 5, 0);
            unchecked {
                (state.offset, state.pc) = (offsets[i] + 32, PC + 4);
            }
            _expect(step, "zeros");
            state.pc = PC;
        }
    }

    function test_read_blob_wrongElement_reverts() public {
        (uint16[5] memory indices, bytes[5] memory proofs) = _openings();
        for (uint256 i; i < indices.length; ++i) {
            bytes32 element = _element(indices[i]);
            bytes memory refused =
                abi.encodeWithSelector(IStep.RiscVStep_WrongElement.selector, BLOB, uint256(indices[i]));
            bytes32 another = bytes32(uint256(element) ^ 1);
            Step memory step = _readBlob(uint32(indices[i]) * 32, abi.encodePacked(COMMITMENT, proofs[i], another));
            vm.expectRevert(refused);
            // The precompile burns what it is given.
            machine.step{gas: 200_000}(step.state, step.proof, step.aux);
            // The proof of another element, and the element as a number past the field's order.
            step.aux = abi.encodePacked(COMMITMENT, proofs[(i + 1) % 5], element);
            vm.expectRevert(refused);
            machine.step{gas: 200_000}(step.state, step.proof, step.aux);
            uint256 order = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
            step.aux = abi.encodePacked(COMMITMENT, proofs[i], uint256(element) + order);
            vm.expectRevert(refused);
            machine.step{gas: 200_000}(step.state, step.proof, step.aux);
        }
    }

    function test_read_blob_auxLength_reverts() public {
        (, bytes[5] memory proofs) = _openings();
        bytes memory aux = abi.encodePacked(COMMITMENT, proofs[0], _element(0));
        Step memory step = _readBlob(0, bytes.concat(aux, hex"00"));
        vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_AuxLength.selector, 129));
        _run(step);
        step.aux = "";
        vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_AuxLength.selector, 0));
        _run(step);
    }

    /// @dev With too little gas the precompile fails: nothing may be concluded from that but a revert.
    function test_fuzz_read_blob_gas_neverAnotherResult(uint256 gas) public {
        (, bytes[5] memory proofs) = _openings();
        Step memory step = _readBlob(0, abi.encodePacked(COMMITMENT, proofs[0], _element(0)));
        bytes32 expected = _run(step);
        gas = _bound(gas, 1_000, 150_000);
        try machine.step{gas: gas}(step.state, step.proof, step.aux) returns (bytes32 result) {
            vm.assertEq(result, expected);
        } catch {}
    }

    function test_read_blob_withoutThePrecompile_reverts() public {
        (, bytes[5] memory proofs) = _openings();
        Step memory step = _readBlob(0, abi.encodePacked(COMMITMENT, proofs[0], _element(0)));
        vm.mockCall(address(0x0a), "", "");
        vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_WrongElement.selector, BLOB, 0));
        machine.step{gas: 200_000}(step.state, step.proof, step.aux);
    }
}
