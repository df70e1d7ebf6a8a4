//! JSON-RPC over a chain: one server for the embedded L1 and the L2 node.
//!
//! A chain gives a [`Backend`]: its store, its heads, the block under construction, a way to submit. The server does the rest: HTTP and WebSocket on one port,
//! single requests and batches, subscriptions and filters, calls, estimates, simulations and traces at any block. Transactions take a short path of their own;
//! whatever computes runs on a bounded number of workers with limits of time and gas, so that it never stands in their way.

pub mod access;
mod backend;
mod debug;
mod error;
mod eth;
mod evm;
mod filters;
mod limits;
mod logs;
mod methods;
mod metrics;
mod node;
mod openrpc;
mod ots;
mod replay;
mod request;
mod server;
mod shape;
mod testing;
mod trace;
mod txpool;
mod wire;
mod words;
mod workers;

pub use backend::{
    Backend, Event, FeeSuggestion, Heads, Pending, PendingBody, PoolContent, PoolSlots,
    Preconfirmed, Submission, Submitted, Syncing, Wait,
};
pub use error::{RpcError, SubmitError};
pub use limits::Limits;
pub use metrics::Metrics;
pub use openrpc::DOCUMENT as OPENRPC;
pub use server::{Server, serve};
