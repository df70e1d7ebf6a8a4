//! HTTP and WebSocket on one port.

mod batch;
mod http;
mod session;

use crate::{
    Backend, Limits, Metrics,
    access::{AccessList, Caller},
    filters::Filters,
    methods::Methods,
    node::Node,
    workers::Workers,
};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    future::Future,
    io,
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
};

/// A JSON-RPC server over one chain. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    methods: Arc<Methods>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("limits", &self.methods.node().limits)
            .finish_non_exhaustive()
    }
}

/// How long a connection may stand open without a request.
const IDLE_MAX: Duration = Duration::from_secs(120);
/// How long open requests may take after the shutdown was asked for.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

impl Server {
    /// A server over `backend`.
    pub fn new(backend: Arc<dyn Backend>, limits: Limits) -> Self {
        Self::with_access(backend, limits, None)
    }

    /// The same, where `access` says who may ask what.
    pub fn with_access(
        backend: Arc<dyn Backend>,
        limits: Limits,
        access: Option<AccessList>,
    ) -> Self {
        let node = Node {
            workers: Workers::new(limits.workers, limits.waiting_max),
            tracers: Workers::new(limits.tracers, limits.waiting_max),
            filters: Filters::default(),
            metrics: Arc::default(),
            backend,
            limits,
            access,
        };
        Self { methods: Arc::new(Methods::new(Arc::new(node))) }
    }

    /// Its counters, for the host's `/metrics`.
    pub fn metrics(&self) -> Arc<Metrics> {
        self.methods.node().metrics.clone()
    }

    /// Answers one body, a request or a batch, without a socket: of the host itself, who may ask everything. Empty when there is nothing to answer.
    pub async fn answer(&self, body: &[u8]) -> String {
        batch::answer(&self.methods, &Caller::host(), body).await
    }

    /// Serves until `shutdown`. `extra_routes` has whatever paths the host adds; `/`, `/healthz`, `/readyz` and `/openrpc.json` are the server's.
    pub async fn serve(
        self,
        listener: TcpListener,
        extra_routes: Router,
        shutdown: impl Future<Output = ()> + Send,
    ) -> io::Result<()> {
        let (stop, stopped) = watch::channel(false);
        let limit = Arc::new(Semaphore::new(self.methods.node().limits.connections_max));
        let service =
            http::Service::new(self.methods.clone(), extra_routes, limit.clone(), stopped.clone());
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, for instance: it passes when connections close.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Ok(permit) = limit.clone().try_acquire_owned() else {
                tracing::debug!("connection refused: as many as the limit allows are open");
                continue;
            };
            let _ = stream.set_nodelay(true);
            let (service, mut stopped, metrics) =
                (service.clone(), stopped.clone(), self.metrics());
            connections.spawn(async move {
                let _permit = permit;
                metrics.connections.fetch_add(1, Relaxed);
                let connection = http1::Builder::new()
                    .pipeline_flush(true)
                    .timer(TokioTimer::new())
                    .header_read_timeout(IDLE_MAX)
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades();
                let mut connection = pin!(connection);
                tokio::select! {
                    _ = connection.as_mut() => {}
                    () = stop_asked(&mut stopped) => {
                        connection.as_mut().graceful_shutdown();
                        // The client may have gone away: nothing to report.
                        let _ = connection.await;
                    }
                }
                metrics.connections.fetch_sub(1, Relaxed);
            });
        }
        drop(listener);
        stop.send_replace(true);
        let _ = tokio::time::timeout(SHUTDOWN_GRACE, async {
            while connections.join_next().await.is_some() {}
        })
        .await;
        Ok(())
    }
}

/// Serves `backend` until `shutdown`: [`Server::new`] and [`Server::serve`] in one call.
pub async fn serve(
    backend: Arc<dyn Backend>,
    listener: TcpListener,
    limits: Limits,
    extra_routes: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    Server::new(backend, limits).serve(listener, extra_routes, shutdown).await
}

/// Comes back when the server is to stop.
async fn stop_asked(stopped: &mut watch::Receiver<bool>) {
    // The server holds the sender for as long as it serves; when it is gone, so is the server.
    let _ = stopped.wait_for(|stop| *stop).await;
}
