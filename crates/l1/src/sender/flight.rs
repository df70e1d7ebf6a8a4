//! One transaction on its way: what to do next, as a function of what was seen.

use crate::{BlockRef, Prices};

/// Observations of a used nonce without a receipt of ours after which the nonce is lost: an endpoint may show the two apart.
const LOST_AFTER: u32 = 4;

/// What a transaction offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fees {
    /// Wei per gas at most.
    pub max_fee: u128,
    /// Wei per gas for the proposer at most.
    pub tip: u128,
    /// Wei per blob gas at most; `None` for a transaction without blobs.
    pub blob_fee: Option<u128>,
}

/// How much to offer and how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeePolicy {
    /// Blocks without inclusion before the fees rise.
    pub patience: u64,
    /// The smallest tip, wei per gas.
    pub tip_min: u128,
    /// Never offer more per gas, wei.
    pub max_fee: u128,
    /// Never offer more per blob gas, wei.
    pub max_blob_fee: u128,
    /// Blocks that a receipt must have on top, itself included.
    pub confirmations: u64,
}

impl Default for FeePolicy {
    fn default() -> Self {
        Self {
            patience: 3,
            tip_min: 1_000_000,
            max_fee: 500_000_000_000,
            max_blob_fee: 500_000_000_000,
            confirmations: 1,
        }
    }
}

impl FeePolicy {
    /// The first offer: it stays good while the base fee doubles.
    pub fn offer(&self, prices: &Prices, blobs: bool) -> Fees {
        let tip = prices.tip.max(self.tip_min).min(self.max_fee);
        Fees {
            max_fee: (2 * prices.base_fee + tip).min(self.max_fee),
            tip,
            blob_fee: blobs
                .then(|| (2 * prices.blob_base_fee.unwrap_or(1)).max(1).min(self.max_blob_fee)),
        }
    }

    /// The next offer, high enough to take the place of `fees` in a pool: a tenth more, twice as much with blobs. `None` at the limit.
    pub fn bump(&self, fees: &Fees, prices: &Prices) -> Option<Fees> {
        let raised = |fee: u128| {
            if fees.blob_fee.is_some() { fee * 2 } else { fee + fee.div_ceil(10).max(1) }
        };
        let market = self.offer(prices, fees.blob_fee.is_some());
        let next = Fees {
            max_fee: raised(fees.max_fee).max(market.max_fee),
            tip: raised(fees.tip).max(market.tip),
            blob_fee: fees.blob_fee.map(|fee| raised(fee).max(market.blob_fee.unwrap_or_default())),
        };
        let within =
            next.max_fee <= self.max_fee && next.blob_fee.unwrap_or_default() <= self.max_blob_fee;
        within.then(|| Fees { tip: next.tip.min(next.max_fee), ..next })
    }
}

/// What the L1 says about a transaction at one of its blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// Number of the newest block.
    pub head: u64,
    /// Transactions of the account in blocks.
    pub nonce: u64,
    /// The block with one of our versions of the transaction.
    pub included: Option<BlockRef>,
    /// What the next block costs.
    pub prices: Prices,
}

/// Why a pool did not take a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// It has it already.
    Known,
    /// The nonce is used: it, or another one, is in a block.
    NonceUsed,
    /// It, or what it would replace, pays more.
    Underpriced,
    /// It is full, or holds a transaction of the account that must go first.
    Busy,
    /// The account cannot pay.
    Funds,
    /// Something else, which will not pass.
    Invalid,
}

impl Rejection {
    /// Reads what the endpoint said; the words are those of geth, reth, Nethermind, Besu, Erigon and anvil.
    pub fn read(message: &str) -> Self {
        let message = message.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if has(&["already known", "already imported", "known transaction", "alreadyknown"]) {
            Self::Known
        } else if has(&["nonce too low", "nonce is too low", "oldnonce", "nonce_too_low"]) {
            Self::NonceUsed
        } else if has(&[
            "underpriced",
            "replacement",
            "fee cap",
            "max fee per gas less",
            "feetoolow",
            "fee too low",
            "gas price below",
            "maxfeeperblobgas",
            "max fee per blob gas",
        ]) {
            Self::Underpriced
        } else if has(&[
            "reserved",
            "pool is full",
            "txpool is full",
            "limit exceeded",
            "already have",
            "in-flight transaction limit",
        ]) {
            Self::Busy
        } else if has(&[
            "insufficient funds",
            "insufficientfunds",
            "insufficient balance",
            "exceeds the balance",
            "upfront cost",
        ]) {
            Self::Funds
        } else {
            Self::Invalid
        }
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Look again later.
    Wait,
    /// Hand the last version to the pool again.
    Resend,
    /// Sign a version with the fees as they are now, and hand it to the pool.
    Sign,
    /// One of the versions is in this block for good.
    Included(BlockRef),
    /// Another transaction used the nonce.
    Replaced,
    /// L1 took transactions before it out of its blocks, and they do not come back.
    Unmade,
    /// The account cannot pay.
    Funds,
    /// No pool will take it.
    Invalid,
}

/// One transaction on its way: its nonce is fixed, only its fees change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flight {
    policy: FeePolicy,
    nonce: u64,
    fees: Fees,
    /// Head when a version was last handed to the pool.
    sent_at: u64,
    was_included: bool,
    lost: u32,
    /// Head since which the account's nonce has been below this one.
    behind_since: Option<u64>,
}

impl Flight {
    /// A transaction with this nonce that is about to be signed and sent.
    pub fn new(policy: FeePolicy, nonce: u64, head: u64, prices: &Prices, blobs: bool) -> Self {
        Self {
            policy,
            nonce,
            fees: policy.offer(prices, blobs),
            sent_at: head,
            was_included: false,
            lost: 0,
            behind_since: None,
        }
    }

    /// The nonce.
    pub const fn nonce(&self) -> u64 {
        self.nonce
    }

    /// What the version to sign offers.
    pub const fn fees(&self) -> Fees {
        self.fees
    }

    /// Its turn came at `head`: as long as those with lower nonces were waiting it had nothing to be patient about.
    pub fn turn(&mut self, head: u64) {
        self.sent_at = self.sent_at.max(head);
    }

    /// Folds in what the L1 says now.
    pub fn observe(&mut self, sight: &Sight) -> Step {
        if let Some(block) = sight.included {
            (self.was_included, self.lost) = (true, 0);
            let deep = sight.head + 1 >= block.number + self.policy.confirmations;
            return if deep { Step::Included(block) } else { Step::Wait };
        }
        if sight.nonce > self.nonce {
            self.lost += 1;
            return if self.lost < LOST_AFTER { Step::Wait } else { Step::Replaced };
        }
        self.lost = 0;
        if sight.nonce < self.nonce {
            // No fee brings it into a block now. Those before it may come back; an endpoint may also be late.
            let since = self.behind_since.map_or(sight.head, |since| since.min(sight.head));
            self.behind_since = Some(since);
            let given_up = sight.head >= since + self.policy.patience;
            return if given_up { Step::Unmade } else { Step::Wait };
        }
        self.behind_since = None;
        if self.was_included {
            // A reorganisation took it out; not every node puts it back.
            (self.was_included, self.sent_at) = (false, sight.head);
            return Step::Resend;
        }
        // A chain that was cut short counts from its new head.
        self.sent_at = self.sent_at.min(sight.head);
        if sight.head < self.sent_at + self.policy.patience {
            return Step::Wait;
        }
        self.raise(sight)
    }

    /// Folds in that the pool did not take the version handed to it.
    pub fn rejected(&mut self, rejection: Rejection, sight: &Sight) -> Step {
        match rejection {
            // What is right follows from the next sight.
            Rejection::Known | Rejection::NonceUsed | Rejection::Busy => Step::Wait,
            Rejection::Underpriced => match self.raise(sight) {
                Step::Sign => Step::Sign,
                // At the limit: wait until the market comes down or the other transaction is included.
                _ => Step::Wait,
            },
            Rejection::Funds => Step::Funds,
            Rejection::Invalid => Step::Invalid,
        }
    }

    fn raise(&mut self, sight: &Sight) -> Step {
        self.sent_at = sight.head;
        match self.policy.bump(&self.fees, &sight.prices) {
            Some(fees) => {
                self.fees = fees;
                Step::Sign
            }
            None => Step::Resend,
        }
    }
}
