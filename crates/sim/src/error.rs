//! Why a drill cannot be held.

/// What stops a drill.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// L1 refused or did not answer.
    #[error("L1: {0}")]
    L1(#[from] mezz_l1::Error),
    /// The adversary could not be given ether.
    #[error(
        "the adversary gets no ether: drills run on a development L1 (the embedded one, or anvil), which has `anvil_setBalance` ({0})"
    )]
    NotDevelopment(mezz_l1::Error),
    /// The data are on L1.
    #[error(
        "the data of this chain are on L1, where nobody can keep them back: start one with `mezz up optimium`"
    )]
    NoCommittee,
    /// Proofs are worth nothing here.
    #[error(
        "this chain has no validity proofs: start one that has with `mezz up zk`, `hybrid` or `validium`"
    )]
    NoProofs,
    /// Nobody claims.
    #[error(
        "no claim came within {0} s: is a proposer running, and are batches posted? `mezz status` tells"
    )]
    NoClaim(u64),
    /// The game did not end.
    #[error("undecided after {0} s: is a challenger running? `mezz claims` shows what is open")]
    Undecided(u64),
}
