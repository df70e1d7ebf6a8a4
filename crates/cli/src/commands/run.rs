//! What `up` and `node` share: serving a chain, the metrics, and waiting for the end.

use crate::output::{Failure, Output};
use axum::{Router, routing::get};
use mezz_l1::Client;
use mezz_node::{Metrics, Node};
use mezz_rpc::{Backend, Limits, Server, access::AccessList};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Served {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its task.
    pub(crate) task: JoinHandle<()>,
    /// Its counters.
    pub(crate) rpc: Option<Arc<mezz_rpc::Metrics>>,
}

/// The end of the program, told to every server.
pub(crate) type Stop = watch::Receiver<bool>;

/// Takes a port, or says who else may have it.
pub(crate) async fn listen(host: IpAddr, port: u16, option: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind((host, port)).await.map_err(|error| {
        Failure::failed(format!("port {port} on {host} cannot be taken ({error}); give another with {option}, or 0 for any free one"))
    })
}

/// Serves a chain's JSON-RPC.
pub(crate) fn serve(
    backend: Arc<dyn Backend>,
    listener: TcpListener,
    routes: Router,
    stop: Stop,
) -> Result<Served, Failure> {
    serve_for(None, Limits::default(), backend, listener, routes, stop)
}

/// The same, where a list says who may ask what.
pub(crate) fn serve_for(
    access: Option<AccessList>,
    limits: Limits,
    backend: Arc<dyn Backend>,
    listener: TcpListener,
    routes: Router,
    stop: Stop,
) -> Result<Served, Failure> {
    let address = listener.local_addr()?;
    let server = Server::with_access(backend, limits, access);
    let rpc = Some(server.metrics());
    let task = tokio::spawn(async move {
        if let Err(error) = server.serve(listener, routes, ended(stop)).await {
            tracing::error!(%error, %address, "the RPC server stopped");
        }
    });
    Ok(Served { address, task, rpc })
}

/// Serves the metrics of a node and of its RPC.
pub(crate) fn serve_metrics(
    metrics: Arc<Metrics>,
    rpc: Option<Arc<mezz_rpc::Metrics>>,
    listener: TcpListener,
    stop: Stop,
) -> Result<Served, Failure> {
    let address = listener.local_addr()?;
    let routes = Router::new().route(
        "/metrics",
        get(move || {
            let mut text = metrics.render();
            if let Some(rpc) = &rpc {
                rpc.render("mezz_node", &mut text);
            }
            std::future::ready(text)
        }),
    );
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).with_graceful_shutdown(ended(stop)).await
        {
            tracing::error!(%error, %address, "the metrics server stopped");
        }
    });
    Ok(Served { address, task, rpc: None })
}

/// A chain that runs goes on when nobody can be told so.
pub(crate) fn announce(output: Output, told: Result<(), Failure>) {
    if let Err(failure) = told {
        output.note(failure.message);
    }
}

/// Logs what an L1 endpoint lacks, for whoever works with it for long.
pub(crate) fn warn_of_missing(client: &Client) {
    for missing in client.capabilities().missing() {
        tracing::warn!(endpoint = client.endpoint(), missing, "the L1 endpoint lacks something");
    }
}

/// Waits for the end.
async fn ended(mut stop: Stop) {
    // A sender that is gone is an end as well.
    let _ = stop.wait_for(|ended| *ended).await;
}

/// Waits until somebody ends a node, or it fails: then whoever supervises it should know.
pub(crate) async fn until_the_end(node: &Node) -> Result<(), Failure> {
    tokio::select! {
        done = interrupted() => done,
        reason = node.failed() => Err(Failure::failed(format!("the node stopped: {reason}"))),
    }
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn interrupted() -> Result<(), Failure> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        done = tokio::signal::ctrl_c() => done?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
