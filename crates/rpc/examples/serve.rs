//! Serves a chain in memory on a port, for load generators and conformance tests: `serve [1|2] [PORT]`, 1 for the rules of an L1, 2 for a rollup's.
//!
//! Transactions are executed as they arrive; a block is sealed every second.

#[path = "../tests/chain/mod.rs"]
mod chain;

use alloy::primitives::{Bytes, TxKind};
use chain::{COUNTER, TestBackend, TestChain, signer};
use mezz_evm::{Layer, SignedTransaction};
use mezz_rpc::{Limits, Server};
use std::time::Duration;

#[tokio::main(worker_threads = 2)]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let layer = if arguments.next().as_deref() == Some("2") { Layer::Two } else { Layer::One };
    let port: u16 = arguments.next().and_then(|port| port.parse().ok()).unwrap_or(8545);
    let chain = TestChain::new(layer);
    for nonce in 0..60 {
        let bytes = chain.sign(9, nonce, TxKind::Call(COUNTER), 0, Bytes::from_static(&[1]));
        chain.execute(SignedTransaction::decode(bytes).expect("just signed")).expect("valid");
        if layer == Layer::Two {
            chain.deposit(signer(8).address(), TxKind::Call(COUNTER), 5, Bytes::new());
        }
        chain.seal();
    }
    let sealer = chain.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let sealer = sealer.clone();
            let _ = tokio::task::spawn_blocking(move || sealer.seal()).await;
        }
    });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    let server = Server::new(TestBackend::new(chain), Limits::default());
    server.serve(listener, axum::Router::new(), std::future::pending()).await
}
