//! The data committee of a devnet: members in the same process.

use super::parties::Parties;
use crate::output::Failure;
use alloy::primitives::Address;
use mezz_da::{
    Endpoint, Member, MemberConfig,
    committee::{AccessConfig, ChainServed, Clock, LimitsConfig, SignerConfig, StoreConfig},
};
use mezz_l1::{
    Client,
    contracts::CommitteeRegistry,
    deploy::{DEV_MEMBER, Deployment, dev_key},
};
use mezz_node::CommitteeAccess;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

/// How often the members' clock is set to that of L1, which may have been made to jump.
const CLOCK: Duration = Duration::from_secs(1);
/// Development accounts that may be members.
const MEMBERS_MAX: u32 = 20;

/// A committee as users see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommitteeFile {
    /// How many members must sign.
    pub(crate) threshold: u8,
    pub(crate) members: Vec<MemberFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemberFile {
    pub(crate) address: Address,
    pub(crate) url: String,
}

/// The members that run here.
pub(crate) struct Members {
    running: Vec<Member>,
    clock: JoinHandle<()>,
    pub(crate) shown: CommitteeFile,
    /// Who reads what, of a private chain.
    pub(crate) parties: Option<Parties>,
}

impl Members {
    /// Starts the members of epoch 0 whose keys everybody has, each with its own folder; none for a chain without a committee. With them come the parties of a private chain, with keys and tokens in the folder `access` beside.
    pub(crate) async fn start(
        deployment: &Deployment,
        client: &Client,
        directory: &Path,
    ) -> Result<Option<Self>, Failure> {
        let (config, contracts) = (&deployment.config, &deployment.contracts);
        let Some((rules, at)) = config.committee.zip(contracts.committee) else { return Ok(None) };
        let latest = alloy::eips::BlockNumberOrTag::Latest;
        let call = CommitteeRegistry::membersOfCall { epoch: 0 };
        let members = client.call(at.registry, &call, latest).await?;
        let call = CommitteeRegistry::epochAtCall { epoch: 0 };
        let threshold = client.call(at.registry, &call, latest).await?.threshold;
        let parties = Parties::of(deployment, &members, &directory.with_file_name("access"))?;
        let l1_time = Arc::new(AtomicU64::new(client.latest().await?.time));
        let clock = tokio::spawn(follow_clock(client.clone(), l1_time.clone()));
        let (mut running, mut shown) = (Vec::new(), Vec::new());
        for index in DEV_MEMBER..DEV_MEMBER + MEMBERS_MAX {
            let key = dev_key(index);
            if !members.contains(&key.address()) {
                continue;
            }
            let member = MemberConfig {
                listen: ([127, 0, 0, 1], 0).into(),
                data: directory.join(key.address().to_string()),
                signer: SignerConfig::KeyFile(Default::default()),
                bls_key_file: None,
                private_key_file: parties.as_ref().map(|them| them.member_key(key.address())),
                chains: vec![ChainServed {
                    l1_chain_id: config.l1_chain_id,
                    inbox: contracts.inbox,
                    batchers: BTreeSet::from([deployment.roles.batcher]),
                    retention: rules.retention,
                    expiry_slack: 86_400,
                    private: parties.is_some(),
                    must_read: parties
                        .as_ref()
                        .map_or_else(BTreeSet::new, |them| them.must_read.clone()),
                }],
                access: AccessConfig::default(),
                tls: None,
                peers: Vec::new(),
                peer_tls: None,
                store: StoreConfig::default(),
                limits: LimitsConfig::default(),
            };
            let l1_time = l1_time.clone();
            let clock =
                Clock::new(move || Clock::default().now().max(l1_time.load(Ordering::Relaxed)));
            let address = key.address();
            let member = Member::start_with(member, Arc::new(key), clock).await?;
            shown.push(MemberFile { address, url: format!("http://{}", member.local_addr()) });
            running.push(member);
        }
        let shown = CommitteeFile { threshold, members: shown };
        Ok(Some(Self { running, clock, shown, parties }))
    }

    /// How a node reaches them; the batcher's key asks for certificates.
    pub(crate) fn access(&self, batcher: u32) -> CommitteeAccess {
        let members = self.shown.members.iter();
        let access = CommitteeAccess {
            members: members
                .map(|member| Endpoint { address: member.address, url: member.url.clone() })
                .collect(),
            requester: Some(Arc::new(dev_key(batcher))),
            ..CommitteeAccess::default()
        };
        match &self.parties {
            Some(parties) => parties.grant(access),
            None => access,
        }
    }

    /// Stops them.
    pub(crate) async fn stop(self) {
        self.clock.abort();
        for member in self.running {
            member.stop().await;
        }
    }
}

async fn follow_clock(client: Client, time: Arc<AtomicU64>) {
    loop {
        tokio::time::sleep(CLOCK).await;
        if let Ok(head) = client.latest().await {
            time.store(head.time, Ordering::Relaxed);
        }
    }
}
