//! A devnet behind its real server, used as its users use it.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod blobs;
mod chain;
mod common;
mod controls;
mod kill;
