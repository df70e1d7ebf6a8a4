//! The access file: who reads what, in TOML.
//!
//! ```toml
//! [[reader]]
//! name = "supervisor"
//! role = "auditor"              # operator, member or auditor
//! key = "0x…"                   # opens payloads: `mezz dac access-key FILE` shows it
//! tokens = ["…"]                # SHA-256 of bearer tokens for RPC
//!
//! [[tenant]]
//! name = "acme"
//! key = "0x…"
//! accounts = ["0x…"]
//! tokens = ["…"]
//!
//! [[contract]]
//! address = "0x…"
//! functions = [{ signature = "balanceOf(address)", own = [0] }, { signature = "totalSupply()" }]
//! ```

use super::Who;
use alloy::{
    json_abi::Function,
    primitives::{Address, B256, Selector},
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};
use toml::Spanned;

/// The most readers with keys, and the most tenants with keys: as many as a sealed payload is made for.
const READERS_MAX: usize = 512;
const TENANTS_MAX: usize = 1_024;

/// What an access file says.
#[derive(Debug, Clone, Default)]
pub struct AccessFile {
    /// Who reads everything.
    pub readers: Vec<Reader>,
    /// Who reads its own things.
    pub tenants: Vec<Arc<Tenant>>,
    tokens: BTreeMap<B256, Holder>,
    /// For each function that tenants may call: which of its arguments must be accounts of theirs.
    functions: BTreeMap<(Address, Selector), Vec<usize>>,
}

/// Somebody who reads everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// For logs.
    pub name: Arc<str>,
    /// What it is.
    pub role: Role,
    /// The public half of the key with which it opens payloads, if it does.
    pub key: Option<B256>,
}

/// What somebody who reads everything is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It runs the chain: it may do everything.
    Operator,
    /// A member of the data committee. It has no business with RPC.
    Member,
    /// It sees everything and changes nothing.
    Auditor,
}

/// Somebody with accounts, who reads what concerns them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// For logs.
    pub name: Arc<str>,
    /// The public half of the key with which it opens its records, if it does.
    pub key: Option<B256>,
    /// Its accounts.
    pub accounts: BTreeSet<Address>,
}

#[derive(Debug, Clone, Copy)]
enum Holder {
    Reader(usize),
    Tenant(usize),
}

/// Why an access file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It cannot be read.
    #[error("the access file {} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It says what cannot be meant.
    #[error("line {line} of the access file {}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl AccessError {
    pub(super) fn of(self, file: &Path) -> Self {
        match self {
            Self::Content { line, reason, .. } => {
                Self::Content { path: file.to_owned(), line, reason }
            }
            other => other,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    reader: Vec<Spanned<RawReader>>,
    #[serde(default)]
    tenant: Vec<Spanned<RawTenant>>,
    #[serde(default)]
    contract: Vec<Spanned<RawContract>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReader {
    name: String,
    role: Role,
    key: Option<Spanned<String>>,
    #[serde(default)]
    tokens: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTenant {
    name: String,
    key: Option<Spanned<String>>,
    accounts: Vec<Spanned<String>>,
    #[serde(default)]
    tokens: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawContract {
    address: Spanned<String>,
    functions: Vec<Spanned<RawFunction>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFunction {
    signature: String,
    #[serde(default)]
    own: Vec<usize>,
}

impl AccessFile {
    /// Reads the text of an access file.
    pub fn parse(text: &str) -> Result<Self, AccessError> {
        let line = |at: usize| 1 + text[..at.min(text.len())].matches('\n').count();
        let wrong = |span: Range<usize>, reason: String| AccessError::Content {
            path: PathBuf::new(),
            line: line(span.start),
            reason,
        };
        let raw: RawFile = toml::from_str(text)
            .map_err(|error| wrong(error.span().unwrap_or_default(), error.message().to_owned()))?;
        let mut parser = Parser {
            file: Self::default(),
            names: BTreeSet::new(),
            keys: BTreeSet::new(),
            owners: BTreeMap::new(),
            wrong: &wrong,
        };
        raw.reader.into_iter().try_for_each(|reader| parser.reader(reader))?;
        raw.tenant.into_iter().try_for_each(|tenant| parser.tenant(tenant))?;
        raw.contract.into_iter().try_for_each(|contract| parser.contract(contract))?;
        let readers = parser.file.readers.iter().filter(|reader| reader.key.is_some()).count();
        let tenants = parser.file.tenants.iter().filter(|tenant| tenant.key.is_some()).count();
        if readers > READERS_MAX || tenants > TENANTS_MAX {
            let reason = format!(
                "{readers} readers and {tenants} tenants have keys, and payloads are sealed for {READERS_MAX} and {TENANTS_MAX} at most"
            );
            return Err(wrong(0..0, reason));
        }
        Ok(parser.file)
    }

    /// Who has a token.
    pub(crate) fn who(self: Arc<Self>, token: B256) -> Who {
        match self.tokens.get(&token) {
            None => Who::Unknown,
            Some(Holder::Tenant(index)) => Who::Tenant(self.tenants[*index].clone(), self),
            Some(Holder::Reader(index)) => {
                let reader = &self.readers[*index];
                match reader.role {
                    Role::Operator => Who::Operator(reader.name.clone()),
                    Role::Auditor | Role::Member => Who::Auditor(reader.name.clone()),
                }
            }
        }
    }

    /// Which arguments of a function must be accounts of the tenant that calls it; `None` if tenants may not call it.
    pub(crate) fn function(&self, contract: Address, selector: Selector) -> Option<&[usize]> {
        self.functions.get(&(contract, selector)).map(Vec::as_slice)
    }

    /// The contracts of which tenants may call some function.
    pub(crate) fn contracts(&self) -> impl Iterator<Item = Address> {
        self.functions.keys().map(|(contract, _)| *contract)
    }

    /// Whether tenants may call some function of a contract.
    pub(crate) fn has_contract(&self, address: Address) -> bool {
        let from = (address, Selector::ZERO);
        self.functions.range(from..).next().is_some_and(|((contract, _), _)| *contract == address)
    }
}

struct Parser<'a> {
    file: AccessFile,
    names: BTreeSet<String>,
    keys: BTreeSet<B256>,
    /// Whose account it is.
    owners: BTreeMap<Address, Arc<str>>,
    wrong: &'a dyn Fn(Range<usize>, String) -> AccessError,
}

impl Parser<'_> {
    fn reader(&mut self, raw: Spanned<RawReader>) -> Result<(), AccessError> {
        let span = raw.span();
        let RawReader { name, role, key, tokens } = raw.into_inner();
        self.name(&name, &span)?;
        if role == Role::Member && !tokens.is_empty() {
            let reason =
                "a member reads payloads, not RPC: remove its tokens, or list it as an auditor too";
            return Err((self.wrong)(span, reason.into()));
        }
        if key.is_none() && tokens.is_empty() {
            return Err((self.wrong)(
                span,
                format!("{name} needs a key, or tokens, to read anything"),
            ));
        }
        let key = key.map(|key| self.key(key)).transpose()?;
        let holder = Holder::Reader(self.file.readers.len());
        self.tokens(tokens, holder)?;
        self.file.readers.push(Reader { name: name.into(), role, key });
        Ok(())
    }

    fn tenant(&mut self, raw: Spanned<RawTenant>) -> Result<(), AccessError> {
        let span = raw.span();
        let RawTenant { name, key, accounts, tokens } = raw.into_inner();
        self.name(&name, &span)?;
        let name: Arc<str> = name.into();
        let key = key.map(|key| self.key(key)).transpose()?;
        let mut own = BTreeSet::new();
        for account in accounts {
            let at = account.span();
            let account = self.address(account)?;
            if let Some(owner) = self.owners.insert(account, name.clone()) {
                let reason = format!("{account} is {owner}'s already: an account is one tenant's");
                return Err((self.wrong)(at, reason));
            }
            own.insert(account);
        }
        let holder = Holder::Tenant(self.file.tenants.len());
        self.tokens(tokens, holder)?;
        self.file.tenants.push(Arc::new(Tenant { name, key, accounts: own }));
        Ok(())
    }

    fn contract(&mut self, raw: Spanned<RawContract>) -> Result<(), AccessError> {
        let RawContract { address, functions } = raw.into_inner();
        let address = self.address(address)?;
        for function in functions {
            let span = function.span();
            let RawFunction { signature, own } = function.into_inner();
            let parsed = Function::parse(&signature).map_err(|error| {
                (self.wrong)(span.clone(), format!("{signature:?} is no function: {error}"))
            })?;
            for index in &own {
                if let Some(fault) = fault_of_own(&parsed, *index) {
                    return Err((self.wrong)(
                        span,
                        format!("argument {index} of {signature} {fault}"),
                    ));
                }
            }
            if self.file.functions.insert((address, parsed.selector()), own).is_some() {
                return Err((self.wrong)(
                    span,
                    format!("{signature} of {address} is listed twice"),
                ));
            }
        }
        Ok(())
    }

    fn name(&mut self, name: &str, span: &Range<usize>) -> Result<(), AccessError> {
        let fault = match name {
            "" => "a name must not be empty",
            _ if !self.names.insert(name.to_owned()) => "this name is somebody else's already",
            _ => return Ok(()),
        };
        Err((self.wrong)(span.clone(), format!("{name:?}: {fault}")))
    }

    fn key(&mut self, key: Spanned<String>) -> Result<B256, AccessError> {
        let span = key.span();
        let reason = "a key is 0x and 64 hexadecimal digits, as `mezz dac access-key FILE` shows";
        let key = self.parsed(key, reason)?;
        match self.keys.insert(key) {
            true => Ok(key),
            false => Err((self.wrong)(span, format!("{key} is somebody's key already"))),
        }
    }

    fn address(&self, address: Spanned<String>) -> Result<Address, AccessError> {
        self.parsed(address, "an account is 0x and 40 hexadecimal digits")
    }

    fn parsed<T: std::str::FromStr>(
        &self,
        text: Spanned<String>,
        reason: &str,
    ) -> Result<T, AccessError> {
        text.get_ref()
            .parse()
            .map_err(|_| (self.wrong)(text.span(), format!("{:?}: {reason}", text.get_ref())))
    }

    fn tokens(&mut self, tokens: Vec<Spanned<String>>, holder: Holder) -> Result<(), AccessError> {
        for token in tokens {
            let span = token.span();
            let reason = "a token is listed by its SHA-256, 64 hexadecimal digits (printf %s TOKEN | sha256sum), and never itself";
            // What was put here by mistake is not repeated in a log.
            let hash = token
                .get_ref()
                .parse()
                .map_err(|_| (self.wrong)(span.clone(), reason.to_owned()))?;
            if self.file.tokens.insert(hash, holder).is_some() {
                return Err((self.wrong)(span, "this token is somebody's already".into()));
            }
        }
        Ok(())
    }
}

/// Why an argument cannot be checked for being an account of the caller's.
fn fault_of_own(function: &Function, index: usize) -> Option<&'static str> {
    let Some(argument) = function.inputs.get(index) else {
        return Some("is not there: the first has number 0");
    };
    if argument.ty != "address" {
        return Some("is no address");
    }
    // Each argument before it takes one word: what has a dynamic type is there as an offset.
    let wide = |ty: &str| {
        ty.starts_with("tuple") && !ty.ends_with("[]") || ty.ends_with("]") && !ty.ends_with("[]")
    };
    let before = &function.inputs[..index];
    before.iter().any(|argument| wide(&argument.ty)).then_some(
        "comes after a tuple or an array of fixed length, and is not found there: list the function with own = []",
    )
}
