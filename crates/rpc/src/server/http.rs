//! HTTP: a lean path for `POST /`, an axum router for the rest.

use super::{batch, session};
use crate::{access::Caller, methods::Methods, openrpc};
use axum::{
    Router,
    body::Body,
    extract::{State, ws::WebSocketUpgrade},
    routing::get,
};
use futures::future::BoxFuture;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::Incoming,
    header::{self, HeaderValue},
};
use hyper_util::service::TowerToHyperService;
use std::{convert::Infallible, sync::Arc};
use tokio::sync::{Semaphore, watch};

/// Bytes that a session reads at once. The library clears as many before each read, and has 128 KiB of its own accord: more work than most requests are.
const READ_AT_ONCE: usize = 16 << 10;

/// What serves one connection.
#[derive(Clone)]
pub(crate) struct Service {
    methods: Arc<Methods>,
    router: TowerToHyperService<Router>,
}

#[derive(Clone)]
struct Shared {
    methods: Arc<Methods>,
    connections: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

impl Service {
    pub(crate) fn new(
        methods: Arc<Methods>,
        extra_routes: Router,
        connections: Arc<Semaphore>,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        let router = Router::new()
            .route("/", get(open_session))
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(ready))
            .route(
                "/openrpc.json",
                get(|| async { ([(header::CONTENT_TYPE, "application/json")], openrpc::DOCUMENT) }),
            )
            .with_state(Shared { methods: methods.clone(), connections, stopped })
            .merge(extra_routes);
        Self { methods, router: TowerToHyperService::new(router) }
    }
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let browsers = self.methods.node().limits.browsers;
        if !browsers && request.headers().contains_key(header::ORIGIN) {
            return Box::pin(std::future::ready(Ok(no_pages())));
        }
        if request.method() == Method::POST && matches!(request.uri().path(), "/" | "") {
            let methods = self.methods.clone();
            return Box::pin(async move { Ok(post(&methods, request).await) });
        }
        if request.method() == Method::OPTIONS {
            let has_tokens = self.methods.node().access.is_some();
            return Box::pin(async move { Ok(preflight(has_tokens)) });
        }
        let routed = hyper::service::Service::call(&self.router, request);
        Box::pin(async move {
            let mut response = routed.await?;
            allow_origin(&mut response);
            Ok(response)
        })
    }
}

/// A JSON-RPC body.
async fn post(methods: &Methods, request: Request<Incoming>) -> Response<Body> {
    let limit = methods.node().limits.body_bytes_max;
    let caller = Caller::new(methods.node().access.as_ref(), request.headers());
    let body = match Limited::new(request.into_body(), limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return text(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body is over the limit of {limit} bytes\n"),
            );
        }
        Err(_) => return text(StatusCode::BAD_REQUEST, "the body could not be read\n".to_owned()),
    };
    let answer = batch::answer(methods, &caller, &body).await;
    let mut response = Response::new(Body::from(answer));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    allow_origin(&mut response);
    response
}

fn text(status: StatusCode, message: String) -> Response<Body> {
    let mut response = Response::new(Body::from(message));
    *response.status_mut() = status;
    allow_origin(&mut response);
    response
}

/// The answer to a page where none may ask: it does not let the page read it either.
fn no_pages() -> Response<Body> {
    let reason = "this node answers no pages in browsers: it is that of a private chain and asks for no token; give it --access FILE\n";
    let mut response = Response::new(Body::from(reason));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

/// The answer to a browser that asks whether it may ask.
fn preflight(has_tokens: bool) -> Response<Body> {
    let mut response = text(StatusCode::NO_CONTENT, String::new());
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, OPTIONS"),
    );
    // The star does not stand for this one.
    let allowed = if has_tokens { "authorization, *" } else { "*" };
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

fn allow_origin(response: &mut Response<Body>) {
    response
        .headers_mut()
        .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
}

async fn ready(State(shared): State<Shared>) -> (StatusCode, String) {
    match shared.methods.node().backend.ready() {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
    }
}

/// Upgrades to a session, which counts as a connection for as long as it lasts.
async fn open_session(
    State(shared): State<Shared>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response<Body> {
    let caller = Caller::new(shared.methods.node().access.as_ref(), &headers);
    let Ok(permit) = shared.connections.try_acquire_owned() else {
        return text(
            StatusCode::SERVICE_UNAVAILABLE,
            "as many connections as the limit allows are open; try again later\n".to_owned(),
        );
    };
    let limit = shared.methods.node().limits.body_bytes_max;
    let upgrade = upgrade.read_buffer_size(READ_AT_ONCE).max_message_size(limit);
    upgrade.max_frame_size(limit).on_upgrade(move |socket| async move {
        session::run(shared.methods, caller, socket, shared.stopped).await;
        drop(permit);
    })
}
