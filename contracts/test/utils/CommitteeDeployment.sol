// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Inbox} from "../../src/Inbox.sol";
import {Portal} from "../../src/Portal.sol";
import {EscapeHatch} from "../../src/bridge/EscapeHatch.sol";
import {QueryGame} from "../../src/claims/QueryGame.sol";
import {CommitteeDa} from "../../src/da/CommitteeDa.sol";
import {CommitteeRegistry} from "../../src/da/CommitteeRegistry.sol";
import {DaChallenge} from "../../src/da/DaChallenge.sol";
import {Demanders} from "../../src/da/Demanders.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Certificate} from "../../src/types/Certificate.sol";
import {SealedDeployment} from "./SealedDeployment.sol";
import {vm} from "./Vm.sol";

/// @notice A deployment whose data lie with a committee: the second table of README.md as code.
///
/// Four contracts come after the inbox, five where not everybody may demand payloads, and one at the end; the claims are about the
/// sealed inbox, and the escape hatch stands before the settlement and the pauses.
abstract contract CommitteeDeployment is SealedDeployment {
    uint64 internal constant ROTATION_DELAY = 7 days;
    uint64 internal constant OVERLAP = 1 days;
    uint64 internal constant RETENTION = 30 days;
    uint64 internal constant CHALLENGE_WINDOW = 1 days;
    uint64 internal constant ANSWER_WINDOW = 1 days;
    uint256 internal constant CHUNK_BOND = 0.1 ether;
    uint64 internal constant FREEZE_DELAY = 21 days;
    uint64 internal constant DEMANDER_DELAY = 7 days;
    uint256 internal constant MEMBERS = 5;
    uint8 internal constant THRESHOLD = 4;
    uint256 internal constant CHUNK = 98_304;

    CommitteeRegistry internal registry;
    CommitteeDa internal committeeDa;
    Demanders internal demanders;
    DaChallenge internal challenges;
    EscapeHatch internal hatch;

    function _deployData() internal override {
        registry = CommitteeRegistry(
            deployer.deploy(
                6, abi.encodePacked(type(CommitteeRegistry).creationCode, abi.encode(_registryParameters())), 0
            )
        );
        committeeDa =
            CommitteeDa(deployer.deploy(7, abi.encodePacked(type(CommitteeDa).creationCode, abi.encode(registry)), 0));
        address[] memory watchers = _watchersOnly();
        address demanders_;
        if (watchers.length != 0) {
            bytes memory list = abi.encode(timelock, DEMANDER_DELAY, watchers);
            demanders_ = deployer.deploy(8, abi.encodePacked(type(Demanders).creationCode, list), 0);
        }
        demanders = Demanders(demanders_);
        bytes memory arguments = abi.encode(inbox, CHALLENGE_WINDOW, ANSWER_WINDOW, CHUNK_BOND, demanders_);
        challenges = DaChallenge(
            deployer.deploy(_sealedStep() - 1, abi.encodePacked(type(DaChallenge).creationCode, arguments), 0)
        );
        _deploySealed(challenges);
    }

    function _deployLast() internal override {
        super._deployLast();
        hatch = EscapeHatch(
            deployer.deploy(
                _hatchStep(), abi.encodePacked(type(EscapeHatch).creationCode, abi.encode(_hatchParameters())), 0
            )
        );
    }

    /// @dev Who may demand payloads; anybody if there is nobody.
    function _watchersOnly() internal view virtual returns (address[] memory) {}

    function _sealedStep() internal view override returns (uint256) {
        return _watchersOnly().length == 0 ? 9 : 10;
    }

    function _place(uint256 step) internal view override returns (uint256) {
        return step < 6 ? step : step + _sealedStep() - 5;
    }

    /// @dev The escape hatch is the last: its constructor asks the others.
    function _hatchStep() internal view returns (uint256) {
        return _place(_unsigned() ? 19 : _proves() ? 18 : 16);
    }

    function _pauses() internal view override returns (address) {
        return deployer.addressOf(_hatchStep());
    }

    function _registryParameters() internal view virtual returns (CommitteeRegistry.Parameters memory) {
        return CommitteeRegistry.Parameters({
            owner: _at(0),
            pauseController: _at(1),
            rotationDelay: ROTATION_DELAY,
            overlap: OVERLAP,
            retention: RETENTION,
            members: _addresses(_keys(0)),
            threshold: THRESHOLD,
            mandatory: 0
        });
    }

    function _hatchParameters() internal view virtual returns (EscapeHatch.Parameters memory) {
        return EscapeHatch.Parameters({
            claimManager: address(claims),
            inbox: address(inbox),
            portal: address(portal),
            messenger: address(messenger),
            standardBridge: address(bridge),
            pauseController: address(pauses),
            registry: address(registry),
            challenges: address(challenges),
            freezeDelay: FREEZE_DELAY
        });
    }

    function _inboxParameters() internal view virtual override returns (Inbox.Parameters memory p) {
        p = super._inboxParameters();
        p.committeeDa = deployer.addressOf(7);
    }

    function _portalParameters() internal view override returns (Portal.Parameters memory p) {
        p = super._portalParameters();
        p.settlement = deployer.addressOf(_hatchStep());
    }

    function _gameParameters() internal virtual override returns (QueryGame.Parameters memory p) {
        p = super._gameParameters();
        p.demanders = address(demanders);
    }

    // --- members ---

    /// @dev Keys of the members of a generation, by ascending address.
    function _keys(uint256 generation) internal pure returns (uint256[] memory keys) {
        keys = new uint256[](MEMBERS);
        for (uint256 i; i < MEMBERS; ++i) {
            uint256 key = uint256(keccak256(abi.encode("member", generation, i)));
            uint256 place = i;
            for (; place > 0 && vm.addr(keys[place - 1]) > vm.addr(key); --place) {
                keys[place] = keys[place - 1];
            }
            keys[place] = key;
        }
    }

    function _addresses(uint256[] memory keys) internal pure returns (address[] memory members) {
        members = new address[](keys.length);
        for (uint256 i; i < keys.length; ++i) {
            members[i] = vm.addr(keys[i]);
        }
    }

    // --- payloads and certificates ---

    function _hashes(bytes memory payload) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[]((payload.length + CHUNK - 1) / CHUNK);
        for (uint256 i; i < hashes.length; ++i) {
            hashes[i] = keccak256(_chunk(payload, i));
        }
    }

    function _chunk(bytes memory payload, uint256 i) internal pure returns (bytes memory chunk) {
        uint256 left = payload.length - i * CHUNK;
        chunk = new bytes(left < CHUNK ? left : CHUNK);
        assembly ("memory-safe") {
            mcopy(add(chunk, 0x20), add(add(payload, 0x20), mul(i, CHUNK)), mload(chunk))
        }
    }

    /// @dev A certificate for the inbox's next batch that can be posted for an hour.
    function _certificate(bytes memory payload, uint64 epoch) internal view returns (Certificate memory) {
        uint64 index = inbox.batchCount();
        return Certificate({
            batchIndex: index,
            prevAcc: inbox.acc(index),
            payloadHash: Hashing.payload(_hashes(payload)),
            payloadLength: uint32(payload.length),
            epoch: epoch,
            expiry: uint64(block.timestamp) + RETENTION + 1 hours
        });
    }

    function _signature(Certificate memory c, uint256 key) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, Hashing.certificate(c, block.chainid, address(inbox)));
        return abi.encodePacked(r, s, v);
    }

    /// @dev `aux` with the signatures of the members in `signers`.
    function _aux(Certificate memory c, uint24 signers, uint256[] memory keys)
        internal
        view
        returns (bytes memory aux)
    {
        aux = abi.encodePacked(c.epoch, c.expiry, c.payloadHash, c.payloadLength, signers);
        for (uint256 i; i < 24; ++i) {
            if (signers >> i & 1 == 1) aux = bytes.concat(aux, _signature(c, keys[i]));
        }
    }

    // --- moves ---

    /// @dev Posts a payload that four of the five members of epoch 0 hold.
    function _postWith(bytes memory payload) internal virtual {
        Certificate memory c = _certificate(payload, 0);
        _postAux(3, _aux(c, 0xf, _keys(0)), Hashing.committee(c.payloadHash, c.payloadLength));
    }

    /// @dev The same without signatures of its transactions.
    function _postUnsignedWith(bytes memory payload) internal {
        Certificate memory c = _certificate(payload, 0);
        _postAux(0x13, _aux(c, 0xf, _keys(0)), Hashing.committee(c.payloadHash, c.payloadLength));
    }

    function _challenge(address who, uint64 index, bytes memory payload) internal {
        uint256 bond = challenges.bondOf(uint32(payload.length));
        vm.deal(who, who.balance + bond);
        vm.prank(who);
        challenges.challenge{value: bond}(headers[index], Hashing.payload(_hashes(payload)), uint32(payload.length));
    }

    function _answer(address who, uint64 index, bytes memory payload) internal {
        bytes32[] memory hashes = _hashes(payload);
        for (uint256 i; i < hashes.length; ++i) {
            vm.prank(who);
            challenges.answer(index, hashes, i, _chunk(payload, i));
        }
    }

    function _bytes(uint256 length, uint256 seed) internal pure returns (bytes memory payload) {
        payload = new bytes(length);
        for (uint256 i; i < length; i += 32) {
            bytes32 word = keccak256(abi.encode(seed, i));
            assembly ("memory-safe") {
                mstore(add(add(payload, 0x20), i), word)
            }
        }
    }
}
