// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {IEscapeHatch} from "../../src/interfaces/IEscapeHatch.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Claim, Output} from "../../src/types/Output.sol";
import {OutputRootProof} from "../../src/types/Withdrawal.sol";
import {CommitteeDeployment} from "./CommitteeDeployment.sol";
import {StateTrie} from "./StateTrie.sol";
import {vm} from "./Vm.sol";

/// @notice A state of L2 with two accounts and a token in it, and claims that say so.
abstract contract FrozenState is CommitteeDeployment {
    uint256 internal constant ALICES = 3 ether;
    uint256 internal constant BOBS = 2 ether;
    uint256 internal constant ALICES_TOKENS = 50;
    uint256 internal constant BOBS_TOKENS = 20;

    address internal l1Token;
    /// @dev The likeness of `l1Token`, and a contract that says the same of balances but is none.
    address internal l2Token;
    address internal impostor;

    bytes32 internal stateRoot;
    bytes32 internal passerRoot;
    mapping(address who => bytes[]) internal branches;
    mapping(address who => bytes[]) internal tokenBranches;
    bytes[] internal deploymentBranch;

    /// @dev Builds the state. Accounts are looked for until no two paths begin with the same nibble.
    function _buildState() internal {
        uint256 taken = 1 << _nibble(StateTrie.accountKey(Predeploys.OPTIMISM_MINTABLE_ERC20_FACTORY));
        (alice, taken) = _seek("alice", taken, false);
        (bob, taken) = _seek("bob", taken, true);
        (l2Token, taken) = _seek("l2 token", taken, false);
        (impostor, taken) = _seek("impostor", taken, false);
        vm.deal(alice, 1_000 ether);
        vm.deal(bob, 1_000 ether);

        bytes32 balances = _entries(alice, ALICES_TOKENS, bob, BOBS_TOKENS, tokenBranches);
        bytes32[] memory paths = new bytes32[](1);
        bytes[] memory values = new bytes[](1);
        paths[0] = StateTrie.entryKey(l2Token);
        values[0] = RLP.encode(uint256(uint160(l1Token)));
        (bytes32 deployments, bytes[][] memory proofs) = StateTrie.build(paths, values);
        deploymentBranch = proofs[0];

        address[5] memory accounts = [alice, bob, l2Token, impostor, Predeploys.OPTIMISM_MINTABLE_ERC20_FACTORY];
        paths = new bytes32[](5);
        values = new bytes[](5);
        values[0] = StateTrie.account(ALICES, keccak256(hex"80"));
        values[1] = StateTrie.account(BOBS, keccak256(hex"80"));
        values[2] = StateTrie.account(0, balances);
        values[3] = StateTrie.account(0, balances);
        values[4] = StateTrie.account(0, deployments);
        for (uint256 i; i < 5; ++i) {
            paths[i] = StateTrie.accountKey(accounts[i]);
        }
        (stateRoot, proofs) = StateTrie.build(paths, values);
        for (uint256 i; i < 5; ++i) {
            branches[accounts[i]] = proofs[i];
        }
    }

    function _entries(address a, uint256 ofA, address b, uint256 ofB, mapping(address => bytes[]) storage out)
        private
        returns (bytes32 root)
    {
        bytes32[] memory paths = new bytes32[](2);
        bytes[] memory values = new bytes[](2);
        (paths[0], paths[1]) = (StateTrie.entryKey(a), StateTrie.entryKey(b));
        (values[0], values[1]) = (RLP.encode(ofA), RLP.encode(ofB));
        bytes[][] memory proofs;
        (root, proofs) = StateTrie.build(paths, values);
        out[a] = proofs[0];
        out[b] = proofs[1];
    }

    /// @dev An address whose path begins with a nibble not in `taken`; if `second`, its token entry's differs from alice's too.
    function _seek(string memory name, uint256 taken, bool second) private returns (address who, uint256 all) {
        for (uint256 i;; ++i) {
            who = address(uint160(uint256(keccak256(abi.encode(name, i)))));
            uint256 nibble = _nibble(StateTrie.accountKey(who));
            if (taken >> nibble & 1 == 1) continue;
            if (second && _nibble(StateTrie.entryKey(who)) == _nibble(StateTrie.entryKey(alice))) continue;
            vm.label(who, name);
            return (who, taken | 1 << nibble);
        }
    }

    function _nibble(bytes32 path) private pure returns (uint256) {
        return uint8(path[0]) >> 4;
    }

    function _state() internal view returns (OutputRootProof memory proof) {
        proof = _rootProof(passerRoot);
        proof.stateRoot = stateRoot;
    }

    function _tokenProof(address token, address who) internal view returns (IEscapeHatch.TokenProof memory) {
        return IEscapeHatch.TokenProof({
            factory: branches[Predeploys.OPTIMISM_MINTABLE_ERC20_FACTORY],
            deployment: deploymentBranch,
            token: branches[token],
            balance: tokenBranches[who]
        });
    }

    /// @dev Seals all batches that are old enough and claims, by `who`, that they lead to `root`.
    function _claim(address who, uint256 parentIndex, bytes32 root) internal returns (Claim) {
        Output memory output = _endOutput(parentIndex, root);
        Claim parent = claims.contentAt(parentIndex).id;
        bytes32 acc = sealedInbox.acc(output.inboxIndex);
        vm.prank(who);
        return claims.assertClaim(parent, acc, _vector(output), output);
    }

    /// @dev A batch, sealed, and a claim that it leads to the state, confirmed.
    function _confirmState() internal returns (Claim claim) {
        _postWith("payload");
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        _seal(uint64(headers.length - 1));
        _stake(treasury);
        claim = _claim(treasury, 0, Hashing.outputRoot(_state()));
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(claim, treasury);
    }
}
