//! What a command answers, and how it fails.

use alloy::{
    primitives::{U256, utils::format_ether},
    transports::{RpcError, TransportError},
};
use mezz_l1::deploy::DeployError;
use serde::Serialize;
use std::{
    error::Error,
    io::{ErrorKind, Write},
    process::ExitCode,
};

/// The code of a refusal where a node answers by token (docs/rpc.md).
const NOT_ALLOWED: i64 = -32001;

/// How answers are printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

/// Why a command ended without doing what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: u8,
    /// What happened and what to do.
    pub(crate) message: String,
    /// Whether the answer was printed and says it too: standard output holds one JSON document, never two.
    pub(crate) answered: bool,
}

impl Failure {
    /// It went wrong.
    pub(crate) fn failed(message: impl ToString) -> Self {
        Self { code: 1, message: message.to_string(), answered: false }
    }

    /// An argument does not make sense.
    pub(crate) fn usage(message: impl ToString) -> Self {
        Self { code: 2, message: message.to_string(), answered: false }
    }

    /// What it needs is not running, or not ready.
    pub(crate) fn not_running(message: impl ToString) -> Self {
        Self { code: 3, message: message.to_string(), answered: false }
    }

    /// It would not be right to do it.
    pub(crate) fn refused(message: impl ToString) -> Self {
        Self { code: 4, message: message.to_string(), answered: false }
    }
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        if let Some(error) = (&error as &(dyn Error + 'static)).downcast_ref::<TransportError>() {
            return unanswered(error);
        }
        let code = code(&error);
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            source = cause.source();
        }
        Self { code, message, answered: false }
    }
}

/// The exit code of an error: that of the first cause which says whose fault it is.
fn code(error: &(dyn Error + 'static)) -> u8 {
    use mezz_l1::Error as L1;
    use mezz_storage::Error as Storage;
    let deploy = match error.downcast_ref() {
        Some(L1::Url { .. }) => return 2,
        Some(L1::Unreachable { .. } | L1::Timeout { .. }) => return 3,
        Some(L1::WrongChain { .. }) => return 4,
        Some(L1::Deploy(error)) => Some(error),
        _ => error.downcast_ref(),
    };
    match deploy {
        Some(DeployError::Syntax(_)) => return 2,
        Some(DeployError::File { .. } | DeployError::WrongCode { .. }) => return 1,
        Some(_) => return 4,
        None => {}
    }
    match error.downcast_ref() {
        Some(Storage::Locked { .. } | Storage::Genesis { .. } | Storage::Version { .. }) => 4,
        _ => error.source().map_or(1, code),
    }
}

/// Whether a node answers by token, and not this question for ours.
pub(crate) fn is_not_allowed(error: &TransportError) -> bool {
    error.as_error_resp().is_some_and(|payload| payload.code == NOT_ALLOWED)
}

/// What the L2's endpoint said, or that it said nothing.
fn unanswered(error: &TransportError) -> Failure {
    match error {
        RpcError::ErrorResp(payload) => {
            let reason = payload.as_revert_data().and_then(|data| {
                alloy::sol_types::decode_revert_reason(&data)
                    .filter(|reason| !payload.message.contains(reason))
            });
            let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
            let poor = payload.message.contains("insufficient funds");
            let advice = match payload.code {
                NOT_ALLOWED => "; show your token with --access-token @FILE",
                _ if poor => "; bring ether with `mezz deposit`, or name another --key",
                _ => "",
            };
            Failure::failed(format!("the L2 refused it: {}{reason}{advice}", payload.message))
        }
        RpcError::Transport(error) => {
            let mut cause: &(dyn Error + 'static) = error;
            while let Some(source) = cause.source() {
                cause = source;
            }
            Failure::not_running(format!(
                "the L2 does not answer ({cause}); start it with `mezz up`, or give the --datadir of a running one"
            ))
        }
        error => Failure::failed(format!(
            "the L2 answered something else than the standard says: {error}"
        )),
    }
}

impl Output {
    /// Prints an answer: `text` for people, `value` for programs.
    pub(crate) fn answer(
        self,
        text: impl AsRef<str>,
        value: &impl Serialize,
    ) -> Result<(), Failure> {
        if self.json { print(serde_json::to_string_pretty(value)?) } else { print(text.as_ref()) }
    }

    /// Prints an answer that is bad news: `failure` is what the command ends with.
    pub(crate) fn answer_failing(
        self,
        text: impl AsRef<str>,
        value: &impl Serialize,
        failure: Failure,
    ) -> Result<(), Failure> {
        self.answer(text, value)?;
        Err(Failure { answered: true, ..failure })
    }

    /// Says what is going on; not part of the answer.
    pub(crate) fn note(self, text: impl AsRef<str>) {
        if !self.json {
            complain(text.as_ref());
        }
    }

    /// Prints a failure and gives its exit code.
    pub(crate) fn fail(self, failure: &Failure) -> ExitCode {
        let printed = self.json
            && !failure.answered
            && print(serde_json::json!({ "error": failure.message, "code": failure.code })).is_ok();
        if !printed {
            complain(format_args!("error: {}", failure.message));
        }
        ExitCode::from(failure.code)
    }
}

/// An amount of ether without the zeros at its end.
pub(crate) fn ether(wei: U256) -> String {
    format_ether(wei).trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text that begins at column `indent`, broken between words so that it fits a terminal of 80.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    let (mut out, mut column) = (String::new(), indent);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > indent && column + 1 + length > 80 {
            out += &format!("\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += length;
    }
    out
}

/// Prints a line on standard output. A reader that went away (`mezz status | head`) is no error; a full disk is one.
pub(crate) fn print(line: impl std::fmt::Display) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure {
            answered: true,
            ..Failure::failed(format!("the answer cannot be written: {error}"))
        }),
        _ => Ok(()),
    }
}

/// Prints a line on standard error, where nobody may listen.
fn complain(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ether_has_no_zeros_at_its_end() {
        let check = |wei: u64, expected: &str| assert_eq!(ether(U256::from(wei)), expected);
        check(0, "0");
        check(1_500_000_000_000_000_000, "1.5");
        check(10_000_000_000_000_000_000, "10");
        check(1, "0.000000000000000001");
    }

    #[test]
    fn wrapped_text_keeps_its_words_and_its_column() {
        let text = wrapped(&"word ".repeat(40), 20);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with(&" ".repeat(20))), "{text}");
        assert_eq!(text.split_whitespace().count(), 40);
    }

    #[test]
    fn whose_fault_it_is_decides_the_exit_code() {
        let check = |error: mezz_l1::Error, code: u8| assert_eq!(Failure::from(error).code, code);
        check(mezz_l1::Error::Url { url: "x".into() }, 2);
        check(mezz_l1::Error::WrongChain { expected: 1, actual: 2 }, 4);
        check(DeployError::Refused(Vec::new()).into(), 4);
        assert_eq!(Failure::from(DeployError::Syntax("x".into())).code, 2);
        let dead = || mezz_l1::Error::Unreachable {
            endpoint: "x".into(),
            method: "y".into(),
            reason: "z".into(),
        };
        check(dead(), 3);
        assert_eq!(Failure::from(mezz_node::Error::L1(dead())).code, 3);
    }
}
