//! A data committee over real sockets: certificates, withheld and damaged payloads, lost disks, who may read.

#![allow(clippy::unwrap_used, reason = "test code")]

mod access;
mod adversaries;
mod bls;
mod certificates;
mod documented;
mod equivocation;
mod limits;
mod private;
mod repair;
mod signatures;
mod signer;
mod store;
mod tls;
mod world;
