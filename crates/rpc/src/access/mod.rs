//! Who may ask what: the policy of a private chain (`docs/spec/private-data.md`, *Reads over RPC*).
//!
//! ```text
//!  Authorization: Bearer TOKEN ──► AccessList (a file) ──► Who ──► table: Rule of the method
//!        a call is refused, or its parameters are checked, or its answer is cut to what is the tenant's own
//! ```
//!
//! Without a list everybody may ask everything. With one, what is not in the table is refused.

mod check;
mod file;
mod filter;
mod table;
#[cfg(test)]
mod tests;

pub use file::{AccessError, AccessFile, Reader, Role, Tenant};
pub(crate) use filter::{Filter, View};
pub(crate) use table::Rule;
pub use table::is_listed;

use crate::{RpcError, node::Node, wire::Request};
use alloy::primitives::B256;
use parking_lot::RwLock;
use sha2::{Digest, Sha256};
use std::{fs, path::PathBuf, sync::Arc, time::Duration};

/// What a refusal says to programs.
const NOT_ALLOWED: i64 = -32001;

/// An access file that is read again when it changes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AccessList {
    path: Arc<PathBuf>,
    current: Arc<RwLock<(String, Arc<AccessFile>)>>,
}

impl AccessList {
    /// Reads the file.
    pub fn read(path: impl Into<PathBuf>) -> Result<Self, AccessError> {
        let path = path.into();
        let text = read(&path)?;
        let file = AccessFile::parse(&text).map_err(|error| error.of(&path))?;
        let current = Arc::new(RwLock::new((text, Arc::new(file))));
        Ok(Self { path: Arc::new(path), current })
    }

    /// What it says now.
    pub fn current(&self) -> Arc<AccessFile> {
        self.current.read().1.clone()
    }

    /// Reads the file again; tells whether it had changed. What was good stays if the new file is not.
    pub fn reload(&self) -> Result<bool, AccessError> {
        let text = read(&self.path)?;
        if self.current.read().0 == text {
            return Ok(false);
        }
        let file = AccessFile::parse(&text).map_err(|error| error.of(&self.path))?;
        *self.current.write() = (text, Arc::new(file));
        Ok(true)
    }

    /// Reads the file again and again, for ever.
    pub async fn keep_up(self, every: Duration) {
        let mut last = String::new();
        loop {
            tokio::time::sleep(every).await;
            match self.reload() {
                Ok(changed) => {
                    if changed {
                        tracing::info!(path = %self.path.display(), "the access file has changed, and counts from now on");
                    }
                    last.clear();
                }
                // Said once, not each minute.
                Err(error) if error.to_string() == last => {}
                Err(error) => {
                    tracing::error!(%error, "the access file cannot be used: what it said before still counts");
                    last = error.to_string();
                }
            }
        }
    }
}

fn read(path: &PathBuf) -> Result<String, AccessError> {
    fs::read_to_string(path).map_err(|source| AccessError::Read { path: path.clone(), source })
}

/// Who sent a request, as far as the connection says: the list, and the hash of the token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    list: Option<AccessList>,
    token: Option<B256>,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Who {
    /// There is no list.
    Unlimited,
    /// Who showed no token.
    Public,
    /// Who showed a token that is on no list.
    Unknown,
    Operator(Arc<str>),
    Auditor(Arc<str>),
    Tenant(Arc<Tenant>, Arc<AccessFile>),
}

/// What becomes of a call.
pub(crate) enum Admission {
    /// It is carried out.
    Run,
    /// It is carried out, and its answer is cut.
    Cut(Filter, View),
    /// It is answered without looking.
    Answer(String),
}

impl Caller {
    /// Of a request with these headers.
    pub(crate) fn new(list: Option<&AccessList>, headers: &hyper::HeaderMap) -> Self {
        let Some(list) = list else { return Self::default() };
        let header = headers.get(hyper::header::AUTHORIZATION);
        // A header that cannot be read is a wrong token, not none.
        let token = header.map(|header| {
            let text = header.to_str().unwrap_or_default();
            let token =
                text.split_once(' ').filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
            token_hash(token.map_or("", |(_, token)| token.trim()))
        });
        Self { list: Some(list.clone()), token }
    }

    /// Of a request without a socket: whoever makes those is the host itself.
    pub(crate) fn host() -> Self {
        Self::default()
    }

    /// Who it is now: a list may have changed since the connection was opened.
    pub(crate) fn who(&self) -> Who {
        let Some(list) = &self.list else { return Who::Unlimited };
        match self.token {
            None => Who::Public,
            Some(token) => list.current().who(token),
        }
    }
}

/// What the file has of a token.
pub fn token_hash(token: &str) -> B256 {
    B256::from_slice(&Sha256::digest(token.as_bytes()))
}

impl Who {
    /// For logs and metrics.
    const fn role(&self) -> &'static str {
        match self {
            Self::Unlimited => "unlimited",
            Self::Public => "public",
            Self::Unknown => "unknown",
            Self::Operator(_) => "operator",
            Self::Auditor(_) => "auditor",
            Self::Tenant(..) => "tenant",
        }
    }

    fn name(&self) -> &str {
        self.holder().map_or("", |name| &**name)
    }

    /// Whose token was shown, if somebody's was.
    pub(crate) fn holder(&self) -> Option<&Arc<str>> {
        match self {
            Self::Operator(name) | Self::Auditor(name) => Some(name),
            Self::Tenant(tenant, _) => Some(&tenant.name),
            _ => None,
        }
    }

    /// What it sees of others' things; `None` if it sees all.
    pub(crate) fn view(&self) -> Option<View> {
        match self {
            Self::Unlimited | Self::Operator(_) | Self::Auditor(_) => None,
            Self::Public | Self::Unknown => Some(View::public()),
            Self::Tenant(tenant, _) => Some(View::of(tenant.clone())),
        }
    }
}

/// Decides about a call before it is begun; what is refused, and what an auditor reads, is counted and logged.
pub(crate) fn admit(node: &Node, who: &Who, request: &Request<'_>) -> Result<Admission, RpcError> {
    if matches!(who, Who::Unlimited) {
        return Ok(Admission::Run);
    }
    let method = request.method.as_ref();
    let admission = decide(node, who, request);
    let known = if is_listed(method) { method } else { "unknown" };
    match &admission {
        Err(error) => {
            node.metrics.count_refusal(who.role(), known);
            tracing::info!(role = who.role(), name = who.name(), method = known, %error, "a call was refused");
        }
        Ok(_) if matches!(who, Who::Auditor(_)) => {
            node.metrics.count_audit(known);
            tracing::info!(auditor = who.name(), method, "an auditor reads");
        }
        Ok(_) => {}
    }
    admission
}

fn decide(node: &Node, who: &Who, request: &Request<'_>) -> Result<Admission, RpcError> {
    let method = request.method.as_ref();
    let Some(rule) = table::rule(method) else {
        return Err(refusal(method, "nobody: it is on no list of a private chain"));
    };
    match who {
        Who::Unlimited | Who::Operator(_) => Ok(Admission::Run),
        Who::Unknown => Err(RpcError::new(
            NOT_ALLOWED,
            "the token is on no list of this node: ask its operator, or send none to read what is public",
        )),
        Who::Auditor(_) if rule.is_read() => Ok(Admission::Run),
        Who::Auditor(_) => Err(refusal(method, rule.who_may())),
        Who::Public if rule.is_public() => Ok(match rule.filter() {
            Some(filter) => Admission::Cut(filter, View::public()),
            None => Admission::Run,
        }),
        Who::Public => Err(refusal(method, rule.who_may())),
        Who::Tenant(tenant, file) => check::tenant(node, rule, tenant, file, request),
    }
}

/// A refusal that says who may.
pub(crate) fn refusal(method: &str, who: &str) -> RpcError {
    RpcError::new(NOT_ALLOWED, format!("{method} is not allowed for this token; it is for {who}"))
}
