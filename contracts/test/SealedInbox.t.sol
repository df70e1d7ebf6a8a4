// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SealedInbox} from "../src/da/SealedInbox.sol";
import {IClaimManager} from "../src/interfaces/IClaimManager.sol";
import {IDaChallenge} from "../src/interfaces/IDaChallenge.sol";
import {ISealedInbox} from "../src/interfaces/ISealedInbox.sol";
import {ISignatureProofs} from "../src/interfaces/ISignatureProofs.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {BatchHeader} from "../src/types/Batch.sol";
import {Claim, Output} from "../src/types/Output.sol";
import {CommitteeDeployment} from "./utils/CommitteeDeployment.sol";
import {vm} from "./utils/Vm.sol";

contract SealedInboxTest is CommitteeDeployment {
    function _payload(uint256 i) private pure returns (bytes memory) {
        return abi.encode("payload", i);
    }

    /// @dev Ten minutes apart.
    function _postMany(uint256 count) private {
        for (uint256 i; i < count; ++i) {
            _skip(10 minutes);
            _postWith(_payload(headers.length));
        }
    }

    function _expectBad(string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_BadParameter.selector, name));
    }

    function test_constructor_badParameter_reverts() public {
        IDaChallenge noDemands = IDaChallenge(address(0));
        ISignatureProofs noProofs = ISignatureProofs(address(0));
        _expectBad("inbox");
        new SealedInbox(address(0), challenges, noProofs);
        // Then there is nothing to decide.
        _expectBad("challenges");
        new SealedInbox(address(inbox), noDemands, noProofs);
        // The inbox takes no batch without signatures.
        _expectBad("signatures");
        new SealedInbox(address(inbox), challenges, ISignatureProofs(address(game)));
        vm.mockCall(address(challenges), abi.encodeCall(IDaChallenge.inbox, ()), abi.encode(address(claims)));
        _expectBad("challenges");
        new SealedInbox(address(inbox), challenges, noProofs);
    }

    function test_views_areTheInboxs() public {
        _postMany(2);
        vm.assertEq(uint256(sealedInbox.l2ChainId()), CHAIN_ID);
        vm.assertEq(uint256(sealedInbox.span()), SPAN);
        vm.assertEq(sealedInbox.inbox(), address(inbox));
        vm.assertEq(address(sealedInbox.challenges()), address(challenges));
        vm.assertEq(address(sealedInbox.signatures()), address(0));
        vm.assertEq(uint256(sealedInbox.blocksUpTo(2)), inbox.blocksUpTo(2));
        vm.assertEq(uint256(sealedInbox.consumedUpTo(2)), inbox.consumedUpTo(2));
        vm.assertEq(sealedInbox.acc(0), inbox.acc(0));
        // Posted is not sealed.
        vm.assertEq(uint256(sealedInbox.batchCount()), 0);
        vm.assertEq(sealedInbox.acc(1), 0);
    }

    function test_seal_afterTheWindow() public {
        _postMany(1);
        uint64 limit = headers[0].l1Time + CHALLENGE_WINDOW;
        vm.warp(limit);
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_TooEarly.selector, 0, limit));
        this.sealOne(0);
        vm.warp(limit + 1);
        vm.expectEmit(true, true, true, true, address(sealedInbox));
        emit ISealedInbox.Sealed(1, inbox.acc(1));
        _seal(0);
        vm.assertEq(uint256(sealedInbox.batchCount()), 1);
        vm.assertEq(sealedInbox.acc(1), inbox.acc(1));
    }

    /// @dev Whoever is quicker with a part of a list does not stop the rest of it.
    function test_seal_passesOverWhatIsSealed() public {
        _postMany(3);
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        _seal(1);
        bytes32 acc = sealedInbox.acc(2);
        _seal(0);
        vm.assertEq(uint256(sealedInbox.batchCount()), 2);
        _sealAll(0, 3);
        vm.assertEq(uint256(sealedInbox.batchCount()), 3);
        vm.assertEq(sealedInbox.acc(2), acc);
        vm.assertEq(sealedInbox.acc(3), inbox.acc(3));
    }

    function sealOne(uint64 index) external {
        _seal(index);
    }

    function test_seal_wrongHeader_reverts() public {
        _postMany(2);
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        BatchHeader[] memory one = new BatchHeader[](1);
        one[0] = headers[1];
        one[0].l1Time = 0;
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_WrongHeader.selector, 1));
        sealedInbox.seal(one);
        one[0] = headers[1];
        one[0].index = 0;
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_WrongHeader.selector, 0));
        sealedInbox.seal(one);
        // One that will be, is not.
        one[0].index = 7;
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_WrongHeader.selector, 7));
        sealedInbox.seal(one);
    }

    /// @dev One header seals everything before it.
    function test_seal_many() public {
        _postMany(300);
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        _seal(299);
        vm.assertEq(uint256(sealedInbox.batchCount()), 300);
        vm.assertEq(sealedInbox.acc(300), inbox.acc(300));
        vm.assertEq(sealedInbox.acc(137), inbox.acc(137));
    }

    function test_seal_openChallenge_reverts() public {
        _postMany(3);
        vm.warp(headers[1].l1Time + CHALLENGE_WINDOW);
        _challenge(alice, 1, _payload(1));
        uint64 deadline = uint64(block.timestamp) + ANSWER_WINDOW;
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_HeaderMissing.selector, 1));
        this.sealOne(2);
        _seal(0);
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_TooEarly.selector, 1, deadline));
        this.sealOne(1);
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_HeaderMissing.selector, 1));
        this.sealOne(2);
        // Shown: as if it had never been demanded.
        _answer(bob, 1, _payload(1));
        _seal(2);
        vm.assertEq(sealedInbox.acc(3), inbox.acc(3));
        vm.assertEq(uint256(sealedInbox.firstVoid()), type(uint64).max);
    }

    function test_37_seal_void() public {
        _postMany(4);
        _challenge(alice, 1, _payload(1));
        vm.warp(block.timestamp + CHALLENGE_WINDOW + ANSWER_WINDOW + 1);
        // It cannot be passed over.
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_HeaderMissing.selector, 1));
        this.sealOne(3);
        BatchHeader[] memory some = new BatchHeader[](2);
        some[0] = headers[1];
        some[1] = headers[3];
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_HeaderMissing.selector, 2));
        sealedInbox.seal(some);
        vm.expectEmit(true, true, true, true, address(sealedInbox));
        emit ISealedInbox.Voided(1);
        _sealAll(1, 4);

        vm.assertEq(uint256(sealedInbox.firstVoid()), 1);
        vm.assertEq(uint256(sealedInbox.batchCount()), 4);
        vm.assertEq(sealedInbox.acc(1), inbox.acc(1));
        // The same header without data, the headers after it as they are.
        bytes32 expected = Hashing.batchNext(inbox.acc(1), Hashing.header(_emptied(headers[1])));
        vm.assertEq(sealedInbox.acc(2), expected);
        expected = Hashing.batchNext(expected, Hashing.header(headers[2]));
        vm.assertEq(sealedInbox.acc(3), expected);
        expected = Hashing.batchNext(expected, Hashing.header(headers[3]));
        vm.assertEq(sealedInbox.acc(4), expected);
        vm.assertNotEq(sealedInbox.acc(4), inbox.acc(4));
    }

    function test_37_seal_twoVoid_inPieces() public {
        _postMany(3);
        _challenge(alice, 0, _payload(0));
        _challenge(alice, 2, _payload(2));
        vm.warp(block.timestamp + CHALLENGE_WINDOW + ANSWER_WINDOW + 1);
        _seal(0);
        _seal(1);
        _seal(2);
        bytes32 expected = Hashing.batchNext(inbox.acc(0), Hashing.header(_emptied(headers[0])));
        expected = Hashing.batchNext(expected, Hashing.header(headers[1]));
        expected = Hashing.batchNext(expected, Hashing.header(_emptied(headers[2])));
        vm.assertEq(sealedInbox.acc(3), expected);
        vm.assertEq(uint256(sealedInbox.firstVoid()), 0);
        // Batches that come later, with data on L1 or forced, are linked the same way.
        _postPlain(hex"0100");
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        _seal(3);
        vm.assertEq(sealedInbox.acc(4), Hashing.batchNext(expected, Hashing.header(headers[3])));
    }

    // --- claims ---

    function test_claims_coverSealedBatchesOnly() public {
        _postMany(2);
        _stake(alice);
        Claim genesis = claims.contentAt(0).id;
        Output memory output = _endOutput(0, keccak256("root"));
        bytes32 acc = inbox.acc(1);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_TooEarly.selector, 1));
        vm.prank(alice);
        claims.assertClaim(genesis, acc, _vector(output), output);
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        _seal(1);
        vm.prank(alice);
        claims.assertClaim(genesis, acc, _vector(output), output);
        vm.assertEq(uint256(claims.contentAt(1).childN1), 2);
    }

    /// @dev Who still believes in a void batch cannot claim what it led to.
    function test_claims_ofAVoidBatch_reverts() public {
        _postMany(1);
        _challenge(alice, 0, _payload(0));
        vm.warp(block.timestamp + CHALLENGE_WINDOW + ANSWER_WINDOW + 1);
        _seal(0);
        _stake(alice);
        Claim genesis = claims.contentAt(0).id;
        Output memory output = _endOutput(0, keccak256("root"));
        bytes32 posted = inbox.acc(1);
        bytes32 decided = sealedInbox.acc(1);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_OtherBatches.selector, 1, posted));
        vm.prank(alice);
        claims.assertClaim(genesis, posted, _vector(output), output);
        vm.prank(alice);
        Claim claim = claims.assertClaim(genesis, decided, _vector(output), output);
        vm.assertEq(
            Claim.unwrap(claim),
            Hashing.content(
                Claim.unwrap(genesis), 1, decided, Hashing.vectorRoot(_vector(output)), Hashing.output(output)
            )
        );
    }

    /// @dev The game judges by the sealed chain too.
    function test_game_isAboutTheSealedChain() public view {
        vm.assertEq(address(game.inbox()), address(sealedInbox));
        vm.assertEq(claims.inbox(), address(sealedInbox));
    }
}
