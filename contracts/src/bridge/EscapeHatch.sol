// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IClaimManager} from "../interfaces/IClaimManager.sol";
import {ICommitteeRegistry} from "../interfaces/ICommitteeRegistry.sol";
import {IDaChallenge} from "../interfaces/IDaChallenge.sol";
import {IEscapeHatch} from "../interfaces/IEscapeHatch.sol";
import {IInbox} from "../interfaces/IInbox.sol";
import {IPauseController, Pausable} from "../interfaces/IPauseController.sol";
import {IPortal} from "../interfaces/IPortal.sol";
import {IProofRouter} from "../interfaces/IProofRouter.sol";
import {IQueryGame} from "../interfaces/IQueryGame.sol";
import {ISealedInbox} from "../interfaces/ISealedInbox.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {ISignatureProofs} from "../interfaces/ISignatureProofs.sol";
import {Predeploys} from "../l2/Predeploys.sol";
import {Aliasing} from "../libraries/Aliasing.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {StateProof} from "../libraries/StateProof.sol";
import {Claim} from "../types/Output.sol";
import {MessageKind, QueueMessage} from "../types/Queue.sol";
import {OutputRootProof, WithdrawalTransaction} from "../types/Withdrawal.sol";
import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";
import {IStandardBridge} from "./IStandardBridge.sol";

/// @notice Ends a chain that has stood still, and lets its users out with their branches of its last confirmed state.
///
/// An exit is a withdrawal that L2 can no longer send: this contract is the portal's settlement, so it says, of one message each, that
/// L2 has sent it. Payment, nullifiers, messenger and bridges are those of every withdrawal and know nothing of it.
contract EscapeHatch is IEscapeHatch {
    /// @notice Everything that is fixed for the life of an escape hatch.
    struct Parameters {
        address claimManager;
        address inbox;
        address portal;
        address messenger;
        address standardBridge;
        address pauseController;
        address registry;
        address challenges;
        uint64 freezeDelay;
    }

    /// @dev One slot and the root of the last confirmed claim.
    struct End {
        bool frozen;
        uint64 n1;
        uint64 consumed;
        bytes32 outputRoot;
    }

    /// @dev Claims of this contract have indices from here on; those of the claim manager never come so far.
    uint256 private constant EXITS_FROM = 1 << 63;
    /// @dev Nonces in the name of L2, with version 1 as all are, where its own counters never come.
    uint256 private constant NONCES_FROM = (1 << 240) | (1 << 239);
    /// @dev L1 gas for a recipient of ether, and for the relay of a message to the standard bridge.
    uint256 private constant ETHER_GAS = 100_000;
    uint256 private constant TOKEN_GAS = 500_000;
    uint256 private constant RELAY_GAS = 300_000;
    uint256 private constant OPAQUE_HEADER_SIZE = 73;
    /// @dev Members keep data for so long after the chain could be frozen, so that users can still get their branches.
    uint64 private constant AFTERWARDS = 7 days;

    IClaimManager public immutable claimManager;
    IInbox public immutable inbox;
    IPortal public immutable portal;
    address public immutable messenger;
    address public immutable standardBridge;
    /// @notice Answers what is paused until the chain is frozen.
    IPauseController public immutable pauseController;
    /// @inheritdoc IEscapeHatch
    uint64 public immutable freezeDelay;

    /// @notice Where the chain has ended: its last confirmed batch count, messages consumed, and output root.
    End public end;
    /// @notice Whether an account has left with a token; zero stands for ether.
    mapping(address account => mapping(address l2Token => bool)) public exited;
    /// @notice Whether the deposit with this index in the queue was given back.
    mapping(uint64 index => bool) public refunded;
    /// @dev Hashes of the withdrawals in the name of L2.
    bytes32[] private _exits;
    mapping(Claim claim => bool) private _isExit;

    constructor(Parameters memory p) {
        if (p.claimManager == address(0)) revert EscapeHatch_BadParameter("claimManager");
        if (p.inbox == address(0)) revert EscapeHatch_BadParameter("inbox");
        if (p.portal == address(0)) revert EscapeHatch_BadParameter("portal");
        if (p.messenger == address(0)) revert EscapeHatch_BadParameter("messenger");
        if (p.standardBridge == address(0)) revert EscapeHatch_BadParameter("standardBridge");
        if (p.pauseController == address(0)) revert EscapeHatch_BadParameter("pauseController");
        claimManager = IClaimManager(p.claimManager);
        inbox = IInbox(p.inbox);
        portal = IPortal(p.portal);
        messenger = p.messenger;
        standardBridge = p.standardBridge;
        pauseController = IPauseController(p.pauseController);
        freezeDelay = p.freezeDelay;

        // No attacker can keep a chain that somebody carries on from confirming a claim for longer (docs/spec/fault-proof.md, 5c).
        IQueryGame game = IQueryGame(claimManager.referee());
        IDaChallenge challenges = IDaChallenge(p.challenges);
        uint256 slowest = uint256(challenges.challengeWindow()) + challenges.answerWindow();
        // A batch without signatures waits for their proof, at the same time.
        ISealedInbox sealedInbox = ISealedInbox(claimManager.inbox());
        if (address(sealedInbox.challenges()) != p.challenges) revert EscapeHatch_BadParameter("challenges");
        ISignatureProofs signatures = sealedInbox.signatures();
        if (address(signatures) != address(0) && signatures.timeout() > slowest) slowest = signatures.timeout();
        slowest += claimManager.window() + 2 * uint256(game.clock()) + 10 * uint256(game.grace());
        // Who stakes only once the chain has waited for a proof in vain comes later by that.
        address proofs = claimManager.proofs();
        if (proofs != address(0)) slowest += IProofRouter(proofs).proverTimeout();
        if (p.freezeDelay <= slowest) revert EscapeHatch_BadParameter("freezeDelay");
        uint64 retention = ICommitteeRegistry(p.registry).retention();
        if (retention < uint256(p.freezeDelay) + AFTERWARDS) revert EscapeHatch_BadParameter("retention");
    }

    modifier whenFrozen() {
        if (!end.frozen) revert EscapeHatch_NotFrozen();
        _;
    }

    /// @inheritdoc IEscapeHatch
    function freeze(uint256 claimIndex) external {
        if (end.frozen) revert EscapeHatch_FrozenAlready();
        IClaimManager.Content memory last = claimManager.contentAt(claimIndex);
        if (last.confirmedAt == 0 || last.confirmedChild != 0) revert EscapeHatch_NotLast(claimIndex);
        uint256 from = uint256(last.confirmedAt) + freezeDelay;
        if (block.timestamp <= from) revert EscapeHatch_TooEarly(from);
        end = End({frozen: true, n1: last.n1, consumed: inbox.consumedUpTo(last.n1), outputRoot: last.outputRoot});
        emit Frozen(claimIndex, last.outputRoot);
    }

    // --- exits ---

    /// @inheritdoc IEscapeHatch
    function exitEther(address recipient, OutputRootProof calldata output, bytes[] calldata accountProof)
        external
        whenFrozen
        returns (WithdrawalTransaction memory)
    {
        _requireLast(output);
        // Who speaks for an account over a deposit leaves with what it has.
        address account = Aliasing.caller();
        (uint256 balance,) = StateProof.account(output.stateRoot, account, accountProof);
        _leave(account, address(0), balance);
        return _sendEther(account, recipient, balance);
    }

    /// @inheritdoc IEscapeHatch
    function exitToken(
        address l1Token,
        address l2Token,
        address recipient,
        OutputRootProof calldata output,
        TokenProof calldata proof
    ) external whenFrozen returns (WithdrawalTransaction memory) {
        _requireLast(output);
        address account = Aliasing.caller();
        // Only of the factory's tokens is it known where their balances lie, and which token they are likenesses of.
        address factory = Predeploys.OPTIMISM_MINTABLE_ERC20_FACTORY;
        uint256 original = _entry(output.stateRoot, factory, proof.factory, l2Token, proof.deployment);
        if (original != uint160(l1Token)) revert EscapeHatch_WrongPair(l1Token, l2Token);
        uint256 balance = _entry(output.stateRoot, l2Token, proof.token, account, proof.balance);
        _leave(account, l2Token, balance);
        return _sendToken(l1Token, l2Token, account, recipient, balance);
    }

    /// @inheritdoc IEscapeHatch
    function refund(QueueMessage calldata message, bytes calldata data, address recipient)
        external
        whenFrozen
        returns (WithdrawalTransaction memory)
    {
        uint64 index = message.index;
        bytes32 next = Hashing.queueNext(inbox.queueAcc(index), Hashing.message(message));
        bool known = next == inbox.queueAcc(index + 1) && message.dataHash == keccak256(data);
        if (!known || message.kind != MessageKind.DEPOSIT) revert EscapeHatch_WrongMessage(index);
        if (index < end.consumed) revert EscapeHatch_Consumed(index);
        if (refunded[index]) revert EscapeHatch_RefundedAlready(index);
        refunded[index] = true;

        if (message.from == Aliasing.toL2(messenger)) {
            return _refundRelay(data[OPAQUE_HEADER_SIZE:], message.value, recipient);
        }
        if (Aliasing.caller() != message.from) revert EscapeHatch_NotDepositor(msg.sender);
        if (message.value == 0) revert EscapeHatch_Nothing(message.from, address(0));
        return _sendEther(message.from, recipient, message.value);
    }

    // --- what the portal and the bridges ask ---

    /// @inheritdoc ISettlement
    function isFinal(Claim claim) public view returns (bool) {
        if (_isExit[claim]) return true;
        return claimManager.isFinal(claim) && !_isAfterEnd(claim);
    }

    /// @inheritdoc ISettlement
    function isRipe(Claim claim) external view returns (bool) {
        return end.frozen ? isFinal(claim) : claimManager.isRipe(claim);
    }

    /// @inheritdoc ISettlement
    function tryConfirm(Claim claim) external returns (bool) {
        return end.frozen ? isFinal(claim) : claimManager.tryConfirm(claim);
    }

    /// @inheritdoc ISettlement
    function claimAt(uint256 index) external view returns (Claim claim, bytes32 outputRoot, bool open) {
        if (index >= EXITS_FROM) {
            if (index - EXITS_FROM >= _exits.length) return (Claim.wrap(0), 0, false);
            bytes32 hash = _exits[index - EXITS_FROM];
            (OutputRootProof memory output,) = _alone(hash);
            return (Claim.wrap(hash), Hashing.outputRoot(output), true);
        }
        (claim, outputRoot, open) = claimManager.claimAt(index);
        if (end.frozen) open = open && isFinal(claim);
    }

    /// @inheritdoc IPauseController
    function paused(Pausable what) external view returns (bool) {
        if (!end.frozen) return pauseController.paused(what);
        // Nothing goes in any more, and nobody keeps anything from going out.
        return what != Pausable.Withdraw;
    }

    /// @inheritdoc IPauseController
    function guardian() external view returns (address) {
        return pauseController.guardian();
    }

    /// @inheritdoc IEscapeHatch
    function frozen() external view returns (bool) {
        return end.frozen;
    }

    // --- inside ---

    function _requireLast(OutputRootProof calldata output) private view {
        if (Hashing.outputRoot(output) != end.outputRoot) revert EscapeHatch_WrongOutputRoot();
    }

    /// @dev Each account leaves with each token once (invariant 49).
    function _leave(address account, address token, uint256 balance) private {
        if (balance == 0 || exited[account][token]) revert EscapeHatch_Nothing(account, token);
        exited[account][token] = true;
    }

    /// @dev The value for `key` in the mapping in slot 0 of the L2 contract `holder`.
    function _entry(
        bytes32 stateRoot,
        address holder,
        bytes[] calldata accountProof,
        address key,
        bytes[] calldata entryProof
    ) private pure returns (uint256) {
        (, bytes32 storageRoot) = StateProof.account(stateRoot, holder, accountProof);
        return StateProof.mappingEntry(storageRoot, key, entryProof);
    }

    /// @dev A deposit that came over the messenger is its sender's there; the standard bridge names its own.
    function _refundRelay(bytes calldata relay, uint256 value, address recipient)
        private
        returns (WithdrawalTransaction memory)
    {
        (, address sender,,,, bytes memory message) =
            abi.decode(relay[4:], (uint256, address, address, uint256, uint256, bytes));
        if (sender != standardBridge) {
            _requireCaller(sender);
            return _sendEther(sender, recipient, value);
        }
        bytes memory arguments = _tail(message);
        if (bytes4(message) == IStandardBridge.finalizeBridgeETH.selector) {
            (address from,,,) = abi.decode(arguments, (address, address, uint256, bytes));
            _requireCaller(from);
            return _sendEther(from, recipient, value);
        }
        (address l2Token, address l1Token, address owner,, uint256 amount,) =
            abi.decode(arguments, (address, address, address, address, uint256, bytes));
        _requireCaller(owner);
        return _sendToken(l1Token, l2Token, owner, recipient, amount);
    }

    function _requireCaller(address owner) private view {
        if (msg.sender != owner) revert EscapeHatch_NotDepositor(msg.sender);
    }

    function _sendEther(address account, address recipient, uint256 value)
        private
        returns (WithdrawalTransaction memory w)
    {
        w = WithdrawalTransaction({
            nonce: NONCES_FROM | _exits.length,
            sender: account,
            target: recipient,
            value: value,
            gasLimit: ETHER_GAS,
            data: ""
        });
        _send(w);
    }

    /// @dev As the bridge of L2 would: its message to that of L1, over the messengers.
    function _sendToken(address l1Token, address l2Token, address account, address recipient, uint256 amount)
        private
        returns (WithdrawalTransaction memory w)
    {
        uint256 nonce = NONCES_FROM | _exits.length;
        bytes memory message =
            abi.encodeCall(IStandardBridge.finalizeBridgeERC20, (l1Token, l2Token, account, recipient, amount, ""));
        bytes memory relay = abi.encodeCall(
            ICrossDomainMessenger.relayMessage,
            (nonce, Predeploys.L2_STANDARD_BRIDGE, standardBridge, 0, RELAY_GAS, message)
        );
        w = WithdrawalTransaction({
            nonce: nonce,
            sender: Predeploys.L2_CROSS_DOMAIN_MESSENGER,
            target: messenger,
            value: 0,
            gasLimit: TOKEN_GAS,
            data: relay
        });
        _send(w);
    }

    /// @dev Says that L2 has sent `w`, and proves it to the portal.
    function _send(WithdrawalTransaction memory w) private {
        bytes32 hash = Hashing.withdrawal(w);
        uint256 exit = _exits.length;
        _exits.push(hash);
        _isExit[Claim.wrap(hash)] = true;
        emit Exited(exit, hash, w);
        (OutputRootProof memory output, bytes[] memory proof) = _alone(hash);
        portal.proveWithdrawalTransaction(w, EXITS_FROM + exit, output, proof);
    }

    /// @dev An output of which nothing is known but that this withdrawal was sent.
    function _alone(bytes32 hash) private pure returns (OutputRootProof memory output, bytes[] memory proof) {
        (output.messagePasserStorageRoot, proof) = StateProof.sentAlone(hash);
    }

    /// @dev Confirmed claims are a chain, so one with more batches than the last was confirmed after the end.
    function _isAfterEnd(Claim claim) private view returns (bool) {
        if (!end.frozen) return false;
        (,, uint64 n1) = claimManager.statementOf(claim);
        return n1 > end.n1;
    }

    /// @dev What follows the selector.
    function _tail(bytes memory message) private pure returns (bytes memory tail) {
        tail = new bytes(message.length - 4);
        assembly ("memory-safe") {
            mcopy(add(tail, 0x20), add(message, 0x24), mload(tail))
        }
    }
}
