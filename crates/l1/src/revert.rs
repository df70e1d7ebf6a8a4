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
            error QueryGame_WrongBond(uint256 sent, uint256 bond);
            error QueryGame_WrongDepth(uint8 depth);
            error QueryGame_WrongEnd(bytes32 last, bytes32 end);
            error QueryGame_WrongEntry(uint256 index);
            error QueryGame_WrongFinalState(string field);
            error QueryGame_WrongParent(bytes32 parent);
            error QueryGame_WrongState(bytes32 stateHash, bytes32 start);
            error RiscVStep_AuxLength(uint256 length);
            error RiscVStep_ProofLength(uint256 length, uint256 needed);
            error RiscVStep_StateLength(uint256 length);
            error RiscVStep_WrongElement(bytes32 versionedHash, uint256 index);
            error RiscVStep_WrongOpening(uint256 which, uint256 index);
            error RiscVStep_WrongPreimage(bytes32 key);

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
        .or_else(|| portal(error))
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
        E::QueryGame_WrongBond(e) => {
            format!("{} wei were sent; the bond is exactly {}", e.sent, e.bond)
        }
        E::QueryGame_InstanceNotLive(e) => {
            format!("{} has no live instance of claim {}", e.owner, e.content)
        }
        E::QueryGame_NodeExists(_) => "this entry is doubted already: go on from there".into(),
        E::QueryGame_TooLate(e) => format!("the time for this move ended at {}", e.limit),
        E::QueryGame_TooEarly(e) => format!("the owner has until {}", e.deadline),
        E::QueryGame_NodeNotOpen(_) => "this doubt is answered or decided already".into(),
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
            format!("too little gas to give the target the {} it asks for", e.needed)
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

fn others(error: &Errors::ErrorsErrors) -> Option<String> {
    use Errors::ErrorsErrors as E;
    Some(match error {
        E::Inbox_BadParameter(errors::Errors::Inbox_BadParameter { name })
        | E::ClaimManager_BadParameter(errors::Errors::ClaimManager_BadParameter { name })
        | E::SystemConfig_BadParameter(errors::Errors::SystemConfig_BadParameter { name })
        | E::Portal_BadParameter(errors::Errors::Portal_BadParameter { name }) => {
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
