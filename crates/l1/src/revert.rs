//! What a contract says when it reverts, in words.

use alloy::{
    primitives::Bytes,
    sol,
    sol_types::{PanicKind, SolError, SolInterface},
};
use std::fmt;

pub use errors::Errors;

#[allow(
    missing_docs,
    reason = "the documentation of an error is its sentence below and its natspec in contracts/src"
)]
mod errors {
    use super::sol;

    sol! {
        /// Every custom error that a call of ours can meet.
        #[derive(Debug, PartialEq, Eq)]
        interface Errors {
            error Inbox_NotEnqueuer(address caller, uint8 kind);
            error Inbox_NotBatcher(address caller);
            error Inbox_Paused();
            error Inbox_WrongHead(bytes32 head);
            error Inbox_WrongQueueAcc(bytes32 expected);
            error Inbox_QueueRange(uint64 qStart, uint64 qEnd, uint64 queueCount);
            error Inbox_Overdue(uint64 dueIndex);
            error Inbox_BlockCount(uint32 blockCount);
            error Inbox_UnknownDaType(uint8 daType);
            error Inbox_SignaturesNeeded(address caller);
            error Inbox_NothingToForce(uint256 time);
            error Inbox_RefreshedAlready();
            error Inbox_BadParameter(string name);
            error BadAux(string reason);

            error ClaimManager_BadParameter(string name);
            error ClaimManager_WrongStake(uint256 sent, uint256 stake);
            error ClaimManager_StakedAlready(address owner);
            error ClaimManager_NotStaked(address owner);
            error ClaimManager_Slashed(address owner);
            error ClaimManager_InstancesOpen(uint64 count);
            error ClaimManager_UnknownContent(bytes32 content);
            error ClaimManager_ContentExists(bytes32 content);
            error ClaimManager_Resolved(bytes32 content);
            error ClaimManager_InstanceExists(bytes32 content, address owner);
            error ClaimManager_InstanceNotLive(bytes32 content, address owner);
            error ClaimManager_TooEarly(uint64 n1);
            error ClaimManager_OtherBatches(uint64 n1, bytes32 acc);
            error ClaimManager_NoReferee(address referee);
            error ClaimManager_BadOutput(string field);
            error ClaimManager_NotRipe(bytes32 content);
            error ClaimManager_NotReferee(address caller);
            error ClaimManager_NotRejected(bytes32 content);
            error ClaimManager_NotSettleable(bytes32 content, address owner);
            error ClaimManager_PaymentFailed(address to);
            error ClaimManager_OffPath(bytes32 tip);
            error QueryGame_BadParameter(string name);
            error QueryGame_InstanceLive(bytes32 content, address owner);
            error QueryGame_InstanceNotLive(bytes32 content, address owner);
            error QueryGame_NodeExists(bytes32 node);
            error QueryGame_NodeNotOpen(bytes32 node);
            error QueryGame_NotOwner(address caller);
            error QueryGame_PaymentFailed(address to);
            error QueryGame_ReclaimedAlready(bytes32 node);
            error QueryGame_TooEarly(uint64 deadline);
            error QueryGame_TooLate(uint64 limit);
            error QueryGame_UnknownNode(bytes32 node);
            error QueryGame_NotDemander(address caller);
            error QueryGame_WrongBond(uint256 sent, uint256 bond);
            error QueryGame_WrongDepth(uint8 depth);
            error QueryGame_WrongEnd(bytes32 last, bytes32 end);
            error QueryGame_WrongEntry(uint256 index);
            error QueryGame_WrongFinalState(string field);
            error QueryGame_WrongParent(bytes32 parent);
            error QueryGame_WrongState(bytes32 stateHash, bytes32 start);
            error QueryGame_NotProofs(address caller);
            error QueryGame_NotReopenable(bytes32 node);
            error ProgramRegistry_BadParameter(string name);
            error ProgramRegistry_Unauthorized(address caller);
            error ProgramRegistry_WrongRelease(bytes32 release);
            error ProgramRegistry_TooEarly(uint64 activation, uint64 earliest);
            error ProgramRegistry_UnknownVersion(uint256 version);
            error RiscVStep_AuxLength(uint256 length);
            error RiscVStep_ProofLength(uint256 length, uint256 needed);
            error RiscVStep_StateLength(uint256 length);
            error RiscVStep_WrongElement(bytes32 versionedHash, uint256 index);
            error RiscVStep_WrongOpening(uint256 which, uint256 index);
            error RiscVStep_WrongPreimage(bytes32 key);

            error ProofRouter_BadParameter(string name);
            error ProofRouter_NotFast();
            error ProofRouter_Broken(uint256 version);
            error ProofRouter_Genesis();
            error ProofRouter_ProvenAlready(bytes32 content);
            error ProofRouter_Proven(bytes32 content);
            error ProofRouter_NotProven(bytes32 content);
            error ProofRouter_NotOpened(bytes32 openings);
            error ProofRouter_OpeningsLength(uint256 length);
            error ProofRouter_WrongOpening(uint256 index);
            error ProofRouter_WrongEntry(uint256 index);
            error ProofRouter_NoResult();
            error ProofRouter_SameResult();
            error ProofRouter_PaymentFailed(address to);
            error StarkVerifier_NoPrecompile();
            error Verifier_Refused();

            error CommitteeDa_BadParameter(string name);
            error CommitteeDa_PayloadLength(uint32 length);
            error CommitteeDa_Expired(uint64 expiry, uint64 needed);
            error CommitteeDa_TooFewSignatures(uint256 count, uint256 threshold);
            error CommitteeDa_MandatoryMissing(uint256 members);
            error CommitteeDa_NotMembers(uint256 signers);
            error CommitteeDa_WrongSignature(uint256 index);
            error CommitteeDa_WrongAggregate();
            error CommitteeRegistry_BadParameter(string name);
            error CommitteeRegistry_BadMembers(uint256 index);
            error CommitteeRegistry_BadThreshold(uint256 threshold, uint256 members);
            error CommitteeRegistry_BadMandatory(uint256 mandatory);
            error CommitteeRegistry_WrongProof(address member);
            error CommitteeRegistry_UnknownKey(address member);
            error CommitteeRegistry_OtherScheme(uint64 epoch);
            error Bls12381_BadPoint();
            error CommitteeRegistry_Pending(uint64 epoch, uint64 activeFrom);
            error CommitteeRegistry_NothingPending();
            error CommitteeRegistry_UnknownEpoch(uint64 epoch);
            error CommitteeRegistry_NotSigning(uint64 epoch, uint64 activeFrom, uint64 until);
            error CommitteeRegistry_Unauthorized(address caller);
            error CommitteeRegistry_Indispensable(uint64 epoch, uint256 index);
            error CommitteeRegistry_NoEquivocation(string reason);
            error DaChallenge_BadParameter(string name);
            error DaChallenge_WrongHeader(uint64 index);
            error DaChallenge_NotCommittee(uint64 index);
            error DaChallenge_WrongPayload(bytes32 daHash);
            error DaChallenge_ChallengedAlready(uint64 index);
            error DaChallenge_TooLate(uint64 limit);
            error DaChallenge_WrongBond(uint256 sent, uint256 bond);
            error DaChallenge_NotOpen(uint64 index);
            error DaChallenge_WrongHashes(uint64 index);
            error DaChallenge_AnsweredAlready(uint64 index, uint256 chunk);
            error DaChallenge_WrongChunk(uint256 chunk);
            error DaChallenge_NothingToReclaim(uint64 index);
            error DaChallenge_PaymentFailed(address to);
            error DaChallenge_NotDemander(address caller);
            error Demanders_BadParameter(string name);
            error Demanders_Unauthorized(address caller);
            error Demanders_ListedAlready(address who);
            error Demanders_NotListed(address who);
            error Demanders_LastOne(address who);
            error SignatureProofs_BadParameter(string name);
            error SignatureProofs_WrongHeader(uint64 index);
            error SignatureProofs_WrongRange(uint64 from, uint64 to, uint64 count);
            error SignatureProofs_TooLate(uint64 limit);
            error SignatureProofs_TwoVersions(uint64 activation);
            error SignatureProofs_Contradicted(uint256 version);
            error SealedInbox_BadParameter(string name);
            error SealedInbox_WrongHeader(uint64 index);
            error SealedInbox_HeaderMissing(uint64 needed);
            error SealedInbox_TooEarly(uint64 index, uint64 time);
            error EscapeHatch_BadParameter(string name);
            error EscapeHatch_FrozenAlready();
            error EscapeHatch_NotFrozen();
            error EscapeHatch_NotLast(uint256 claimIndex);
            error EscapeHatch_TooEarly(uint256 time);
            error EscapeHatch_WrongOutputRoot();
            error EscapeHatch_Nothing(address account, address token);
            error EscapeHatch_WrongPair(address l1Token, address l2Token);
            error EscapeHatch_WrongMessage(uint64 index);
            error EscapeHatch_Consumed(uint64 index);
            error EscapeHatch_RefundedAlready(uint64 index);
            error EscapeHatch_NotDepositor(address caller);

            error OptimismPortal_AlreadyFinalized();
            error OptimismPortal_BadTarget();
            error OptimismPortal_CallPaused();
            error OptimismPortal_CalldataTooLarge();
            error OptimismPortal_GasLimitTooLow();
            error OptimismPortal_InvalidDisputeGame();
            error OptimismPortal_InvalidMerkleProof();
            error OptimismPortal_InvalidOutputRootProof();
            error OptimismPortal_InvalidRootClaim();
            error OptimismPortal_NoReentrancy();
            error OptimismPortal_ProofNotOldEnough();
            error OptimismPortal_Unproven();
            error Portal_GasLimitTooHigh();
            error Portal_EmptyTransaction();
            error Portal_TooLittleGas(uint256 needed);
            error Portal_CallFailed(bytes reason);
            error Portal_BadParameter(string name);

            error SystemConfig_Unauthorized(address caller);
            error SystemConfig_BadParameter(string name);
            error PauseController_Unauthorized(address caller);
            error PauseController_CoolingDown(uint64 until);
            error PauseController_NotPaused();
            error PauseController_ExtendedAlready();
            error PauseController_Zero();
            error DisputeGameFactory_NotClaimManager(address caller);
            error DisputeGameFactory_Zero();
            error Deployer_Unauthorized(address caller);
            error Deployer_WrongStep(uint256 next);
            error Deployer_WrongValue(uint256 sent);
            error Deployer_StepTooLarge(uint256 step);

            error Paused();
            error UnsupportedVersion(uint256 version);
            error UnsafeTarget(address target);
            error WrongValue(uint256 sent, uint256 expected);
            error NotFailed(bytes32 msgHash);
            error AlreadyRelayed(bytes32 msgHash);
            error RelayFailed(bytes32 msgHash);
            error NoMessage();
            error GasLimitTooHigh(uint256 gasLimit, uint256 gasLimitMax);
            error ZeroAddress();
            error OnlyEOA();
            error OnlyOtherBridge();
            error BadRecipient(address to);
            error TransferFailed(address to);
            error WrongPair(address localToken, address remoteToken);
            error NoRemoteToken();
            error NotOwner(uint256 tokenId);
        }
    }
}

/// The answer of a contract that refused a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revert {
    data: Bytes,
}

impl Revert {
    /// A refusal with these return data.
    pub const fn new(data: Bytes) -> Self {
        Self { data }
    }

    /// The return data.
    pub const fn data(&self) -> &Bytes {
        &self.data
    }

    /// Whether it is this error.
    pub fn is<E: SolError>(&self) -> bool {
        self.data.starts_with(&E::SELECTOR)
    }

    /// The error of ours that it is, if it is one.
    pub fn error(&self) -> Option<Errors::ErrorsErrors> {
        Errors::ErrorsErrors::abi_decode(&self.data).ok()
    }
}

impl fmt::Display for Revert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.data.is_empty() {
            return f.write_str("it reverted without a reason");
        }
        if let Ok(revert) = alloy::sol_types::Revert::abi_decode(&self.data) {
            return write!(f, "it reverted: {}", revert.reason);
        }
        if let Ok(panic) = alloy::sol_types::Panic::abi_decode(&self.data) {
            let kind = PanicKind::from_number(panic.code.saturating_to())
                .map_or("unknown reason", PanicKind::as_str);
            return write!(f, "it panicked: {kind}");
        }
        match self.error() {
            Some(error) => f.write_str(&sentence(&error)),
            None => write!(f, "it reverted with an error that is not ours: {}", self.data),
        }
    }
}

/// What an error says and what to do about it.
fn sentence(error: &Errors::ErrorsErrors) -> String {
    let sentence = inbox(error)
        .or_else(|| claims(error))
        .or_else(|| game(error))
        .or_else(|| committee(error))
        .or_else(|| escape(error))
        .or_else(|| portal(error))
        .or_else(|| signatures(error))
        .or_else(|| others(error));
    sentence.unwrap_or_else(|| format!("{error:?}"))
}

fn inbox(error: &Errors::ErrorsErrors) -> Option<String> {
    use Errors::ErrorsErrors as E;
    Some(match error {
        E::Inbox_NotBatcher(e) => {
            format!("{} is not the batcher and permissionless posting is closed", e.caller)
        }
        E::Inbox_Paused(_) => "posting is paused; forceInclude is not".into(),
        E::Inbox_WrongHead(e) => {
            format!("the batch was built on another head: rebuild it on {}", e.head)
        }
        E::Inbox_WrongQueueAcc(e) => {
            format!("the batch was built on another queue: at its end the queue is {}", e.expected)
        }
        E::Inbox_QueueRange(e) => {
            format!(
                "the batch ends at message {}, which is not between {} and {}",
                e.qEnd, e.qStart, e.queueCount
            )
        }
        E::Inbox_Overdue(e) => {
            format!("the batch leaves out an overdue message: it must consume up to {}", e.dueIndex)
        }
        E::Inbox_BlockCount(e) => format!(
            "{} blocks are none, too many, or too few for the messages consumed",
            e.blockCount
        ),
        E::Inbox_UnknownDaType(e) => {
            format!("no data availability of type {} is installed", e.daType)
        }
        E::Inbox_SignaturesNeeded(e) => {
            format!("{} is not the batcher, and only it may post without signatures", e.caller)
        }
        E::Inbox_NothingToForce(e) => {
            format!("nothing is overdue for long enough: wait until {}", e.time)
        }
        E::Inbox_RefreshedAlready(_) => "L1 info was refreshed in this L1 block already".into(),
        E::Inbox_NotEnqueuer(e) => {
            format!("{} may not enqueue messages of kind {}", e.caller, e.kind)
        }
        E::BadAux(e) => format!("the batch's data are wrong: {}", e.reason),
        _ => return None,
    })
}

fn claims(error: &Errors::ErrorsErrors) -> Option<String> {
    use Errors::ErrorsErrors as E;
    Some(match error {
        E::ClaimManager_WrongStake(e) => {
            format!("{} wei were sent; the stake is exactly {}", e.sent, e.stake)
        }
        E::ClaimManager_StakedAlready(e) => format!("{} has a stake already", e.owner),
        E::ClaimManager_NotStaked(e) => format!("{} has no stake: deposit it first", e.owner),
        E::ClaimManager_Slashed(e) => {
            format!("{} was refuted and cannot claim again: use another account", e.owner)
        }
        E::ClaimManager_InstancesOpen(e) => {
            format!("{} claims of this account are still open: settle them first", e.count)
        }
        E::ClaimManager_UnknownContent(e) => format!("there is no claim {}", e.content),
        E::ClaimManager_ContentExists(e) => {
            format!("claim {} was asserted already: back it", e.content)
        }
        E::ClaimManager_Resolved(e) => format!("claim {} is decided already", e.content),
        E::ClaimManager_InstanceExists(e) => {
            format!("{} stands behind claim {} already", e.owner, e.content)
        }
        E::ClaimManager_InstanceNotLive(e) => {
            format!("{} has no live instance of claim {}", e.owner, e.content)
        }
        E::ClaimManager_TooEarly(e) => {
            format!("the next claim covers the batches up to {}: wait for them", e.n1)
        }
        E::ClaimManager_OtherBatches(e) => {
            format!(
                "the claim is about other batches than the first {} on L1, which was reorganised: derive them again, then claim",
                e.n1
            )
        }
        E::ClaimManager_NoReferee(e) => {
            format!("the game is not at {} yet: finish the deployment, then stake", e.referee)
        }
        E::ClaimManager_BadOutput(e) => {
            format!("the claim's last output contradicts the inbox in its field {}", e.field)
        }
        E::ClaimManager_NotRipe(e) => {
            format!("claim {} is not ripe: its window is open or its parent undecided", e.content)
        }
        E::ClaimManager_NotReferee(e) => {
            format!("{} is not the referee, who alone may refute", e.caller)
        }
        _ => return None,
    })
}

fn game(error: &Errors::ErrorsErrors) -> Option<String> {
    use Errors::ErrorsErrors as E;
    Some(match error {
        E::ClaimManager_OffPath(e) => {
            format!("an owner's claims form one path: build on claim {}, its newest", e.tip)
        }
        E::QueryGame_NotDemander(e) => format!(
            "on this private chain {} may not doubt claims: have the timelock add it to the demanders",
            e.caller
        ),
        E::QueryGame_WrongBond(e) => {
            format!("{} wei were sent; the bond is exactly {}", e.sent, e.bond)
        }
        E::QueryGame_InstanceNotLive(e) => {
            format!("{} has no live instance of claim {}", e.owner, e.content)
        }
        E::QueryGame_NodeExists(_) => "this entry is doubted already: go on from there".into(),
        E::QueryGame_TooLate(e) => format!("the time for this move ended at {}", e.limit),
        E::QueryGame_TooEarly(e) => format!("the owner has until {}", e.deadline),
        E::ProgramRegistry_Unauthorized(e) => {
            format!("{} is not the timelock, which alone announces versions", e.caller)
        }
        E::ProgramRegistry_WrongRelease(e) => {
            format!("root, entry point and key are not those of release {}", e.release)
        }
        E::ProgramRegistry_TooEarly(e) => {
            format!("a version can begin with batch {} at the earliest", e.earliest)
        }
        E::QueryGame_NodeNotOpen(_) => "this doubt is answered or decided already".into(),
        _ => return proofs(error),
    })
}

fn proofs(error: &Errors::ErrorsErrors) -> Option<String> {
    use Errors::ErrorsErrors as E;
    Some(match error {
        E::Verifier_Refused(_) => {
            "the verifier does not accept the proof: it is of another program, chain or run, or damaged".into()
        }
        E::StarkVerifier_NoPrecompile(_) => {
            "this L1 cannot verify STARKs: use the embedded L1, or name a halo2 verifier".into()
        }
        E::ProofRouter_Broken(e) => format!(
            "proofs of version {} have contradicted each other and are worth nothing any more",
            e.version
        ),
        E::ProofRouter_ProvenAlready(_) => "the claim is proven already".into(),
        E::ProofRouter_Proven(_) => {
            "the claim is proven: report the contradiction instead of refuting it".into()
        }
        E::ProofRouter_NotProven(_) => "the claim is not proven: there is nothing to contradict".into(),
        E::ProofRouter_NotFast(_) => {
            "on this chain proofs do not decide doubts: answer by the trace".into()
        }
        E::ProofRouter_NotOpened(_) => "the blobs before were not opened: open them first".into(),
        E::ProofRouter_WrongOpening(e) => {
            format!("opening {} is not that of the blob on L1", e.index)
        }
        E::QueryGame_NotReopenable(_) => {
            "no proof has settled this doubt, or proofs of its version are sound".into()
        }
        _ => return None,
    })
}

fn committee(error: &Errors::ErrorsErrors) -> Option<String> {
    use Errors::ErrorsErrors as E;
    Some(match error {
        E::CommitteeDa_PayloadLength(e) => {
            format!("a committee keeps payloads of 1 to 786,432 bytes, not of {}", e.length)
        }
        E::CommitteeDa_Expired(e) => format!(
            "the certificate ends at {}, but must last until {}: have a new one signed",
            e.expiry, e.needed
        ),
        E::CommitteeDa_TooFewSignatures(e) => {
            format!("{} members signed, {} must", e.count, e.threshold)
        }
        E::CommitteeDa_MandatoryMissing(e) => {
            format!("members that must sign did not (as bits: {:#b})", e.members)
        }
        E::CommitteeDa_NotMembers(e) => format!(
            "signers are no members of this epoch, or were revoked (as bits: {:#b})",
            e.signers
        ),
        E::CommitteeDa_WrongSignature(e) => format!("the signature of member {} is wrong", e.index),
        E::CommitteeDa_WrongAggregate(_) => {
            "the BLS signature is not that of all its signers over this certificate: have it signed anew".into()
        }
        E::CommitteeRegistry_WrongProof(e) => format!(
            "the proof is not one of {} for this BLS key: make it with `mezz dac register`",
            e.member
        ),
        E::CommitteeRegistry_UnknownKey(e) => {
            format!("{} has not registered this BLS key: send its `registerKey` first", e.member)
        }
        E::CommitteeRegistry_OtherScheme(e) => format!(
            "epoch {} signs with the other curve: secp256k1 up to 20 members, BLS12-381 above",
            e.epoch
        ),
        E::Bls12381_BadPoint(_) => {
            "a BLS key has 192 bytes and a signature 96, points of their curves".into()
        }
        E::CommitteeRegistry_NotSigning(e) => format!(
            "epoch {} signs from {} to {}: use the one that signs now",
            e.epoch, e.activeFrom, e.until
        ),
        E::CommitteeRegistry_Pending(e) => {
            format!("epoch {} is announced for {}: cancel it first", e.epoch, e.activeFrom)
        }
        E::CommitteeRegistry_Unauthorized(e) => {
            format!("{} is neither that member nor the guardian", e.caller)
        }
        E::CommitteeRegistry_Indispensable(e) => {
            format!("without member {} too few would be left to sign", e.index)
        }
        E::CommitteeRegistry_NoEquivocation(e) => format!("this is no equivocation: {}", e.reason),
        E::DaChallenge_WrongHeader(e) => {
            format!(
                "this is not the header of batch {} on L1, which may have been reorganised",
                e.index
            )
        }
        E::DaChallenge_NotCommittee(e) => format!("the data of batch {} are on L1", e.index),
        E::DaChallenge_ChallengedAlready(e) => format!("batch {} was demanded already", e.index),
        E::DaChallenge_TooLate(e) => format!("the batch could be demanded until {}", e.limit),
        E::DaChallenge_WrongBond(e) => {
            format!("{} wei were sent; the bond is exactly {}", e.sent, e.bond)
        }
        E::DaChallenge_NotOpen(e) => format!("no demand for batch {} is open", e.index),
        E::DaChallenge_WrongHashes(e) => {
            format!("these are not the hashes of the chunks of batch {}", e.index)
        }
        E::DaChallenge_AnsweredAlready(e) => {
            format!("chunk {} of batch {} is on L1 already", e.chunk, e.index)
        }
        E::DaChallenge_WrongChunk(e) => format!("the data are not those of chunk {}", e.chunk),
        E::DaChallenge_NothingToReclaim(e) => {
            format!("batch {} is not void, or its bond was credited", e.index)
        }
        E::DaChallenge_NotDemander(e) => {
            format!("on this chain {} may not demand payloads: ask one of its demanders", e.caller)
        }
        E::Demanders_Unauthorized(e) => format!("{} does not own the list of demanders", e.caller),
        E::Demanders_ListedAlready(e) => format!("{} may demand payloads already", e.who),
        E::Demanders_NotListed(e) => format!("{} is no demander, or is removed already", e.who),
        E::Demanders_LastOne(e) => format!("{} is the last demander: add another first", e.who),
        E::SealedInbox_HeaderMissing(e) => format!("the header of batch {} is needed", e.needed),
        E::SealedInbox_TooEarly(e) => {
            format!("batch {} can be sealed after {}", e.index, e.time)
        }
        _ => return None,
    })
}

fn escape(error: &Errors::ErrorsErrors) -> Option<String> {
    use Errors::ErrorsErrors as E;
    Some(match error {
        E::EscapeHatch_FrozenAlready(_) => "the chain has ended already".into(),
        E::EscapeHatch_NotFrozen(_) => "the chain has not ended: withdraw as usual".into(),
        E::EscapeHatch_NotLast(e) => {
            format!("claim {} is not the last that is confirmed", e.claimIndex)
        }
        E::EscapeHatch_TooEarly(e) => format!("the chain can be ended after {}", e.time),
        E::EscapeHatch_WrongOutputRoot(_) => {
            "the branch is not of the last confirmed state: fetch it again".into()
        }
        E::EscapeHatch_Nothing(e) => {
            format!("{} has nothing of {} there, or has taken it", e.account, e.token)
        }
        E::EscapeHatch_WrongPair(e) => {
            format!("{} is not the token that L2's factory made for {}", e.l2Token, e.l1Token)
        }
        E::EscapeHatch_WrongMessage(e) => format!("this is not message {} of the queue", e.index),
        E::EscapeHatch_Consumed(e) => {
            format!("message {} was carried out on L2: what it brought is in a balance", e.index)
        }
        E::EscapeHatch_RefundedAlready(e) => format!("message {} was refunded already", e.index),
        E::EscapeHatch_NotDepositor(e) => format!("{} did not make this deposit", e.caller),
        _ => return None,
    })
}

fn portal(error: &Errors::ErrorsErrors) -> Option<String> {
    use Errors::ErrorsErrors as E;
    Some(match error {
        E::OptimismPortal_AlreadyFinalized(_) => "the withdrawal was paid already".into(),
        E::OptimismPortal_BadTarget(_) => "a creation names a target".into(),
        E::OptimismPortal_CallPaused(_) | E::Paused(_) => {
            "this kind of action is paused: wait until the pause ends".into()
        }
        E::OptimismPortal_CalldataTooLarge(_) => {
            "the data are longer than a message may carry (65,463 bytes)".into()
        }
        E::OptimismPortal_GasLimitTooLow(_) => {
            "the L2 gas limit is below 21,000 plus 40 for each byte of data".into()
        }
        E::Portal_GasLimitTooHigh(_) => {
            "the L2 gas limit is above the 4,000,000 that one message may use".into()
        }
        E::OptimismPortal_InvalidDisputeGame(_) => {
            "the claim is refuted, rejected or unknown: prove against another".into()
        }
        E::OptimismPortal_InvalidMerkleProof(_) => {
            "the proof does not show the withdrawal in the message passer's storage".into()
        }
        E::OptimismPortal_InvalidOutputRootProof(_) => {
            "the output root proof is not that of the claim".into()
        }
        E::OptimismPortal_InvalidRootClaim(_) => {
            "the claim is not final yet: wait for its window, or prove against another".into()
        }
        E::OptimismPortal_ProofNotOldEnough(_) => "the proof has not matured: wait".into(),
        E::OptimismPortal_Unproven(_) => {
            "this account has not proven the withdrawal: prove it first".into()
        }
        E::Portal_TooLittleGas(e) => {
            format!("too little gas for a withdrawal that asks for {}: estimate it anew", e.needed)
        }
        E::Portal_CallFailed(e) => {
            let reason = Revert::new(e.reason.clone());
            // One level only: whoever wrote the target chose these bytes.
            let reason = match reason.is::<Errors::Portal_CallFailed>() {
                true => "a withdrawal inside of it failed".to_owned(),
                false => reason.to_string(),
            };
            format!("the withdrawal's target refused ({reason}); the withdrawal stays open")
        }
        _ => return None,
    })
}

fn signatures(error: &Errors::ErrorsErrors) -> Option<String> {
    use Errors::ErrorsErrors as E;
    Some(match error {
        E::SignatureProofs_WrongHeader(e) => {
            format!("the header is not that of batch {}: L1 was reorganised", e.index)
        }
        E::SignatureProofs_WrongRange(e) => {
            format!(
                "{}..{} is no range of the {} batches with that header in it",
                e.from, e.to, e.count
            )
        }
        E::SignatureProofs_TooLate(e) => {
            format!(
                "the first of these batches could be proven until {}: begin with a later one",
                e.limit
            )
        }
        E::SignatureProofs_TwoVersions(e) => format!(
            "another version of the program begins with batch {}: prove them apart",
            e.activation
        ),
        E::SignatureProofs_Contradicted(e) => format!(
            "another result of this run is on record: report it to the router of version {}",
            e.version
        ),
        _ => return None,
    })
}

fn others(error: &Errors::ErrorsErrors) -> Option<String> {
    use Errors::ErrorsErrors as E;
    Some(match error {
        E::Inbox_BadParameter(errors::Errors::Inbox_BadParameter { name })
        | E::ClaimManager_BadParameter(errors::Errors::ClaimManager_BadParameter { name })
        | E::SystemConfig_BadParameter(errors::Errors::SystemConfig_BadParameter { name })
        | E::Portal_BadParameter(errors::Errors::Portal_BadParameter { name })
        | E::CommitteeDa_BadParameter(errors::Errors::CommitteeDa_BadParameter { name })
        | E::CommitteeRegistry_BadParameter(errors::Errors::CommitteeRegistry_BadParameter {
            name,
        })
        | E::DaChallenge_BadParameter(errors::Errors::DaChallenge_BadParameter { name })
        | E::Demanders_BadParameter(errors::Errors::Demanders_BadParameter { name })
        | E::SignatureProofs_BadParameter(errors::Errors::SignatureProofs_BadParameter { name })
        | E::SealedInbox_BadParameter(errors::Errors::SealedInbox_BadParameter { name })
        | E::ProgramRegistry_BadParameter(errors::Errors::ProgramRegistry_BadParameter { name })
        | E::EscapeHatch_BadParameter(errors::Errors::EscapeHatch_BadParameter { name }) => {
            format!("the parameter {name} is zero, out of its bounds or contradicts another")
        }
        E::Deployer_Unauthorized(e) => {
            format!("{} does not own this deployer: use the key that created it", e.caller)
        }
        E::Deployer_WrongStep(e) => format!("the next step is {}", e.next),
        E::PauseController_CoolingDown(e) => format!("a new pause is possible after {}", e.until),
        E::SystemConfig_Unauthorized(e) => {
            format!("{} is neither the owner nor the operator", e.caller)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::{Address, B256, U256};

    #[test]
    fn known_errors_are_said_in_words() {
        let head = B256::repeat_byte(7);
        let check = |data: Vec<u8>, words: &str| {
            let text = Revert::new(data.into()).to_string();
            assert!(text.contains(words), "{text}");
        };
        check(Errors::Inbox_WrongHead { head }.abi_encode(), "rebuild it on 0x0707");
        check(Errors::ClaimManager_NotStaked { owner: Address::ZERO }.abi_encode(), "has no stake");
        check(
            Errors::Portal_CallFailed { reason: Errors::OnlyEOA {}.abi_encode().into() }
                .abi_encode(),
            "OnlyEOA",
        );
        check(Errors::WrongValue { sent: U256::ONE, expected: U256::ZERO }.abi_encode(), "sent: 1");
        check(alloy::sol_types::Revert::from("no").abi_encode(), "it reverted: no");
        check(alloy::sol_types::Panic::from(PanicKind::DivisionByZero).abi_encode(), "zero");
        check(vec![], "without a reason");
        check(vec![1, 2, 3, 4], "not ours: 0x01020304");
    }

    #[test]
    fn an_error_is_known_by_its_selector() {
        let revert = Revert::new(Errors::Inbox_Overdue { dueIndex: 3 }.abi_encode().into());
        assert!(revert.is::<Errors::Inbox_Overdue>() && !revert.is::<Errors::Inbox_Paused>());
    }
}
