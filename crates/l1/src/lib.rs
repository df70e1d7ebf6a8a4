//! The only crate that speaks to an L1: client, contract bindings, watcher, transaction manager and deployment.
//!
//! ```text
//! Client ──► Watcher ──► L1Event::{Block, Rewound}      what happened, in order, on one chain at a time
//!    │
//!    ├─────► Sender  ──► Receipt                         one account, one transaction at a time, no state of its own
//!    │
//!    └─────► deploy  ──► Plan ─ apply ─► Deployment      every address known before, resumable at every step
//! ```
//!
//! Nothing here knows whether the L1 is embedded, `anvil` or Ethereum: what an endpoint can do is probed once, in
//! [`Client::connect`].

mod client;
pub mod contracts;
pub mod deploy;
mod error;
mod form;
pub mod revert;
mod sender;
mod watcher;

pub use client::{Beacon, BlockRef, Capabilities, Client, Head, Prices};
pub use error::{Error, Remedy};
pub use form::ProofForm;
pub use mezz_settlement::ProofFact;
pub use revert::{Errors, Revert};
pub use sender::{
    Call, FeePolicy, Fees, Flight, Rejection, Sender, SenderConfig, Sight, Signer, Step,
    TRANSACTION_GAS_MAX,
};
pub use watcher::{
    CommitteeEvent, ContractEvent, L1Block, L1Event, L1Heads, Start, WatchConfig, Watcher,
};
