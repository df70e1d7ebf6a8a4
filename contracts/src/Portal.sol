// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Call} from "./bridge/Call.sol";
import {IDisputeGameFactory} from "./interfaces/IDisputeGameFactory.sol";
import {IInbox} from "./interfaces/IInbox.sol";
import {IPauseController, Pausable} from "./interfaces/IPauseController.sol";
import {IPortal} from "./interfaces/IPortal.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {Aliasing} from "./libraries/Aliasing.sol";
import {Constants} from "./libraries/Constants.sol";
import {DepositPrice} from "./libraries/DepositPrice.sol";
import {Hashing} from "./libraries/Hashing.sol";
import {Claim} from "./types/Output.sol";
import {MessageKind} from "./types/Queue.sol";
import {OutputRootProof, WithdrawalTransaction} from "./types/Withdrawal.sol";

/// @notice Holds the ether of the L2: deposits in, withdrawals out against a final claim.
///
/// It asks the settlement one question, whether a claim is final, and knows nothing of how claims become so.
contract Portal is IPortal {
    /// @notice Everything that is fixed for the life of a portal.
    struct Parameters {
        address inbox;
        address settlement;
        address systemConfig;
        address pauseController;
        address disputeGameFactory;
        uint64 proofMaturityDelay;
    }

    /// @dev One slot. `timestamp` is zero where nothing was proven.
    struct Proven {
        uint64 claimIndex;
        uint64 timestamp;
    }

    /// @notice Semantic version of the OP portal whose ABI this is.
    string public constant version = "4.0.0";
    /// @notice Seconds between a claim's finality and payment: the air gap is in the proof's maturity.
    uint256 public constant disputeGameFinalityDelaySeconds = 0;
    /// @notice L1 time at which the game type was last changed: it never is.
    uint64 public constant respectedGameTypeUpdatedAt = 0;
    /// @dev What `l2Sender` is outside of a payment.
    address internal constant NO_SENDER = 0x000000000000000000000000000000000000dEaD;
    /// @dev L2 gas of a plain transfer to the portal.
    uint64 internal constant RECEIVE_GAS_LIMIT = 100_000;
    uint256 internal constant DEPOSIT_VERSION = 0;
    /// @dev L1 gas set aside for finding that a withdrawal may be paid, which takes 50,000 where its claim is final and up to 239,000 where
    /// it is not. What is left of it pays for nothing else: an estimate must suffice in whatever state the withdrawal meets its claim.
    uint256 internal constant SETTLEMENT_GAS = 250_000;

    IInbox public immutable inbox;
    ISettlement public immutable settlement;
    address public immutable systemConfig;
    IPauseController public immutable pauseController;
    /// @notice OP's dispute game factory.
    address public immutable disputeGameFactory;
    /// @notice Seconds between a withdrawal's proof and its payment.
    uint256 public immutable proofMaturityDelaySeconds;

    /// @notice Which withdrawals have been paid: each at most once.
    mapping(bytes32 withdrawalHash => bool) public finalizedWithdrawals;
    /// @notice Who has proven a withdrawal, in order of time.
    mapping(bytes32 withdrawalHash => address[]) public proofSubmitters;
    mapping(bytes32 withdrawalHash => mapping(address submitter => Proven)) private _proven;
    /// @notice The deposit price where the last deposit left it.
    DepositPrice.Params public params;

    address private transient _l2Sender;

    constructor(Parameters memory p) {
        if (p.inbox == address(0)) revert Portal_BadParameter("inbox");
        if (p.settlement == address(0)) revert Portal_BadParameter("settlement");
        if (p.systemConfig == address(0)) revert Portal_BadParameter("systemConfig");
        if (p.pauseController == address(0)) revert Portal_BadParameter("pauseController");
        if (p.disputeGameFactory == address(0)) revert Portal_BadParameter("disputeGameFactory");
        if (p.proofMaturityDelay == 0) revert Portal_BadParameter("proofMaturityDelay");
        inbox = IInbox(p.inbox);
        settlement = ISettlement(p.settlement);
        systemConfig = p.systemConfig;
        pauseController = IPauseController(p.pauseController);
        disputeGameFactory = p.disputeGameFactory;
        proofMaturityDelaySeconds = p.proofMaturityDelay;
        params = DepositPrice.initial(block.number);
    }

    /// @dev Burns L1 gas for `gasLimit` L2 gas; what the call itself uses counts.
    modifier metered(uint64 gasLimit) {
        uint256 before = gasleft();
        _;
        _burn(gasLimit, before);
    }

    /// @notice A plain transfer is a deposit to oneself.
    receive() external payable {
        depositTransaction(msg.sender, msg.value, RECEIVE_GAS_LIMIT, false, "");
    }

    /// @notice Adds ether without a deposit.
    function donateETH() external payable {}

    /// @inheritdoc IPortal
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes memory data)
        public
        payable
        metered(gasLimit)
    {
        if (pauseController.paused(Pausable.Deposit)) revert OptimismPortal_CallPaused();
        if (isCreation && to != address(0)) revert OptimismPortal_BadTarget();
        if (data.length > Constants.MESSAGE_DATA_MAX - Constants.OPAQUE_HEADER_SIZE) {
            revert OptimismPortal_CalldataTooLarge();
        }
        _checkGasLimit(gasLimit, data.length);

        bytes memory opaqueData = abi.encodePacked(msg.value, value, gasLimit, isCreation, data);
        _enqueue(Aliasing.caller(), to, msg.value, gasLimit, opaqueData);
    }

    /// @inheritdoc IPortal
    function forceTransaction(uint64 gasLimit, bytes calldata rawTransaction) external metered(gasLimit) {
        if (rawTransaction.length == 0) revert Portal_EmptyTransaction();
        if (rawTransaction.length > Constants.MESSAGE_DATA_MAX) revert OptimismPortal_CalldataTooLarge();
        _checkGasLimit(gasLimit, rawTransaction.length);
        inbox.enqueue(MessageKind.FORCED, msg.sender, address(0), 0, gasLimit, rawTransaction);
    }

    /// @inheritdoc IPortal
    function proveWithdrawalTransaction(
        WithdrawalTransaction calldata withdrawal,
        uint256 disputeGameIndex,
        OutputRootProof calldata outputRootProof,
        bytes[] calldata withdrawalProof
    ) external {
        _requireNotPaused();
        (, bytes32 outputRoot, bool open) = settlement.claimAt(disputeGameIndex);
        // "Not found" must not look like "accepted": a claim has a root that is not zero and is open.
        if (!open || outputRoot == 0) revert OptimismPortal_InvalidDisputeGame();
        if (outputRootProof.version != 0 || Hashing.outputRoot(outputRootProof) != outputRoot) {
            revert OptimismPortal_InvalidOutputRootProof();
        }
        bytes32 hash = Hashing.withdrawal(withdrawal);
        if (finalizedWithdrawals[hash]) revert OptimismPortal_AlreadyFinalized();
        if (!_isSent(hash, outputRootProof.messagePasserStorageRoot, withdrawalProof)) {
            revert OptimismPortal_InvalidMerkleProof();
        }

        _proven[hash][msg.sender] = Proven({claimIndex: uint64(disputeGameIndex), timestamp: uint64(block.timestamp)});
        proofSubmitters[hash].push(msg.sender);
        emit WithdrawalProven(hash, withdrawal.sender, withdrawal.target);
        emit WithdrawalProvenExtension1(hash, msg.sender);
    }

    /// @inheritdoc IPortal
    function finalizeWithdrawalTransaction(WithdrawalTransaction calldata withdrawal) external {
        _finalize(withdrawal, msg.sender);
    }

    /// @inheritdoc IPortal
    function finalizeWithdrawalTransactionExternalProof(
        WithdrawalTransaction calldata withdrawal,
        address proofSubmitter
    ) external {
        _finalize(withdrawal, proofSubmitter);
    }

    /// @inheritdoc IPortal
    function checkWithdrawal(bytes32 withdrawalHash, address proofSubmitter) external view {
        if (!settlement.isRipe(_checkMature(withdrawalHash, proofSubmitter))) revert OptimismPortal_InvalidRootClaim();
    }

    /// @inheritdoc IPortal
    function l2Sender() external view returns (address) {
        return _l2Sender == address(0) ? NO_SENDER : _l2Sender;
    }

    /// @notice Number of proofs of a withdrawal.
    function numProofSubmitters(bytes32 withdrawalHash) external view returns (uint256) {
        return proofSubmitters[withdrawalHash].length;
    }

    /// @notice The game that a submitter has proven a withdrawal against, and when; zero if it has not.
    function provenWithdrawals(bytes32 withdrawalHash, address submitter)
        external
        view
        returns (address disputeGameProxy, uint64 timestamp)
    {
        Proven memory proven = _proven[withdrawalHash][submitter];
        if (proven.timestamp == 0) return (address(0), 0);
        (Claim claim,,) = settlement.claimAt(proven.claimIndex);
        return (IDisputeGameFactory(disputeGameFactory).gameOf(claim), proven.timestamp);
    }

    /// @notice OP's anchor state registry, which the dispute game factory is too.
    function anchorStateRegistry() external view returns (address) {
        return disputeGameFactory;
    }

    /// @notice The type of game that withdrawals may be proven against.
    function respectedGameType() external view returns (uint32) {
        return IDisputeGameFactory(disputeGameFactory).GAME_TYPE();
    }

    /// @notice Whether withdrawals are paused.
    function paused() external view returns (bool) {
        return pauseController.paused(Pausable.Withdraw);
    }

    /// @notice Who may pause.
    function guardian() external view returns (address) {
        return pauseController.guardian();
    }

    /// @notice Least L2 gas limit of a deposit with `byteCount` bytes of data.
    function minimumGasLimit(uint64 byteCount) public pure returns (uint64) {
        return byteCount * 40 + 21_000;
    }

    function _finalize(WithdrawalTransaction calldata withdrawal, address proofSubmitter) private {
        bytes32 hash = Hashing.withdrawal(withdrawal);
        uint256 before = gasleft();
        _requireNotPaused();
        if (_l2Sender != address(0)) revert OptimismPortal_NoReentrancy();
        Claim claim = _checkMature(hash, proofSubmitter);

        // Marked before anything is called (invariants 1 and 7).
        finalizedWithdrawals[hash] = true;
        _l2Sender = withdrawal.sender;
        // Nobody need confirm a ripe claim before: paying does it on the way.
        if (!settlement.tryConfirm(claim)) revert OptimismPortal_InvalidRootClaim();
        uint256 reserved = Math.saturatingSub(SETTLEMENT_GAS, before - gasleft());
        bool pays = _isPayable(withdrawal);
        if (pays) _pay(withdrawal, reserved);
        else _giveBack(hash, withdrawal);
        _l2Sender = address(0);
        emit WithdrawalFinalized(hash, pays);
        if (gasleft() < reserved) revert Portal_TooLittleGas(withdrawal.gasLimit);
    }

    function _pay(WithdrawalTransaction calldata withdrawal, uint256 reserved) private {
        bytes memory data = withdrawal.data;
        // A call keeps back one 64th of the gas (EIP-150). The target gets exactly this, so that an estimate tells what it will have.
        uint256 gas = Math.saturatingSub(gasleft(), Call.OVERHEAD + reserved);
        gas -= gas / 64;
        if (gas < withdrawal.gasLimit) revert Portal_TooLittleGas(withdrawal.gasLimit);
        bool success = Call.tryCall(withdrawal.target, gas, withdrawal.value, data);
        // OP marks a failed withdrawal as paid and the value is lost; here the transaction reverts and anybody may try again.
        if (!success) revert Portal_CallFailed(LowLevelCall.returnData());
    }

    /// @dev Mints the value on L2 again for the account that withdrew it, instead of calling the target.
    ///
    /// A mint goes to a deposit's sender whatever becomes of its call, so even a contract that takes no ether gets it back. The call
    /// itself has no target, value or data: nothing is said in anybody's name. It buys no L2 gas: finalizing costs more L1 gas.
    function _giveBack(bytes32 hash, WithdrawalTransaction calldata withdrawal) private {
        (address to, uint256 value) = (withdrawal.sender, withdrawal.value);
        // What is minted is held here, as for every deposit.
        if (value > address(this).balance) revert Portal_CallFailed("");
        emit WithdrawalReturned(hash, to, value);
        if (value == 0) return;
        uint64 gasLimit = minimumGasLimit(0);
        _enqueue(to, address(0), value, gasLimit, abi.encodePacked(value, uint256(0), gasLimit, false));
    }

    function _enqueue(address from, address to, uint256 mint, uint64 gasLimit, bytes memory opaqueData) private {
        emit TransactionDeposited(from, to, DEPOSIT_VERSION, opaqueData);
        inbox.enqueue(MessageKind.DEPOSIT, from, to, mint, gasLimit, opaqueData);
    }

    /// @dev Not paid, proven by the submitter, and the proof is old enough; returns the claim it was proven against.
    function _checkMature(bytes32 hash, address proofSubmitter) private view returns (Claim claim) {
        if (finalizedWithdrawals[hash]) revert OptimismPortal_AlreadyFinalized();
        Proven memory proven = _proven[hash][proofSubmitter];
        if (proven.timestamp == 0) revert OptimismPortal_Unproven();
        if (block.timestamp - proven.timestamp <= proofMaturityDelaySeconds) {
            revert OptimismPortal_ProofNotOldEnough();
        }
        (claim,,) = settlement.claimAt(proven.claimIndex);
    }

    /// @dev Whether `sentMessages[hash]` (slot 0 of the message passer) is true under `storageRoot`.
    function _isSent(bytes32 hash, bytes32 storageRoot, bytes[] calldata proof) private pure returns (bool) {
        bytes32 slot = keccak256(abi.encode(hash, uint256(0)));
        return TrieProof.verify(hex"01", storageRoot, abi.encodePacked(keccak256(abi.encode(slot))), proof);
    }

    function _requireNotPaused() private view {
        if (pauseController.paused(Pausable.Withdraw)) revert OptimismPortal_CallPaused();
    }

    /// @dev The contracts of the chain know the portal: a withdrawal must not speak with its voice. And some fit no L1 transaction.
    function _isPayable(WithdrawalTransaction calldata withdrawal) private view returns (bool) {
        address target = withdrawal.target;
        bool isPart = target == address(this) || target == address(inbox) || target == address(settlement)
            || target == systemConfig;
        return !isPart && withdrawal.gasLimit <= Constants.WITHDRAWAL_GAS_MAX;
    }

    function _checkGasLimit(uint64 gasLimit, uint256 size) private pure {
        if (gasLimit < minimumGasLimit(uint64(size))) revert OptimismPortal_GasLimitTooLow();
        if (gasLimit > Constants.MESSAGE_GAS_MAX) revert Portal_GasLimitTooHigh();
    }

    function _burn(uint64 gasLimit, uint256 before) private {
        (uint256 price, DepositPrice.Params memory next) = DepositPrice.buy(params, gasLimit, block.number);
        params = next;
        // Reading the gas left is what uses it up.
        while (before - gasleft() < price) {}
    }
}
