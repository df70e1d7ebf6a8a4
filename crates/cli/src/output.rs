//! What a command answers, and how it fails.

use serde::Serialize;
use std::process::ExitCode;

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
}

impl Failure {
    /// It went wrong.
    pub(crate) fn failed(message: impl ToString) -> Self {
        Self { code: 1, message: message.to_string() }
    }

    /// An argument does not make sense.
    pub(crate) fn usage(message: impl ToString) -> Self {
        Self { code: 2, message: message.to_string() }
    }

    /// What it needs is not running, or not ready.
    pub(crate) fn not_running(message: impl ToString) -> Self {
        Self { code: 3, message: message.to_string() }
    }

    /// It would not be right to do it.
    pub(crate) fn refused(message: impl ToString) -> Self {
        Self { code: 4, message: message.to_string() }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            source = cause.source();
        }
        Self::failed(message)
    }
}

impl Output {
    /// Prints an answer: `text` for people, `value` for programs.
    pub(crate) fn answer(self, text: impl AsRef<str>, value: &impl Serialize) {
        if self.json {
            match serde_json::to_string_pretty(value) {
                Ok(json) => print(json),
                Err(error) => eprintln!("error: the answer cannot be written as JSON: {error}"),
            }
        } else {
            print(text.as_ref());
        }
    }

    /// Says what is going on; not part of the answer.
    pub(crate) fn note(self, text: impl AsRef<str>) {
        if !self.json {
            eprintln!("{}", text.as_ref());
        }
    }

    /// Prints a failure and gives its exit code.
    pub(crate) fn fail(self, failure: &Failure) -> ExitCode {
        if self.json {
            print(serde_json::json!({ "error": failure.message, "code": failure.code }));
        } else {
            eprintln!("error: {}", failure.message);
        }
        ExitCode::from(failure.code)
    }
}

/// Prints a line on standard output. A reader that went away (`mezz status | head`) is no error.
fn print(line: impl std::fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}
