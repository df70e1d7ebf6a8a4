//! What is fixed for the life of a game, and what a move that breaks the rules is told.

use mezz_primitives::ProofConfig;

/// The numbers of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Entries of a vector.
    pub entries: usize,
    /// Queries on a path from a claim to one instruction.
    pub depth: usize,
    /// Blocks between two entries of a claim.
    pub span: u64,
    /// Time to doubt an entry of a claim.
    pub window: u64,
    /// Time that each side has on one path.
    pub clock: u64,
    /// The least time for a move, however much of the clock is used.
    pub grace: u64,
    /// What a query costs until it is decided.
    pub bond: u128,
    /// What an owner stakes.
    pub stake: u128,
    /// What validity proofs are worth, if there are any.
    pub proofs: Option<ProofConfig>,
}

impl Rules {
    /// The longest time from an instance to its confirmation or refutation, if whoever may move at last does so at once.
    pub const fn resolution_max(&self) -> u64 {
        self.window + 2 * self.clock + 2 * (self.depth as u64 - 1) * self.grace
    }
}

/// Why a move is not allowed, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[allow(missing_docs, reason = "each variant says what it is in its text")]
pub enum Error {
    #[error("the address has a stake already: one covers all its instances")]
    StakedAlready,
    #[error("the address has no stake: deposit one first")]
    NotStaked,
    #[error("the owner was refuted: its address cannot claim again")]
    Slashed,
    #[error("instances are open: settle each of them first")]
    InstancesOpen,
    #[error("there is no such content")]
    UnknownContent,
    #[error(
        "the parent has its confirmed child or can never be confirmed: claim on the last confirmed content"
    )]
    ParentResolved,
    #[error("the content is resolved: there is nothing to back")]
    ContentResolved,
    #[error("the inbox does not hold the batches of this claim: wait for them")]
    TooEarly,
    #[error(
        "an owner's instances form one path, each content once: back the parent first, or wait until the last one is confirmed"
    )]
    OffPath,
    #[error("the instance is resolved or there is none")]
    NotLive,
    #[error(
        "no query has this path: each index is below the number of entries, and the path as long as the depth at most"
    )]
    BadPath,
    #[error("the entry was queried already: go on from its answer")]
    NodeExists,
    #[error("the claim's window is over")]
    WindowOver,
    #[error("the query above is not answered: wait for its answer")]
    NotAnswered,
    #[error("the time to doubt this answer is over")]
    ChildrenClosed,
    #[error("there is no such query")]
    UnknownNode,
    #[error("only the owner answers")]
    NotOwner,
    #[error("the query is not open")]
    NotOpen,
    #[error("the query is about one instruction: step it")]
    NotAnswerable,
    #[error("the time to answer is over")]
    DeadlinePassed,
    #[error("a vector has exactly the number of entries that the rules say")]
    VectorLength,
    #[error("the last entry is not a state that has halted with the output in doubt")]
    NoFinalState,
    #[error("the last entry is not the state in doubt")]
    WrongEnd,
    #[error("the query is about more than one instruction: it must be answered")]
    NotLeaf,
    #[error("the state before the instruction cannot be shown")]
    NoWitness,
    #[error("the owner's time is not over")]
    NotOverdue,
    #[error("the parent is not confirmed: confirm it first")]
    ParentNotConfirmed,
    #[error("a query on the instance is open: wait for its end")]
    OpenNodes,
    #[error("the instance may still be doubted: wait for its close")]
    NotRipe,
    #[error("the content may still be confirmed, or it is marked already")]
    NotRejected,
    #[error("the instance is neither confirmed nor rejected: there is nothing to settle")]
    NotSettleable,
    #[error("the instance is settled already")]
    SettledAlready,
    #[error("the instance is live: its bonds are locked")]
    BondLocked,
    #[error("the bond was reclaimed already")]
    BondPaid,
    #[error(
        "no proof has settled the query, or proofs of its version are sound: there is nothing to open again"
    )]
    NotReopenable,
    #[error("nothing is due to this address")]
    NothingDue,
}

/// A deliberate change of the rules, which the model test must notice.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mutation {
    /// The check that ends in this error is left out.
    Without(Error),
    /// Deadlines do not count what the owner used higher on the path.
    OwnerClockAnew,
    /// Closing times do not count what queriers used higher on the path.
    QuerierClockAnew,
    /// What queriers used is taken from the owner's time.
    ClocksCrossed,
    /// What the owner used is taken from the queriers' time.
    ClocksCrossedBack,
    /// A querier's clock runs inside the window too.
    ClockRunsInWindow,
    /// Nothing is left to whoever has used its clock.
    NoGrace,
    /// An answer does not keep the instance open for the next query.
    AnswerKeepsClose,
    /// The deadline is counted from the claim and not from the query.
    DeadlineFromClaim,
    /// Entry 0 of an answer starts where the entry before the doubt ends, one too far.
    StartIsEnd,
    /// A right step refutes and a wrong one proves.
    StepReversed,
    /// Whoever makes the last query of a refuting path has the whole reward.
    RewardToLast,
    /// The whole stake is the reward, so that doubting oneself costs nothing.
    RewardWholeStake,
    /// Bonds on a refuted instance go to its owner.
    RefutedOwnerGetsBonds,
    /// Bonds on a confirmed instance go back to those who paid.
    ConfirmedQuerierGetsBonds,
    /// Bonds on a rejected instance go to its owner.
    RejectedOwnerGetsBonds,
    /// A refuted owner keeps its other instances.
    SlashSparesOthers,
    /// A refutation slashes all owners of the content.
    SlashAllOwners,
    /// A slashing undoes what was resolved before it.
    SlashUndoesResolved,
    /// A rejected instance costs nothing.
    RejectedKeepsStake,
    /// The child's range is fixed when the child is asserted and not with its parent.
    ChildFixedLate,
    /// Children of a rejected content are never rejected.
    RejectStopsAtChildren,
    /// A confirmation leaves the siblings live.
    ConfirmSparesSiblings,
    /// Who claims what is claimed already makes a second content of it.
    ContentTwice,
    /// A claim is ripe one moment early.
    RipeAtClose,
    /// The owner's time is over one moment early.
    OverdueAtDeadline,
    /// The window is over one moment early.
    WindowShort,
    /// The time to doubt an answer is over one moment early.
    ChildCloseShort,
    /// The window of an instance begins with the first one of its content.
    WindowFromContent,
    /// An owner may have one instance on each parent, and not only on one path.
    OncePerParent,
}
