// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Portal} from "../../src/Portal.sol";
import {IPortal} from "../../src/interfaces/IPortal.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Output} from "../../src/types/Output.sol";
import {OutputRootProof, WithdrawalTransaction} from "../../src/types/Withdrawal.sol";
import {Deployment} from "../utils/Deployment.sol";
import {Trie} from "../utils/Trie.sol";
import {vm} from "../utils/Vm.sol";

/// @notice A target that tries to be paid twice and to speak for somebody else while it is being paid.
contract Thief {
    Portal private immutable _portal;
    WithdrawalTransaction private _second;
    bytes4 public refusal;
    address public senderBefore;
    address public senderAfter;

    constructor(Portal portal) {
        _portal = portal;
    }

    function aim(WithdrawalTransaction calldata second) external {
        _second = second;
    }

    receive() external payable {
        senderBefore = _portal.l2Sender();
        try _portal.finalizeWithdrawalTransactionExternalProof(_second, tx.origin) {}
        catch (bytes memory reason) {
            refusal = bytes4(reason);
        }
        // A deposit in the middle is allowed and changes nothing here.
        _portal.depositTransaction{value: 1}(address(this), 1, 100_000, false, "");
        senderAfter = _portal.l2Sender();
    }
}

contract PortalAdversaryTest is Deployment {
    WithdrawalTransaction[] private _withdrawals;

    function setUp() public override {
        super.setUp();
        vm.prank(alice, alice);
        portal.depositTransaction{value: 10 ether}(alice, 10 ether, 100_000, false, "");
        _stake(alice);
        _post(batcher, 1);
    }

    function _withdrawal(address target, uint256 nonce) private view returns (WithdrawalTransaction memory) {
        return WithdrawalTransaction({
            nonce: (uint256(1) << 240) | nonce, sender: bob, target: target, value: 1 ether, gasLimit: 500_000, data: ""
        });
    }

    function _assertWith(bytes32 storageRoot) private {
        // Each by an owner of its own: one owner's claims form a path.
        address claimant = address(uint160(0x7000 + claims.contentCount()));
        _stake(claimant);
        _assert(claimant, 0, Hashing.outputRoot(_rootProof(storageRoot)));
    }

    /// @dev Two withdrawals under one root whose paths part at the first nibble.
    function _twoInOneClaim(address target, address other)
        private
        returns (WithdrawalTransaction memory first, WithdrawalTransaction memory second)
    {
        first = _withdrawal(target, 0);
        bytes32[] memory hashes = new bytes32[](2);
        hashes[0] = Hashing.withdrawal(first);
        for (uint256 nonce = 1;; ++nonce) {
            second = _withdrawal(other, nonce);
            hashes[1] = Hashing.withdrawal(second);
            if (Trie.key(hashes[0])[0] >> 4 != Trie.key(hashes[1])[0] >> 4) break;
        }
        (bytes32 root, bytes memory node, bytes[] memory leaves) = Trie.branch(hashes);
        _assertWith(root);
        vm.startPrank(bob);
        portal.proveWithdrawalTransaction(first, 1, _rootProof(root), Trie.proofOf(node, leaves[0]));
        portal.proveWithdrawalTransaction(second, 1, _rootProof(root), Trie.proofOf(node, leaves[1]));
        vm.stopPrank();
    }

    function test_07_reentrancy_cannotPayASecondOrChangeTheSender() public {
        Thief thief = new Thief(portal);
        (WithdrawalTransaction memory first, WithdrawalTransaction memory second) =
            _twoInOneClaim(address(thief), address(thief));
        thief.aim(second);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        vm.prank(bob, bob);
        portal.finalizeWithdrawalTransaction(first);
        vm.assertEq(bytes32(thief.refusal()), bytes32(IPortal.OptimismPortal_NoReentrancy.selector));
        vm.assertEq(thief.senderBefore(), bob);
        vm.assertEq(thief.senderAfter(), bob);
        vm.assertFalse(portal.finalizedWithdrawals(Hashing.withdrawal(second)));
        vm.assertEq(address(portal).balance, 9 ether + 1);
        // It can be paid afterwards, in its own transaction.
        thief.aim(first);
        vm.prank(bob, bob);
        portal.finalizeWithdrawalTransaction(second);
        vm.assertEq(address(portal).balance, 8 ether + 2);
    }

    /// @dev What goes back to L2 waits for the payment to end, as a second payment does.
    function test_07_reentrancy_cannotGiveBackAmidAPayment() public {
        Thief thief = new Thief(portal);
        (WithdrawalTransaction memory first, WithdrawalTransaction memory second) =
            _twoInOneClaim(address(thief), address(portal));
        thief.aim(second);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        vm.prank(bob, bob);
        portal.finalizeWithdrawalTransaction(first);
        vm.assertEq(bytes32(thief.refusal()), bytes32(IPortal.OptimismPortal_NoReentrancy.selector));
        vm.assertEq(thief.senderAfter(), bob);
        vm.assertFalse(portal.finalizedWithdrawals(Hashing.withdrawal(second)));
        vm.prank(bob, bob);
        portal.finalizeWithdrawalTransaction(second);
        vm.assertEq(address(portal).balance, 9 ether + 1);
    }

    function test_fuzz_08_prove_mutatedProof_reverts(uint256 where, uint8 change, uint8 shape) public {
        bytes32 hash = Hashing.withdrawal(_withdrawal(bob, 0));
        (bytes32 root, bytes[] memory proof) = Trie.single(hash, 0x01);
        _assertWith(root);
        if (shape % 4 == 0) {
            vm.assume(change != 0);
            proof[0][where % proof[0].length] ^= bytes1(change);
        } else if (shape % 4 == 1) {
            proof = new bytes[](0);
        } else if (shape % 4 == 2) {
            bytes[] memory longer = new bytes[](2);
            (longer[0], longer[1]) = (proof[0], proof[0]);
            proof = longer;
        } else {
            proof[0] = bytes.concat(proof[0], bytes1(change));
        }
        _expectRefused(_withdrawal(bob, 0), _rootProof(root), proof);
    }

    function test_08_prove_slotNotOne_reverts() public {
        bytes32 hash = Hashing.withdrawal(_withdrawal(bob, 0));
        for (uint8 value; value < 4; ++value) {
            if (value == 1) continue;
            (bytes32 root, bytes[] memory proof) = Trie.single(hash, bytes1(value));
            _assertWith(root);
            uint256 index = claims.contentCount() - 1;
            vm.expectRevert(IPortal.OptimismPortal_InvalidMerkleProof.selector);
            portal.proveWithdrawalTransaction(_withdrawal(bob, 0), index, _rootProof(root), proof);
        }
    }

    function test_08_prove_otherHashesAsRoots_reverts() public {
        // The hash of an output, a content or a header has another domain and never is an OP output root's preimage.
        bytes32 hash = Hashing.withdrawal(_withdrawal(bob, 0));
        (bytes32 root, bytes[] memory proof) = Trie.single(hash, 0x01);
        _assertWith(root);
        OutputRootProof memory confused = _rootProof(root);
        confused.version = Hashing.DOMAIN_OUTPUT;
        _expectRefused(_withdrawal(bob, 0), confused, proof);
        confused = OutputRootProof(0, 0, 0, 0);
        _expectRefused(_withdrawal(bob, 0), confused, proof);
    }

    function _expectRefused(WithdrawalTransaction memory w, OutputRootProof memory root, bytes[] memory proof) private {
        (bool success,) = address(portal).call(abi.encodeCall(portal.proveWithdrawalTransaction, (w, 1, root, proof)));
        vm.assertFalse(success, "a wrong proof was accepted");
        vm.assertEq(portal.numProofSubmitters(Hashing.withdrawal(w)), 0);
    }

    /// @dev The hashed bytes can be read back, and only one way: no two withdrawals share an encoding.
    function test_fuzz_09_withdrawalEncoding_isInjective(WithdrawalTransaction memory a, WithdrawalTransaction memory b)
        public
        pure
    {
        bytes memory encoded = abi.encode(a.nonce, a.sender, a.target, a.value, a.gasLimit, a.data);
        vm.assertEq(Hashing.withdrawal(a), keccak256(encoded));
        WithdrawalTransaction memory c;
        (c.nonce, c.sender, c.target, c.value, c.gasLimit, c.data) =
            abi.decode(encoded, (uint256, address, address, uint256, uint256, bytes));
        vm.assertEq(keccak256(abi.encode(a)), keccak256(abi.encode(c)));
        if (keccak256(abi.encode(a)) != keccak256(abi.encode(b))) {
            vm.assertNotEq(Hashing.withdrawal(a), Hashing.withdrawal(b));
        }
    }

    /// @dev Calldata with dirty padding is the same withdrawal: the hash is over the contract's own encoding.
    function test_09_dirtyCalldata_isTheSameWithdrawal() public {
        WithdrawalTransaction memory w = _withdrawal(bob, 0);
        w.data = hex"aabbcc";
        bytes32 hash = Hashing.withdrawal(w);
        (bytes32 root, bytes[] memory proof) = Trie.single(hash, 0x01);
        _assertWith(root);
        bytes memory call = abi.encodeCall(portal.proveWithdrawalTransaction, (w, 1, _rootProof(root), proof));
        // Head: 4 + 7 words; the withdrawal: 6 words, the length of its data, then the data and their padding.
        uint256 padding = 4 + 32 * (7 + 7) + 3;
        vm.assertEq(uint8(call[padding - 1]), 0xcc);
        vm.assertEq(uint8(call[padding]), 0);
        call[padding] = 0xff;
        vm.prank(alice);
        (bool success,) = address(portal).call(call);
        if (success) vm.assertEq(portal.numProofSubmitters(hash), 1);
        vm.prank(alice);
        portal.proveWithdrawalTransaction(w, 1, _rootProof(root), proof);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        vm.prank(alice);
        portal.finalizeWithdrawalTransaction(w);
        vm.expectRevert(IPortal.OptimismPortal_AlreadyFinalized.selector);
        vm.prank(alice);
        portal.finalizeWithdrawalTransaction(w);
    }
}
