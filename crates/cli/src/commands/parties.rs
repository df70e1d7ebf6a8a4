//! Who reads what of a private devnet: keys, tokens and the access file, in a folder of its own.
//!
//! | file | what |
//! |---|---|
//! | `access.toml` | the access file, which may be edited: a running node reads it again each minute |
//! | `NAME.key`, `member-ADDRESS.key` | access keys |
//! | `NAME.token` | tokens, for `--access-token @FILE` |

use super::{keys, node};
use crate::{files::write_atomically, output::Failure};
use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use mezz_da::private::{AccessKey, AccessPublicKey};
use mezz_l1::deploy::{DemandersIntent, Deployment, Intent, dev_key};
use mezz_node::CommitteeAccess;
use mezz_primitives::{Fallback, predeploys::MESSAGE_PASSER};
use mezz_rpc::access::{AccessList, token_hash};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Tenants, each with as many of the users' accounts, one after the other.
const TENANTS: [&str; 2] = ["acme", "bolt"];
const ACCOUNTS_EACH: u32 = 5;

/// Who reads what, as users see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PartiesFile {
    /// The access file.
    pub(crate) file: PathBuf,
    pub(crate) parties: Vec<PartyFile>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PartyFile {
    pub(crate) name: String,
    pub(crate) role: String,
    /// The file with its access key.
    pub(crate) key: PathBuf,
    pub(crate) token: String,
    /// Its accounts on L2, of a tenant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) accounts: Vec<Address>,
}

/// The parties of a private devnet.
pub(crate) struct Parties {
    folder: PathBuf,
    key: AccessKey,
    /// Who must be able to read what members sign: the operator, whose node challenges, and the auditor.
    pub(crate) must_read: BTreeSet<AccessPublicKey>,
    pub(crate) list: AccessList,
    pub(crate) shown: PartiesFile,
}

/// Whether a chain's payloads are to be private: only listed parties may demand them.
pub(crate) fn is_private(deployment: &Deployment) -> bool {
    deployment.contracts.committee.is_some_and(|contracts| contracts.demanders.is_some())
}

/// Makes a chain private: nothing goes to L1 in the clear but what one of these demands.
pub(crate) fn intend(intent: &mut Intent, challenger: Address) -> Result<(), Failure> {
    let Some(committee) = &mut intent.committee else {
        return Err(Failure::usage(
            "--private is for a chain whose data lie with a committee: `mezz up optimium --private` or `mezz up validium --private`",
        ));
    };
    committee.rules.fallback = Fallback::Stop;
    let tenants = (0..TENANTS.len()).flat_map(accounts);
    committee.demanders = Some(DemandersIntent {
        first: std::iter::once(challenger).chain(tenants).collect(),
        // Longer than whatever is posted or claimed before a removal can be looked at.
        delay: 2 * committee.rules.challenge_window.max(intent.windows.claim_window),
    });
    Ok(())
}

impl Parties {
    /// Those of a private chain, made if there are none yet; none of a chain that is not.
    pub(crate) fn of(
        deployment: &Deployment,
        members: &[Address],
        folder: &Path,
    ) -> Result<Option<Self>, Failure> {
        if !is_private(deployment) {
            return Ok(None);
        }
        fs::create_dir_all(folder)?;
        let parties = [("operator", "operator"), ("auditor", "auditor")]
            .map(|(name, role)| (name, role, Vec::new()))
            .into_iter()
            .chain((0..).zip(TENANTS).map(|(at, name)| (name, "tenant", accounts(at).collect())));
        let (mut shown, mut must_read) = (Vec::new(), BTreeSet::new());
        let mut text = "# Who reads what (docs/spec/private-data.md). A running node reads this again each minute.\n".to_owned();
        for (name, role, accounts) in parties {
            let (file, key) = access_key(folder, name)?;
            let token = token(folder, name)?;
            entry(&mut text, (name, role), key.public(), Some(&token), &accounts);
            if role != "tenant" {
                must_read.insert(key.public());
            }
            let (name, role) = (name.to_owned(), role.to_owned());
            shown.push(PartyFile { name, role, key: file, token, accounts });
        }
        for member in members {
            let (_, key) = access_key(folder, &member_name(*member))?;
            entry(&mut text, (&member.to_string(), "member"), key.public(), None, &[]);
        }
        // So that the way out can be estimated.
        let _ = writeln!(
            text,
            "\n[[contract]]\naddress = \"{MESSAGE_PASSER}\"\nfunctions = [{{ signature = \"initiateWithdrawal(address,uint256,bytes)\" }}]"
        );
        let file = folder.join("access.toml");
        // Whoever has edited it keeps what it says.
        if !file.exists() {
            write_atomically(&file, text.as_bytes())?;
        }
        let list = AccessList::read(&file).map_err(|error| Failure::usage(error.to_string()))?;
        let (_, key) = access_key(folder, "operator")?;
        let shown = PartiesFile { file, parties: shown };
        Ok(Some(Self { folder: folder.to_owned(), key, must_read, list, shown }))
    }

    /// The file with a member's access key.
    pub(crate) fn member_key(&self, member: Address) -> PathBuf {
        self.folder.join(format!("{}.key", member_name(member)))
    }

    /// What a node of the operator needs besides knowing where members are.
    pub(crate) fn grant(&self, access: CommitteeAccess) -> CommitteeAccess {
        let (key, list) = (Some(self.key.clone()), Some(self.list.clone()));
        CommitteeAccess { must_read: true, access_key: key, access_list: list, ..access }
    }

    /// Reads the access file again each minute.
    pub(crate) fn keep_up(&self) {
        tokio::spawn(self.list.clone().keep_up(node::ACCESS_RELOAD));
    }
}

impl PartiesFile {
    /// What a person reads of it.
    pub(crate) fn describe(&self) -> String {
        let mut text = format!(
            "\n  private: payloads are sealed, and the L2 answers by token\n  access      {}\n",
            self.file.display()
        );
        for party in &self.parties {
            let key = party.key.with_extension("token");
            let _ = writeln!(text, "    {:<10}--access-token @{}", party.name, key.display());
            if let (Some(first), Some(last)) = (party.accounts.first(), party.accounts.last()) {
                let _ = writeln!(text, "              {first} to {last}");
            }
        }
        text
    }
}

/// The accounts of a tenant.
fn accounts(tenant: usize) -> impl Iterator<Item = Address> {
    let first = tenant as u32 * ACCOUNTS_EACH;
    (first..first + ACCOUNTS_EACH).map(|index| dev_key(index).address())
}

fn member_name(member: Address) -> String {
    format!("member-{member}")
}

/// A party's access key and its file, made if it is not there.
fn access_key(folder: &Path, name: &str) -> Result<(PathBuf, AccessKey), Failure> {
    let file = folder.join(format!("{name}.key"));
    if !file.exists() {
        keys::write_new(&file, &AccessKey::random().to_bytes())?;
    }
    let key = AccessKey::read(&file)?;
    Ok((file, key))
}

/// A party's token, made if it is not there.
fn token(folder: &Path, name: &str) -> Result<String, Failure> {
    let file = folder.join(format!("{name}.token"));
    if !file.exists() {
        // 32 random bytes, whatever they are called.
        keys::write_new(&file, &PrivateKeySigner::random().to_bytes())?;
    }
    Ok(fs::read_to_string(file)?.trim().to_owned())
}

fn entry(
    text: &mut String,
    (name, role): (&str, &str),
    key: AccessPublicKey,
    token: Option<&str>,
    accounts: &[Address],
) {
    let head = match role {
        "tenant" => format!("[[tenant]]\nname = \"{name}\"\n"),
        _ => format!("[[reader]]\nname = \"{name}\"\nrole = \"{role}\"\n"),
    };
    // Writing to a string cannot fail.
    let _ = write!(text, "\n{head}key = \"{key}\"\n");
    if let Some(token) = token {
        let _ = writeln!(text, "tokens = [\"{}\"]", token_hash(token));
    }
    if !accounts.is_empty() {
        let accounts: Vec<_> = accounts.iter().map(|account| format!("\"{account}\"")).collect();
        let _ = writeln!(text, "accounts = [{}]", accounts.join(", "));
    }
}
