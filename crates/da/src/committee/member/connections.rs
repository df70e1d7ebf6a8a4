//! Connections: how many, how long, and who is at the other end.

use super::{refusal::Client, tls};
use crate::committee::LimitsConfig;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

/// How long open requests may take after the end was asked for.
const GRACE: Duration = Duration::from_secs(2);

/// Open connections by address.
type Open = Arc<Mutex<BTreeMap<IpAddr, usize>>>;

/// One of an address's connections.
struct Place {
    open: Open,
    from: IpAddr,
}

/// What each connection needs.
#[derive(Clone)]
struct Server {
    acceptor: Option<TlsAcceptor>,
    router: Router,
    limits: LimitsConfig,
    stopped: watch::Receiver<bool>,
}

/// Serves until it is stopped.
pub(super) async fn serve(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    limits: LimitsConfig,
    stopped: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(limits.connections_max));
    let open = Open::default();
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop_asked(stopped.clone()));
    let server = Server { acceptor, router, limits, stopped };
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, for instance: it passes when connections close.
                tracing::warn!(%error, "cannot accept a connection");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let place = Place::take(&open, from.ip(), limits.connections_each_max);
        let (Ok(permit), Some(place)) = (places.clone().try_acquire_owned(), place) else {
            tracing::debug!(%from, "connection refused: as many as the limits allow are open");
            continue;
        };
        let _ = stream.set_nodelay(true);
        let server = server.clone();
        connections.spawn(async move {
            let _held = (permit, place);
            server.connection(stream, from).await;
        });
    }
    drop(listener);
    let _ = timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
}

impl Server {
    async fn connection(self, stream: TcpStream, from: SocketAddr) {
        let from = from.ip();
        let Some(acceptor) = &self.acceptor else {
            return self.http(stream, Client { from, names: Arc::default() }).await;
        };
        let head = Duration::from_secs(self.limits.head_seconds);
        match timeout(head, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => {
                let names = tls::names(stream.get_ref().1.peer_certificates());
                self.http(stream, Client { from, names }).await;
            }
            Ok(Err(error)) => tracing::debug!(%from, %error, "no TLS connection"),
            Err(_elapsed) => tracing::debug!(%from, "a TLS handshake took too long"),
        }
    }

    async fn http(self, stream: impl AsyncRead + AsyncWrite + Unpin, client: Client) {
        let service = TowerToHyperService::new(self.router.layer(Extension(client)));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(self.limits.head_seconds))
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        tokio::select! {
            // The client may have gone away: nothing to report.
            _ = connection.as_mut() => return,
            () = stop_asked(self.stopped) => {}
            () = sleep(Duration::from_secs(self.limits.connection_seconds)) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = timeout(GRACE, connection).await;
    }
}

impl Place {
    fn take(open: &Open, from: IpAddr, most: usize) -> Option<Self> {
        let mut counts = open.lock();
        let count = counts.entry(from).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Self { open: open.clone(), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.open.lock();
        if let Some(count) = counts.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.from);
            }
        }
    }
}

/// Comes back when the server is to stop.
pub(super) async fn stop_asked(mut stopped: watch::Receiver<bool>) {
    // When the sender is gone, so is the server.
    let _ = stopped.wait_for(|stop| *stop).await;
}
