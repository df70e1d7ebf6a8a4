// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CommitteeRegistry} from "../src/da/CommitteeRegistry.sol";
import {IEscapeHatch} from "../src/interfaces/IEscapeHatch.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {BatchHeader} from "../src/types/Batch.sol";
import {Certificate} from "../src/types/Certificate.sol";
import {OutputRootProof, WithdrawalTransaction} from "../src/types/Withdrawal.sol";
import {PlainToken} from "./bridge/Tokens.sol";
import {CommitteeDeployment} from "./utils/CommitteeDeployment.sol";
import {FrozenState} from "./utils/FrozenState.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What a committee costs on L1, whole transactions with their calldata; written to `snapshots/committee.json`.
///
/// forge-config: default.isolate = true
abstract contract CommitteeGas is CommitteeDeployment {
    function _record(string memory name, uint256 most) internal {
        uint256 gas = vm.snapshotGasLastCall("committee", name);
        vm.assertLe(gas, most, name);
        vm.assertGt(gas, 21_000, name);
    }

    function _count() internal pure virtual returns (uint256) {
        return MEMBERS;
    }

    function _registryParameters() internal view override returns (CommitteeRegistry.Parameters memory p) {
        p = super._registryParameters();
        p.members = _addresses(_many());
        p.threshold = uint8(_signers());
    }

    /// @dev All but one of up to seven members, two thirds of more.
    function _signers() internal pure virtual returns (uint256) {
        return _count() <= 7 ? _count() - 1 : (_count() * 2 + 2) / 3;
    }

    /// @dev Keys of the members, by ascending address.
    function _many() internal pure returns (uint256[] memory keys) {
        keys = new uint256[](_count());
        for (uint256 i; i < keys.length; ++i) {
            uint256 key = uint256(keccak256(abi.encode("gas", i)));
            uint256 place = i;
            for (; place > 0 && vm.addr(keys[place - 1]) > vm.addr(key); --place) {
                keys[place] = keys[place - 1];
            }
            keys[place] = key;
        }
    }

    function _postCertified(bytes memory payload) internal {
        Certificate memory c = _certificate(payload, 0);
        bytes memory aux = _aux(c, uint24((1 << _signers()) - 1), _many());
        _postAux(3, aux, Hashing.committee(c.payloadHash, c.payloadLength));
    }

    /// @dev The last call must be `postBatch`: `_postAux` asks the inbox afterwards.
    function _postMeasured(string memory name, uint256 most) internal {
        _postPlain(hex"0100");
        _skip(12);
        Certificate memory c = _certificate("payload", 0);
        bytes memory aux = _aux(c, uint24((1 << _signers()) - 1), _many());
        uint64 qEnd = inbox.queueCount();
        bytes32 prevAcc = inbox.acc(1);
        bytes32 queueAcc = inbox.queueAcc(qEnd);
        vm.prank(batcher);
        inbox.postBatch(3, prevAcc, qEnd, queueAcc, 16, aux);
        _record(name, most);
    }
}

/// forge-config: default.isolate = true
contract CommitteeGasTest is CommitteeGas {
    function test_gas_postBatch() public {
        _postMeasured("postBatch, 4 of 5 signatures", 215_000);
    }

    function test_gas_challengeAndAnswer() public {
        bytes memory payload = _bytes(CHUNK, 1);
        _postCertified(payload);
        _challenge(alice, 0, payload);
        _record("challenge", 135_000);
        bytes32[] memory hashes = _hashes(payload);
        vm.prank(bob);
        challenges.answer(0, hashes, 0, payload);
        _record("answer, the only chunk of 98,304 bytes", 4_100_000);
        vm.prank(bob);
        challenges.withdraw();
        _record("withdraw", 45_000);
    }

    function test_gas_answerLast() public {
        bytes memory payload = _bytes(8 * CHUNK, 2);
        _postCertified(payload);
        _challenge(alice, 0, payload);
        bytes32[] memory hashes = _hashes(payload);
        for (uint256 i; i < 8; ++i) {
            bytes memory chunk = _chunk(payload, i);
            vm.prank(address(uint160(0xb0b + i)));
            challenges.answer(0, hashes, i, chunk);
        }
        _record("answer, the last of 8 chunks by 8 senders", 4_200_000);
    }

    function test_gas_seal() public {
        for (uint256 i; i < 300; ++i) {
            _postCertified("payload");
        }
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        _seal(0);
        _record("seal, the first batch", 95_000);
        _seal(299);
        _record("seal, 299 batches more", 70_000);
    }

    function test_gas_sealVoid() public {
        for (uint256 i; i < 11; ++i) {
            _postCertified("payload");
        }
        _challenge(alice, 0, "payload");
        vm.warp(block.timestamp + CHALLENGE_WINDOW + ANSWER_WINDOW + 1);
        challenges.reclaim(0);
        _record("reclaim", 90_000);
        _seal(0);
        _record("seal, a void batch", 120_000);
        BatchHeader[] memory ten = new BatchHeader[](10);
        for (uint256 i; i < 10; ++i) {
            ten[i] = headers[i + 1];
        }
        sealedInbox.seal(ten);
        _record("seal, 10 batches after a void one", 450_000);
    }

    function test_gas_registry() public {
        address[] memory members = _addresses(_keys(3));
        vm.prank(address(timelock));
        registry.propose(members, 4, 0);
        _record("propose, 5 members", 170_000);
        Certificate memory first = _certificate("one", 0);
        Certificate memory second = _certificate("another", 0);
        bytes memory firstSignature = _signature(first, _many()[0]);
        bytes memory secondSignature = _signature(second, _many()[0]);
        registry.showEquivocation(address(inbox), first, firstSignature, second, secondSignature);
        _record("showEquivocation", 80_000);
    }
}

/// @notice The most members that sign with secp256k1.
///
/// forge-config: default.isolate = true
contract CommitteeGasTwentyTest is CommitteeGas {
    function _count() internal pure override returns (uint256) {
        return 20;
    }

    function test_gas_postBatch() public {
        _postMeasured("postBatch, 14 of 20 signatures", 290_000);
    }
}

/// forge-config: default.isolate = true
contract CommitteeGasThreeTest is CommitteeGas {
    function _count() internal pure override returns (uint256) {
        return 3;
    }

    function test_gas_postBatch() public {
        _postMeasured("postBatch, 2 of 3 signatures", 200_000);
    }
}

/// forge-config: default.isolate = true
contract CommitteeGasFiveTest is CommitteeGas {
    function _signers() internal pure override returns (uint256) {
        return 3;
    }

    function test_gas_postBatch() public {
        _postMeasured("postBatch, 3 of 5 signatures", 208_000);
    }
}

/// forge-config: default.isolate = true
contract CommitteeGasFourteenTest is CommitteeGas {
    function _count() internal pure override returns (uint256) {
        return 14;
    }

    function test_gas_postBatch() public {
        _postMeasured("postBatch, 10 of 14 signatures", 258_000);
    }
}

/// @notice The usual size.
///
/// forge-config: default.isolate = true
contract CommitteeGasSevenTest is CommitteeGas {
    function _count() internal pure override returns (uint256) {
        return 7;
    }

    function test_gas_postBatch() public {
        _postMeasured("postBatch, 6 of 7 signatures", 230_000);
    }
}

/// @notice The way out.
///
/// forge-config: default.isolate = true
contract EscapeGasTest is FrozenState {
    function test_gas_escape() public {
        l1Token = address(new PlainToken());
        _buildState();
        PlainToken(l1Token).mint(alice, 70);
        vm.startPrank(alice, alice);
        PlainToken(l1Token).approve(address(bridge), 70);
        bridge.depositERC20(l1Token, l2Token, 70, 200_000, "");
        portal.depositTransaction{value: 5 ether}(alice, 1, 100_000, false, "");
        vm.stopPrank();
        _confirmState();
        vm.warp(block.timestamp + FREEZE_DELAY + 1);
        hatch.freeze(1);
        _record("freeze", 120_000);
        OutputRootProof memory state = _state();
        bytes[] memory branch = branches[alice];
        IEscapeHatch.TokenProof memory proof = _tokenProof(l2Token, alice);
        vm.prank(alice, alice);
        WithdrawalTransaction memory ether_ = hatch.exitEther(bob, state, branch);
        _record("exitEther, two trie nodes", 330_000);
        vm.prank(alice, alice);
        WithdrawalTransaction memory tokens = hatch.exitToken(l1Token, l2Token, bob, state, proof);
        _record("exitToken, seven trie nodes", 500_000);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        portal.finalizeWithdrawalTransactionExternalProof(ether_, address(hatch));
        _record("finalize, ether", 110_000);
        portal.finalizeWithdrawalTransactionExternalProof(tokens, address(hatch));
        _record("finalize, tokens", 220_000);
    }

    function _record(string memory name, uint256 most) private {
        uint256 gas = vm.snapshotGasLastCall("committee", name);
        vm.assertLe(gas, most, name);
        vm.assertGt(gas, 21_000, name);
    }
}
