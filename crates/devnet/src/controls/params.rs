//! The positional parameters of a control.

use alloy::primitives::{B256, U256};
use mezz_rpc::RpcError;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Takes parameters one after the other.
#[derive(Debug)]
pub(crate) struct Params {
    values: std::vec::IntoIter<Value>,
}

impl Params {
    pub(crate) fn new(params: Value) -> Self {
        let values = match params {
            Value::Array(values) => values,
            Value::Null => Vec::new(),
            single => vec![single],
        };
        Self { values: values.into_iter() }
    }

    /// The next one, which has to be there.
    pub(crate) fn required<T: Param>(&mut self, name: &'static str) -> Result<T, RpcError> {
        self.optional(name)?
            .ok_or_else(|| RpcError::invalid_params(format!("missing parameter: {name}")))
    }

    /// The next one, if it is there and not null.
    pub(crate) fn optional<T: Param>(&mut self, name: &'static str) -> Result<Option<T>, RpcError> {
        match self.values.next() {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::parse(value)
                .map(Some)
                .map_err(|error| RpcError::invalid_params(format!("{name}: {error}"))),
        }
    }
}

/// A type that a parameter can have.
pub(crate) trait Param: Sized {
    fn parse(value: Value) -> Result<Self, String>;
}

/// Numbers are taken as JSON numbers, as `0x` quantities and as decimal strings: clients send all three.
impl Param for U256 {
    fn parse(value: Value) -> Result<Self, String> {
        let text = match value {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text,
            other => return Err(format!("expected a number, got {other}")),
        };
        match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some("") => Ok(Self::ZERO),
            Some(digits) => Self::from_str_radix(digits, 16),
            None => Self::from_str_radix(&text, 10),
        }
        .map_err(|_| format!("expected a number or a 0x quantity, got {text:?}"))
    }
}

impl Param for u64 {
    fn parse(value: Value) -> Result<Self, String> {
        let number = U256::parse(value)?;
        number.try_into().map_err(|_| format!("{number} does not fit in 64 bits"))
    }
}

impl Param for u128 {
    fn parse(value: Value) -> Result<Self, String> {
        let number = U256::parse(value)?;
        number.try_into().map_err(|_| format!("{number} does not fit in 128 bits"))
    }
}

/// What serde knows how to read.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> Param for Json<T> {
    fn parse(value: Value) -> Result<Self, String> {
        serde_json::from_value(value).map(Self).map_err(|error| error.to_string())
    }
}

/// A word of storage: 32 bytes, or a quantity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word(pub(crate) U256);

impl Param for Word {
    fn parse(value: Value) -> Result<Self, String> {
        match value.as_str().and_then(|text| text.parse::<B256>().ok()) {
            Some(word) => Ok(Self(word.into())),
            None => U256::parse(value).map(Self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_in_every_spelling() {
        let mut params = Params::new(json!([10, "0x0a", "10", null]));
        for _ in 0..3 {
            assert_eq!(params.required::<u64>("n").unwrap(), 10);
        }
        assert_eq!(params.optional::<u64>("n").unwrap(), None);
        assert!(params.required::<u64>("n").unwrap_err().message.contains("missing parameter: n"));
        assert!(Params::new(json!([-1])).required::<u64>("n").is_err());
        assert!(Params::new(json!(["0x1ffffffffffffffff"])).required::<u64>("n").is_err());
        assert!(Params::new(json!(["x"])).required::<u64>("n").is_err());
    }
}
