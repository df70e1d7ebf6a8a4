//! `GET /v1/member` and `GET /metrics`: how the member is.

use super::State;
use crate::committee::{
    BlsRegistration, Kept,
    wire::{ChainStatus, MemberStatus},
};
use axum::{Json, extract, http::header, response::IntoResponse};
use std::sync::Arc;

pub(super) async fn member(
    extract::State(state): extract::State<Arc<State>>,
) -> Json<MemberStatus> {
    let (payloads, bytes) = state.size();
    let chains = state.chains.iter().map(|(inbox, chain)| ChainStatus {
        inbox: *inbox,
        retention: chain.retention,
        epochs: state.signatures.epochs(inbox),
    });
    let (time, signs_from) = (state.clock.now(), state.signatures.signs_from());
    let audit = state.audit_log.head();
    let key = state.bls_key.as_ref();
    let registration = key.map(|key| BlsRegistration::new(state.signer.address(), key));
    Json(MemberStatus {
        address: state.signer.address(),
        bls_key: registration.as_ref().map(|registration| registration.key.clone()),
        bls_proof: registration.map(|registration| registration.proof),
        access_key: state.private.as_ref().map(|private| private.key.public()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time,
        signs_from: if signs_from > time { signs_from } else { 0 },
        chains: chains.collect(),
        payloads,
        bytes,
        oldest_expiry: state.kept().filter_map(|kept| kept.expiry).min(),
        audit_head: audit.hash,
        audit_lines: audit.lines,
    })
}

impl State {
    /// How many payloads are kept in whichever form, and their bytes.
    fn size(&self) -> (u64, u64) {
        let sealed = self.private.as_ref().map(|private| private.store.size()).unwrap_or_default();
        let (payloads, bytes) = self.store.size();
        (payloads + sealed.0, bytes + sealed.1)
    }

    fn kept(&self) -> impl Iterator<Item = Kept> {
        let sealed = self.private.as_ref().map(|private| private.store.list());
        self.store.list().into_iter().chain(sealed.into_iter().flatten())
    }
}

pub(super) async fn metrics(
    extract::State(state): extract::State<Arc<State>>,
) -> impl IntoResponse {
    let text = state.metrics.render(state.size(), state.peers.metrics.members());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
