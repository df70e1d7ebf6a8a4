//! Against `anvil`, an L1 that we did not write. Without it the tests say so and pass: `make test` installs it.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod anvil;
mod bindings;
mod deploying;
mod liar;
mod sending;
mod watching;
