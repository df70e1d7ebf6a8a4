//! Bindings of the contracts, written from `contracts/src`.

use alloy::sol;

pub use bridge::*;
pub use claims::*;
pub use committee::*;
pub use governance::*;
pub use inbox::*;
pub use l2::*;
pub use proofs::*;

mod proofs;

mod inbox {
    #![allow(
        missing_docs,
        clippy::too_many_arguments,
        reason = "the names, arguments and documentation are those of contracts/src/interfaces/IInbox.sol"
    )]
    use super::sol;

    sol! {
        #[derive(Debug, PartialEq, Eq)]
        struct BatchHeader {
            uint8 version; uint8 daType; uint64 index; bytes32 prevAcc; bytes32 daHash; uint64 qStart; uint64 qEnd;
            bytes32 queueAcc; uint64 firstBlock; uint32 blockCount; uint64 l1Block; uint64 l1Time;
        }

        #[derive(Debug, PartialEq, Eq)]
        interface Inbox {
            event MessageEnqueued(uint64 indexed index, uint8 indexed kind, address indexed from, address to, uint256 value, uint64 gas, uint64 l1Block, uint64 l1Time, bytes data);
            event BatchPosted(uint64 indexed index, bytes32 acc, BatchHeader header, bytes aux);

            function postBatch(uint8 daType, bytes32 prevAcc, uint64 qEnd, bytes32 queueAcc, uint32 blockCount, bytes aux) external;
            function forceInclude() external;
            function refreshL1Info() external;
            function acc(uint64 n) external view returns (bytes32);
            function queueAcc(uint64 n) external view returns (bytes32);
            function batchCount() external view returns (uint64);
            function queueCount() external view returns (uint64);
            function consumed() external view returns (uint64);
            function blocksUpTo(uint64 n) external view returns (uint64);
            function consumedUpTo(uint64 n) external view returns (uint64);
            function dueIndex() external view returns (uint64);
            function enqueuedAt(uint64 i) external view returns (uint64);
            function permissionlessOpen() external view returns (bool);
            function batcher() external view returns (address);
            function l2ChainId() external view returns (uint64);
            function span() external view returns (uint32);
            function portal() external view returns (address);
            function systemConfig() external view returns (address);
            function pauseController() external view returns (address);
            function calldataDa() external view returns (address);
            function blobDa() external view returns (address);
            function committeeDa() external view returns (address);
            function unsignedBatches() external view returns (bool);
            function forceDelay() external view returns (uint64);
            function forceGrace() external view returns (uint64);
            function permissionlessDelay() external view returns (uint64);
        }
    }
}

mod claims {
    #![allow(
        missing_docs,
        clippy::too_many_arguments,
        reason = "the names, arguments and documentation are those of contracts/src/interfaces/IClaimManager.sol"
    )]
    use super::sol;

    sol! {
        #[derive(Debug, PartialEq, Eq)]
        struct Output {
            uint8 version; uint64 chainId; uint64 inboxIndex; uint32 blockInBatch; uint64 queueIndex; uint64 number; uint64 timestamp;
            bytes32 outputRoot;
        }

        #[derive(Debug, PartialEq, Eq)]
        struct Content {
            bytes32 id; bytes32 outputRoot; bytes32 vectorRoot; bytes32 endHash; uint64 parent; uint64 n1; uint64 childN1; uint64 createdAt; uint64 confirmedAt;
            uint64 confirmedChild; uint64 number; uint64 sequence;
        }

        #[derive(Debug, PartialEq, Eq)]
        interface ClaimManager {
            event ClaimAsserted(bytes32 indexed contentId, bytes32 indexed parentId, uint256 indexed index, address owner, uint64 n1, uint64 childN1, bytes32 vectorRoot, Output endOutput, bytes32[256] vector);
            event ClaimBacked(bytes32 indexed contentId, address indexed owner);
            event ClaimConfirmed(bytes32 indexed contentId, uint256 indexed index);
            event InstanceRefuted(bytes32 indexed contentId, address indexed owner);
            event InstanceSettled(bytes32 indexed contentId, address indexed owner, uint8 status);
            event ClaimRejected(bytes32 indexed contentId, uint256 indexed index);
            event StakeDeposited(address indexed owner);
            event StakeForfeited(address indexed owner);
            event StakeWithdrawn(address indexed owner);
            event CreditWithdrawn(address indexed to, uint256 amount);

            function deposit() external payable;
            function withdrawStake() external;
            function collect() external;
            function assertClaim(bytes32 parentId, bytes32 acc, bytes32[256] vector, Output endOutput) external returns (bytes32 contentId);
            function back(bytes32 contentId) external;
            function confirm(bytes32 contentId, address owner) external;
            function reject(bytes32 contentId) external;
            function settle(bytes32 contentId, address owner) external;
            function withdrawCredit() external;
            function credits(address who) external view returns (uint256);
            function contentCount() external view returns (uint256);
            function contentAt(uint256 index) external view returns (Content);
            function indexOf(bytes32 contentId) external view returns (uint256);
            function instanceStatus(bytes32 contentId, address owner) external view returns (uint8);
            function isOpen(bytes32 contentId) external view returns (bool);
            function closesAt(bytes32 contentId) external view returns (uint64);
            function isFinal(bytes32 contentId) external view returns (bool);
            function isRipe(bytes32 contentId) external view returns (bool);
            function window() external view returns (uint64);
            function owners(address owner) external view returns (bool staked, uint64 openInstances, uint64 slashedSequence, uint64 tip);
            function stake() external view returns (uint256);
            function inbox() external view returns (address);
            function games() external view returns (address);
            function referee() external view returns (address);
            function programs() external view returns (address);
            function proofs() external view returns (address);
            function treasury() external view returns (address);
        }

        #[derive(Debug, PartialEq, Eq)]
        struct Program { bytes32 memoryRoot; bytes32 key; address verifier; uint32 pc; uint64 activation; }

        #[derive(Debug, PartialEq, Eq)]
        interface ProgramRegistry {
            event ProgramScheduled(uint256 indexed version, uint64 indexed activation, bytes32 indexed release, Program program);

            function schedule(Program program, bytes32 release, bytes32 statement, bytes proof) external returns (uint256 version);
            function versionCount() external view returns (uint256);
            function programOf(uint256 version) external view returns (Program);
            function versionAt(uint64 batch) external view returns (uint256);
            function nextActivation(uint64 batch) external view returns (uint64);
            function owner() external view returns (address);
            function inbox() external view returns (address);
            function notice() external view returns (uint64);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface QueryGame {
            event Queried(bytes32 indexed content, address indexed owner, bytes32 indexed node, bytes32 parent, uint8 depth, uint8 index, address querier, bytes32 start, bytes32 end, uint64 deadline);
            event Answered(bytes32 indexed node, bytes32 start, bytes32 root, uint64 childClose, bytes32[256] vector);
            event Proven(bytes32 indexed node);
            event Refuted(bytes32 indexed content, address indexed owner, bytes32 indexed node);
            event Reclaimed(bytes32 indexed node, address to);
            event Reopened(bytes32 indexed node, uint64 deadline);
            event Withdrawn(address indexed to, uint256 amount);

            function query(bytes32 content, address owner, bytes32 parent, uint8 index, bytes32 start, bytes32 end, bytes32[] startProof, bytes32[] endProof) external payable returns (bytes32 node);
            function answer(bytes32 node, bytes32[256] vector, bytes finalState) external;
            function step(bytes32 node, bytes state, bytes32[] proof, bytes aux) external;
            function timeout(bytes32 node) external;
            function reclaim(bytes32 node) external;
            function reopen(bytes32 node) external;
            function withdraw() external;
            function standing(bytes32 content, address owner) external view returns (uint64 openNodes, uint64 closesAt);
            function credits(address who) external view returns (uint256);
            function claimManager() external view returns (address);
            function inbox() external view returns (address);
            function stepContract() external view returns (address);
            function programs() external view returns (address);
            function proofs() external view returns (address);
            function clock() external view returns (uint64);
            function grace() external view returns (uint64);
            function bond() external view returns (uint256);
            function demanders() external view returns (address);
        }
    }
}

mod committee {
    #![allow(
        missing_docs,
        clippy::too_many_arguments,
        reason = "the names, arguments and documentation are those of contracts/src/da and contracts/src/bridge/EscapeHatch.sol"
    )]
    use super::sol;

    sol! {
        #[derive(Debug, PartialEq, Eq)]
        struct DemandedHeader {
            uint8 version; uint8 daType; uint64 index; bytes32 prevAcc; bytes32 daHash; uint64 qStart; uint64 qEnd;
            bytes32 queueAcc; uint64 firstBlock; uint32 blockCount; uint64 l1Block; uint64 l1Time;
        }

        #[derive(Debug, PartialEq, Eq)]
        struct Exit { uint256 nonce; address sender; address target; uint256 value; uint256 gasLimit; bytes data; }

        #[derive(Debug, PartialEq, Eq)]
        struct LastOutput { bytes32 version; bytes32 stateRoot; bytes32 messagePasserStorageRoot; bytes32 latestBlockhash; }

        #[derive(Debug, PartialEq, Eq)]
        struct Epoch { address table; uint40 activeFrom; uint8 threshold; uint24 mandatory; uint24 revoked; }

        #[derive(Debug, PartialEq, Eq)]
        struct BlsEpoch { uint16 members; uint16 threshold; uint256 mandatory; uint256 revoked; }

        #[derive(Debug, PartialEq, Eq)]
        struct BlsSignature { uint256 signers; bytes signature; }

        #[derive(Debug, PartialEq, Eq)]
        struct Certificate { uint64 batchIndex; bytes32 prevAcc; bytes32 payloadHash; uint32 payloadLength; uint64 epoch; uint64 expiry; }

        #[derive(Debug, PartialEq, Eq)]
        interface CommitteeRegistry {
            event EpochProposed(uint64 indexed epoch, uint64 activeFrom, uint8 threshold, uint24 mandatory, address[] members);
            event BlsEpochProposed(uint64 indexed epoch, uint64 activeFrom, uint16 threshold, uint256 mandatory, address[] members);
            event KeyRegistered(address indexed member, bytes key);
            event EpochCancelled(uint64 indexed epoch);
            event MemberRevoked(uint64 indexed epoch, uint256 indexed index, address member);
            event EquivocationShown(uint64 indexed epoch, uint256 indexed index, address member, bytes32 firstPayload, bytes32 secondPayload, bool revoked);

            function propose(address[] members, uint8 threshold, uint24 mandatory) external returns (uint64 epoch);
            function registerKey(address member, bytes key, bytes proof) external;
            function proposeBls(address[] members, bytes keys, uint16 threshold, uint256 mandatory) external returns (uint64 epoch);
            function cancel() external;
            function revoke(uint64 epoch, uint256 index) external;
            function showEquivocation(address inbox, Certificate first, bytes firstSignature, Certificate second, bytes secondSignature) external;
            function showBlsEquivocation(address inbox, Certificate first, BlsSignature firstSignature, Certificate second, BlsSignature secondSignature) external;
            function isSigning(uint64 epoch) external view returns (bool);
            function isSigned(uint64 epoch, bytes32 digest, BlsSignature by) external view returns (bool);
            function isRegistered(address member, bytes key) external view returns (bool);
            function blsEpochAt(uint64 epoch) external view returns (BlsEpoch);
            function blsKeysOf(uint64 epoch) external view returns (bytes keys);
            function epochAt(uint64 epoch) external view returns (Epoch);
            function membersOf(uint64 epoch) external view returns (address[]);
            function epochCount() external view returns (uint64);
            function rotationDelay() external view returns (uint64);
            function overlap() external view returns (uint64);
            function retention() external view returns (uint64);
            function owner() external view returns (address);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface CommitteeDa {
            function registry() external view returns (address);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface DaChallenge {
            event Challenged(uint64 indexed index, address indexed challenger, bytes32 payloadHash, uint32 payloadLength, uint64 deadline);
            event ChunkAnswered(uint64 indexed index, uint256 indexed chunk, address indexed by, bytes data);
            event ChallengeAnswered(uint64 indexed index);
            event Reclaimed(uint64 indexed index, address indexed challenger, uint256 amount);
            event Withdrawn(address indexed to, uint256 amount);

            function challenge(DemandedHeader header, bytes32 payloadHash, uint32 payloadLength) external payable;
            function answer(uint64 index, bytes32[] hashes, uint256 chunk, bytes data) external;
            function reclaim(uint64 index) external;
            function withdraw() external;
            function statusOf(uint64 index) external view returns (uint8);
            function bondOf(uint32 payloadLength) external view returns (uint256);
            function credits(address who) external view returns (uint256);
            function challengeWindow() external view returns (uint64);
            function answerWindow() external view returns (uint64);
            function bondPerChunk() external view returns (uint256);
            function demanders() external view returns (address);
            function inbox() external view returns (address);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface SealedInbox {
            event Sealed(uint64 indexed count, bytes32 acc);
            event Voided(uint64 indexed index);

            function seal(DemandedHeader[] headers) external;
            function batchCount() external view returns (uint64);
            function acc(uint64 n) external view returns (bytes32);
            function firstVoid() external view returns (uint64);
            function challenges() external view returns (address);
            function signatures() external view returns (address);
            function inbox() external view returns (address);
        }

        /// A `ValidityProof`.
        #[derive(Debug, PartialEq, Eq)]
        struct SignaturesProof { bytes32 opened; bytes openings; bytes proof; }

        #[derive(Debug, PartialEq, Eq)]
        interface SignatureProofs {
            event SignaturesProven(uint64 indexed from, uint64 to, address indexed by);

            function prove(DemandedHeader first, uint64 start, uint64 end, SignaturesProof proof) external;
            function statusOf(uint64 index, uint64 l1Time) external view returns (uint8);
            function timeout() external view returns (uint64);
            function router() external view returns (address);
            function inbox() external view returns (address);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface Demanders {
            function add(address who) external;
            function remove(address who) external;
            function mayDemand(address who) external view returns (bool);
            function delay() external view returns (uint64);
            function owner() external view returns (address);
        }

        #[derive(Debug, PartialEq, Eq)]
        struct TokenProof { bytes[] factory; bytes[] deployment; bytes[] token; bytes[] balance; }

        #[derive(Debug, PartialEq, Eq)]
        struct QueueMessage {
            uint8 kind; address from; address to; uint256 value; uint64 gas; bytes32 dataHash; uint64 l1Block; uint64 l1Time; uint64 index;
        }

        #[derive(Debug, PartialEq, Eq)]
        interface EscapeHatch {
            event Frozen(uint256 indexed claimIndex, bytes32 outputRoot);
            event Exited(uint256 indexed exit, bytes32 indexed withdrawalHash, Exit withdrawal);

            function freeze(uint256 claimIndex) external;
            function exitEther(address recipient, LastOutput output, bytes[] accountProof) external returns (Exit memory);
            function exitToken(address l1Token, address l2Token, address recipient, LastOutput output, TokenProof proof) external returns (Exit memory);
            function refund(QueueMessage message, bytes data, address recipient) external returns (Exit memory);
            function frozen() external view returns (bool);
            function end() external view returns (bool frozen, uint64 n1, uint64 consumed, bytes32 outputRoot);
            function exited(address account, address l2Token) external view returns (bool);
            function refunded(uint64 index) external view returns (bool);
            function freezeDelay() external view returns (uint64);
        }
    }
}

mod bridge {
    #![allow(
        missing_docs,
        reason = "the names and documentation are those of contracts/src/Portal.sol and contracts/src/bridge"
    )]
    use super::sol;

    sol! {
        #[derive(Debug, PartialEq, Eq)]
        struct WithdrawalTransaction { uint256 nonce; address sender; address target; uint256 value; uint256 gasLimit; bytes data; }

        #[derive(Debug, PartialEq, Eq)]
        struct OutputRootProof { bytes32 version; bytes32 stateRoot; bytes32 messagePasserStorageRoot; bytes32 latestBlockhash; }

        #[derive(Debug, PartialEq, Eq)]
        interface Portal {
            event TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData);
            event WithdrawalProven(bytes32 indexed withdrawalHash, address indexed from, address indexed to);
            event WithdrawalProvenExtension1(bytes32 indexed withdrawalHash, address indexed proofSubmitter);
            event WithdrawalFinalized(bytes32 indexed withdrawalHash, bool success);

            function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes data) external payable;
            function forceTransaction(uint64 gasLimit, bytes rawTransaction) external;
            function donateETH() external payable;
            function proveWithdrawalTransaction(WithdrawalTransaction withdrawal, uint256 disputeGameIndex, OutputRootProof outputRootProof, bytes[] withdrawalProof) external;
            function finalizeWithdrawalTransaction(WithdrawalTransaction withdrawal) external;
            function finalizeWithdrawalTransactionExternalProof(WithdrawalTransaction withdrawal, address proofSubmitter) external;
            function checkWithdrawal(bytes32 withdrawalHash, address proofSubmitter) external view;
            function provenWithdrawals(bytes32 withdrawalHash, address submitter) external view returns (address disputeGameProxy, uint64 timestamp);
            function finalizedWithdrawals(bytes32 withdrawalHash) external view returns (bool);
            function numProofSubmitters(bytes32 withdrawalHash) external view returns (uint256);
            function proofSubmitters(bytes32 withdrawalHash, uint256 index) external view returns (address);
            function proofMaturityDelaySeconds() external view returns (uint256);
            function minimumGasLimit(uint64 byteCount) external pure returns (uint64);
            function inbox() external view returns (address);
            function settlement() external view returns (address);
            function systemConfig() external view returns (address);
            function pauseController() external view returns (address);
            function disputeGameFactory() external view returns (address);
            function paused() external view returns (bool);
            function guardian() external view returns (address);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface CrossDomainMessenger {
            event SentMessage(address indexed target, address sender, bytes message, uint256 messageNonce, uint256 gasLimit);
            event SentMessageExtension1(address indexed sender, uint256 value);
            event RelayedMessage(bytes32 indexed msgHash);
            event FailedRelayedMessage(bytes32 indexed msgHash);

            function sendMessage(address target, bytes message, uint32 minGasLimit) external payable;
            function relayMessage(uint256 nonce, address sender, address target, uint256 value, uint256 minGasLimit, bytes message) external payable;
            function successfulMessages(bytes32 msgHash) external view returns (bool);
            function failedMessages(bytes32 msgHash) external view returns (bool);
            function messageNonce() external view returns (uint256);
            function otherMessenger() external view returns (address);
            function portal() external view returns (address);
            function PAUSE() external view returns (address);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface MintableErc20Factory {
            function bridge() external view returns (address);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface StandardBridge {
            function depositETH(uint32 minGasLimit, bytes extraData) external payable;
            function depositERC20(address l1Token, address l2Token, uint256 amount, uint32 minGasLimit, bytes extraData) external;
            function bridgeETH(uint32 minGasLimit, bytes extraData) external payable;
            function bridgeETHTo(address to, uint32 minGasLimit, bytes extraData) external payable;
            function bridgeERC20(address localToken, address remoteToken, uint256 amount, uint32 minGasLimit, bytes extraData) external;
            function bridgeERC20To(address localToken, address remoteToken, address to, uint256 amount, uint32 minGasLimit, bytes extraData) external;
            function deposits(address localToken, address remoteToken) external view returns (uint256);
            function finalizeBridgeERC20(address localToken, address remoteToken, address from, address to, uint256 amount, bytes extraData) external;
            function messenger() external view returns (address);
            function otherBridge() external view returns (address);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface Erc721Bridge {
            function bridgeERC721(address localToken, address remoteToken, uint256 tokenId, uint32 minGasLimit, bytes extraData) external;
            function bridgeERC721To(address localToken, address remoteToken, address to, uint256 tokenId, uint32 minGasLimit, bytes extraData) external;
            function messenger() external view returns (address);
            function otherBridge() external view returns (address);
        }

        #[derive(Debug, PartialEq, Eq)]
        struct GameSearchResult { uint256 index; bytes32 metadata; uint64 timestamp; bytes32 rootClaim; bytes extraData; }

        #[derive(Debug, PartialEq, Eq)]
        interface DisputeGameFactory {
            event DisputeGameCreated(address indexed disputeProxy, uint32 indexed gameType, bytes32 indexed rootClaim);

            function gameCount() external view returns (uint256);
            function gameAtIndex(uint256 index) external view returns (uint32 gameType, uint64 timestamp, address proxy);
            function findLatestGames(uint32 gameType, uint256 start, uint256 n) external view returns (GameSearchResult[] memory);
            function GAME_TYPE() external view returns (uint32);
            function claimManager() external view returns (address);
        }
    }
}

mod governance {
    #![allow(missing_docs, reason = "the names and documentation are those of contracts/src")]
    use super::sol;

    sol! {
        #[derive(Debug, PartialEq, Eq)]
        interface SystemConfig {
            event ConfigUpdate(uint256 indexed version, uint8 indexed updateType, bytes data);

            function setGasLimit(uint64 value) external;
            function setGasConfigEcotone(uint32 basefeeScalar, uint32 blobbasefeeScalar) external;
            function setOperatorFeeScalars(uint32 operatorFeeScalar, uint64 operatorFeeConstant) external;
            function setEIP1559Params(uint32 denominator, uint32 elasticity) external;
            function setMinBaseFee(uint64 value) external;
            function setBatcher(address value) external;
            function setUnsafeBlockSigner(address value) external;
            function owner() external view returns (address);
            function operator() external view returns (address);
            function batcher() external view returns (address);
            function unsafeBlockSigner() external view returns (address);
            function gasLimit() external view returns (uint64);
            function basefeeScalar() external view returns (uint32);
            function blobbasefeeScalar() external view returns (uint32);
            function operatorFeeScalar() external view returns (uint32);
            function operatorFeeConstant() external view returns (uint64);
            function eip1559Denominator() external view returns (uint32);
            function eip1559Elasticity() external view returns (uint32);
            function minBaseFee() external view returns (uint64);
            function l2ChainId() external view returns (uint256);
            function span() external view returns (uint32);
            function startBlock() external view returns (uint256);
            function inbox() external view returns (address);
            function optimismPortal() external view returns (address);
            function disputeGameFactory() external view returns (address);
            function l1CrossDomainMessenger() external view returns (address);
            function l1StandardBridge() external view returns (address);
            function l1ERC721Bridge() external view returns (address);
            function optimismMintableERC20Factory() external view returns (address);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface PauseController {
            event Paused(uint8 indexed what, uint64 until);
            event PauseExtended(uint8 indexed what, uint64 until);
            event PauseLifted(uint8 indexed what);

            function pause(uint8 what) external;
            function extend(uint8 what) external;
            function lift(uint8 what) external;
            function paused(uint8 what) external view returns (bool);
            function guardian() external view returns (address);
            function council() external view returns (address);
            function pauseMax() external view returns (uint64);
            function cooldown() external view returns (uint64);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface TimelockController {
            function getMinDelay() external view returns (uint256);
            function hasRole(bytes32 role, address account) external view returns (bool);
            function schedule(address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt, uint256 delay) external;
            function execute(address target, uint256 value, bytes payload, bytes32 predecessor, bytes32 salt) external payable;
        }

        #[derive(Debug, PartialEq, Eq)]
        interface Deployer {
            event Deployed(uint256 indexed step, address indexed at);

            function deploy(uint256 step, bytes initCode, uint256 value) external payable returns (address at);
            function deployments() external view returns (uint256);
            function owner() external view returns (address);
        }
    }
}

mod l2 {
    #![allow(missing_docs, reason = "the names and documentation are those of contracts/src/l2")]
    use super::sol;

    sol! {
        #[derive(Debug, PartialEq, Eq)]
        interface L2ToL1MessagePasser {
            event MessagePassed(uint256 indexed nonce, address indexed sender, address indexed target, uint256 value, uint256 gasLimit, bytes data, bytes32 withdrawalHash);

            function initiateWithdrawal(address target, uint256 gasLimit, bytes data) external payable;
            function sentMessages(bytes32 withdrawalHash) external view returns (bool);
            function messageNonce() external view returns (uint256);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface GasPriceOracle {
            function getL1Fee(bytes data) external view returns (uint256);
            function getOperatorFee(uint256 gasUsed) external view returns (uint256);
        }

        #[derive(Debug, PartialEq, Eq)]
        interface FeeVault {
            function withdraw() external returns (uint256 value);
            function recipient() external view returns (address);
        }
    }
}

mod words {
    //! Between the words of Solidity and those of `mezz-primitives`.

    use super::{BatchHeader, DemandedHeader, Output, WithdrawalTransaction};
    use mezz_primitives as words;

    impl From<BatchHeader> for words::BatchHeader {
        fn from(header: BatchHeader) -> Self {
            let (da_type, unsigned) = words::DaType::read(header.daType);
            Self {
                version: header.version,
                da_type,
                unsigned,
                index: header.index,
                prev_acc: words::Accumulator(header.prevAcc),
                da_hash: header.daHash,
                q_start: header.qStart,
                q_end: header.qEnd,
                queue_acc: header.queueAcc,
                first_block: header.firstBlock,
                block_count: header.blockCount,
                l1_block: header.l1Block,
                l1_time: header.l1Time,
            }
        }
    }

    impl From<words::BatchHeader> for DemandedHeader {
        fn from(header: words::BatchHeader) -> Self {
            Self {
                version: header.version,
                daType: header.da_type.write(header.unsigned),
                index: header.index,
                prevAcc: header.prev_acc.0,
                daHash: header.da_hash,
                qStart: header.q_start,
                qEnd: header.q_end,
                queueAcc: header.queue_acc,
                firstBlock: header.first_block,
                blockCount: header.block_count,
                l1Block: header.l1_block,
                l1Time: header.l1_time,
            }
        }
    }

    impl From<Output> for words::Output {
        fn from(output: Output) -> Self {
            Self {
                version: output.version,
                chain_id: output.chainId,
                inbox_index: output.inboxIndex,
                block_in_batch: output.blockInBatch,
                queue_index: output.queueIndex,
                number: output.number,
                timestamp: output.timestamp,
                output_root: output.outputRoot,
            }
        }
    }

    impl From<words::Output> for Output {
        fn from(output: words::Output) -> Self {
            Self {
                version: output.version,
                chainId: output.chain_id,
                inboxIndex: output.inbox_index,
                blockInBatch: output.block_in_batch,
                queueIndex: output.queue_index,
                number: output.number,
                timestamp: output.timestamp,
                outputRoot: output.output_root,
            }
        }
    }

    impl From<words::Withdrawal> for WithdrawalTransaction {
        fn from(withdrawal: words::Withdrawal) -> Self {
            Self {
                nonce: withdrawal.nonce,
                sender: withdrawal.sender,
                target: withdrawal.target,
                value: withdrawal.value,
                gasLimit: withdrawal.gas_limit,
                data: withdrawal.data,
            }
        }
    }

    impl From<crate::contracts::L2ToL1MessagePasser::MessagePassed> for words::Withdrawal {
        fn from(event: crate::contracts::L2ToL1MessagePasser::MessagePassed) -> Self {
            Self {
                nonce: event.nonce,
                sender: event.sender,
                target: event.target,
                value: event.value,
                gas_limit: event.gasLimit,
                data: event.data,
            }
        }
    }
}
