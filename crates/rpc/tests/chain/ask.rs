//! Asking a server without a socket.

use super::{TestBackend, TestChain};
use mezz_evm::Layer;
use mezz_rpc::{Limits, Server};
use serde_json::{Value, json};
use std::sync::Arc;

/// A chain with a server over it.
pub(crate) struct Asked {
    pub(crate) chain: Arc<TestChain>,
    pub(crate) server: Server,
}

impl Asked {
    pub(crate) fn new(layer: Layer) -> Self {
        Self::with_limits(layer, Limits::default())
    }

    pub(crate) fn with_limits(layer: Layer, limits: Limits) -> Self {
        let chain = TestChain::new(layer);
        Self { server: Server::new(TestBackend::new(chain.clone()), limits), chain }
    }

    /// The whole response.
    pub(crate) async fn response(&self, method: &str, params: Value) -> Value {
        let body =
            json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        serde_json::from_str(&self.server.answer(body.as_bytes()).await).expect("an answer is JSON")
    }

    /// The result; an error fails the test.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        let mut response = self.response(method, params).await;
        assert!(response.get("error").is_none(), "{method}: {response}");
        response["result"].take()
    }

    /// The error; a result fails the test.
    pub(crate) async fn refused(&self, method: &str, params: Value) -> Value {
        let mut response = self.response(method, params).await;
        assert!(response.get("result").is_none(), "{method}: {response}");
        response["error"].take()
    }
}

/// A quantity as a number.
pub(crate) fn number(value: &Value) -> u128 {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no quantity"));
    u128::from_str_radix(text.strip_prefix("0x").expect("a quantity begins with 0x"), 16)
        .expect("a quantity is hexadecimal")
}
