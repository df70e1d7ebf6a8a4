//! JSON-RPC 2.0 on the wire: requests read without a copy, answers written as text.

use crate::{RpcError, access::Who};
use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The JSON text of a result.
pub(crate) type Answer = Result<String, RpcError>;

/// One request, borrowed from the body.
#[derive(Deserialize)]
pub(crate) struct Request<'a> {
    #[serde(default, borrow)]
    jsonrpc: Option<Cow<'a, str>>,
    /// Absent in a notification; `null` is an id.
    #[serde(default, borrow, deserialize_with = "present")]
    pub(crate) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) method: Cow<'a, str>,
    #[serde(default, borrow)]
    pub(crate) params: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Request<'a> {
    /// Reads one request.
    pub(crate) fn parse(text: &'a str) -> Result<Self, RpcError> {
        let request: Self = serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => {
                RpcError::invalid_request(format!("invalid request: {error}"))
            }
            _ => RpcError::parse(format!("parse error: {error}")),
        })?;
        if request.jsonrpc.as_deref() != Some("2.0") {
            return Err(RpcError::invalid_request("invalid request: \"jsonrpc\" must be \"2.0\""));
        }
        if request.id.is_some_and(|id| id.get().starts_with(['{', '[', 't', 'f'])) {
            return Err(RpcError::invalid_request(
                "invalid request: \"id\" must be a number, a string or null",
            ));
        }
        Ok(request)
    }

    /// The id as text, `null` for a notification.
    pub(crate) fn id_text(&self) -> &'a str {
        self.id.map_or("null", RawValue::get)
    }
}

/// The positional parameters of a request, and whose it is.
#[derive(Debug)]
pub(crate) struct Params<'a> {
    values: Vec<&'a RawValue>,
    who: Who,
}

impl<'a> Params<'a> {
    /// Splits the array. Absent and `null` are the empty array.
    pub(crate) fn new(raw: Option<&'a RawValue>) -> Result<Self, RpcError> {
        let values = raw.map_or(Ok(Vec::new()), |raw| {
            serde_json::from_str(raw.get()).map_err(|_| {
                RpcError::invalid_params(
                    "non-array args: \"params\" must be an array, in the method's order",
                )
            })
        })?;
        Ok(Self { values, who: Who::Unlimited })
    }

    /// The same of somebody's request.
    pub(crate) fn of(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    /// Who asks.
    pub(crate) const fn who(&self) -> &Who {
        &self.who
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// A parameter that must be there.
    pub(crate) fn get<T: Deserialize<'a>>(&self, index: usize) -> Result<T, RpcError> {
        match self.values.get(index) {
            Some(raw) => serde_json::from_str(raw.get()).map_err(|error| invalid(index, &error)),
            None => Err(RpcError::invalid_params(format!(
                "missing value for required argument {index}"
            ))),
        }
    }

    /// A parameter that may be absent or `null`.
    pub(crate) fn optional<T: Deserialize<'a>>(&self, index: usize) -> Result<Option<T>, RpcError> {
        self.values.get(index).map_or(Ok(None), |raw| {
            serde_json::from_str(raw.get()).map_err(|error| invalid(index, &error))
        })
    }

    /// A hash: 0x and 64 digits.
    pub(crate) fn hash(&self, index: usize) -> Result<B256, RpcError> {
        self.fixed(index)
    }

    /// An address: 0x and 40 digits.
    pub(crate) fn address(&self, index: usize) -> Result<Address, RpcError> {
        self.fixed(index)
    }

    /// Bytes of a fixed length. Other hexadecimal without its prefix is taken by nobody, so not here either.
    fn fixed<T: Deserialize<'a>>(&self, index: usize) -> Result<T, RpcError> {
        match self.values.get(index) {
            Some(raw) if raw.get().starts_with('"') && !raw.get().starts_with("\"0x") => {
                Err(RpcError::invalid_params(format!(
                    "invalid argument {index}: hex string without 0x prefix"
                )))
            }
            _ => self.get(index),
        }
    }

    /// A block parameter; `latest` when absent.
    pub(crate) fn block(&self, index: usize) -> Result<BlockId, RpcError> {
        Ok(self.optional(index)?.unwrap_or(BlockId::Number(BlockNumberOrTag::Latest)))
    }
}

/// serde's message without its position in a text that the caller never saw as such.
fn invalid(index: usize, error: &serde_json::Error) -> RpcError {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    RpcError::invalid_params(format!("invalid argument {index}: {text}"))
}

/// A result as JSON text.
pub(crate) fn json(value: &impl Serialize) -> Answer {
    serde_json::to_string(value).map_err(RpcError::internal)
}

/// Appends one response object.
pub(crate) fn write_response(out: &mut String, id: &str, answer: &Answer) {
    out.push_str("{\"jsonrpc\":\"2.0\",\"id\":");
    out.push_str(id);
    match answer {
        Ok(result) => {
            out.push_str(",\"result\":");
            out.push_str(result);
        }
        Err(error) => {
            out.push_str(",\"error\":");
            out.push_str(
                &serde_json::to_string(error)
                    .expect("numbers, strings and JSON values always serialise; qed"),
            );
        }
    }
    out.push('}');
}

/// One response object.
pub(crate) fn response(id: &str, answer: &Answer) -> String {
    let mut out = String::with_capacity(48 + id.len() + answer.as_ref().map_or(128, String::len));
    write_response(&mut out, id, answer);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::rpc::types::{Filter, TransactionRequest};
    use proptest::prelude::*;

    /// Text that is nearly JSON.
    fn text() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "null",
            "true",
            "\"",
            "\"jsonrpc\"",
            "\"2.0\"",
            "\"id\"",
            "\"method\"",
            "\"params\"",
            "1",
            "-1",
            "1e999",
            "\"0x\"",
            "\"0xff\"",
            "\"latest\"",
            "\"from\"",
            "\"input\"",
            "\\u0000",
            "é",
        ]);
        prop_oneof![
            ".{0,60}",
            prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat()),
        ]
    }

    proptest! {
        #[test]
        fn any_text_is_a_request_or_an_error(text in text()) {
            if let Ok(request) = Request::parse(&text) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(request.id_text()).is_ok());
            }
        }

        #[test]
        fn any_params_are_values_or_errors(id in any::<u32>(), params in text()) {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m","params":[{params}]}}"#);
            let Ok(request) = Request::parse(&text) else { return Ok(()) };
            prop_assert_eq!(request.id_text(), id.to_string());
            let params = Params::new(request.params).unwrap();
            let _ = params.hash(0);
            let _ = params.address(0);
            let _ = params.block(0);
            let _ = params.get::<TransactionRequest>(0);
            let _ = params.get::<Filter>(0);
            let _ = params.optional::<u64>(1);
        }
    }
}
