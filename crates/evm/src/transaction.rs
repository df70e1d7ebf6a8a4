//! The transactions that stand in blocks of either layer.

use alloc::vec::Vec;
use alloy_consensus::{
    EthereumTxEnvelope, Sealed, Transaction as _, TransactionEnvelope, TxEip4844, Typed2718,
    crypto::RecoveryError, transaction::SignerRecoverable,
};
use alloy_eips::eip2718::{Decodable2718, Eip2718Error, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, TxKind, keccak256};
use mezz_primitives::{ATTRIBUTED_TYPE, Attributed};
use op_alloy_consensus::TxDeposit;
use revm::context::{TxEnv, either::Either};

/// A transaction as it stands in a block: Ethereum's types and the deposit.
#[derive(Debug, Clone, TransactionEnvelope)]
#[envelope(tx_type_name = TransactionType, alloy_consensus = alloy_consensus, serde_cfg(feature = "std"))]
pub enum Transaction {
    /// Types 0 to 4.
    #[envelope(flatten)]
    Ethereum(EthereumTxEnvelope<TxEip4844>),
    /// Type 0x7E: what L1 makes L2 do.
    #[envelope(ty = 126)]
    #[cfg_attr(feature = "std", serde(serialize_with = "op_alloy_consensus::serde_deposit_tx_rpc"))]
    Deposit(Sealed<TxDeposit>),
}

/// Bytes that are no transaction, or one without a valid signature.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes do not decode.
    #[error("not an EIP-2718 transaction: {0}")]
    Malformed(#[from] Eip2718Error),
    /// Bytes follow the transaction.
    #[error("{0} bytes follow the transaction; send exactly one")]
    Trailing(usize),
    /// No signer can be recovered.
    #[error("the signature recovers no sender: {0}")]
    Signature(#[from] RecoveryError),
}

/// A transaction with its sender, hash and encoding.
#[derive(Debug, Clone)]
pub struct SignedTransaction {
    /// The transaction.
    pub transaction: Transaction,
    /// Who signed it, or the `from` of a deposit.
    pub sender: Address,
    /// Its hash.
    pub hash: B256,
    /// Its EIP-2718 bytes: as they were signed, or [`Attributed`] if nobody here has the signature.
    pub bytes: Bytes,
    /// What stands in the block in place of `bytes`, where that is [`Attributed`].
    pub attributed: Option<Bytes>,
}

impl SignedTransaction {
    /// Decodes EIP-2718 bytes and recovers the sender. Signatures with a high `s` are refused (EIP-2).
    pub fn decode<B: Into<Bytes>>(bytes: B) -> Result<Self, DecodeError> {
        let bytes = bytes.into();
        let transaction = decode_exact(&bytes)?;
        let sender = transaction.signer()?;
        Ok(Self { sender, hash: keccak256(&bytes), transaction, bytes, attributed: None })
    }

    /// Decodes bytes whose sender was recovered before and kept; nothing is checked but the encoding.
    pub fn decode_recovered(bytes: impl Into<Bytes>, sender: Address) -> Result<Self, DecodeError> {
        let bytes = bytes.into();
        if let Some(attributed) = Attributed::decode(&bytes) {
            return Ok(Self::unsigned(attributed, bytes));
        }
        let transaction = decode_exact(&bytes)?;
        Ok(Self { sender, hash: keccak256(&bytes), transaction, bytes, attributed: None })
    }

    /// Takes a transaction whose sender is known already.
    pub fn new(transaction: Transaction, sender: Address) -> Self {
        let bytes = Bytes::from(transaction.encoded_2718());
        Self { sender, hash: keccak256(&bytes), transaction, bytes, attributed: None }
    }

    /// Reads one that a block holds with its sender in place of its signature: in that form, or signed.
    ///
    /// Without the signature its hash is that of the form.
    pub fn decode_attributed<B: Into<Bytes>>(bytes: B) -> Result<Self, DecodeError> {
        let bytes = bytes.into();
        match Attributed::decode(&bytes) {
            Some(attributed) => Ok(Self::unsigned(attributed, bytes)),
            None => Self::decode(bytes).map(Self::attribute),
        }
    }

    fn unsigned(Attributed { sender, transaction }: Attributed, bytes: Bytes) -> Self {
        let transaction = Transaction::Ethereum(transaction);
        Self { sender, hash: keccak256(&bytes), transaction, bytes, attributed: None }
    }

    /// Whether the block holds its sender in place of its signature.
    pub fn is_attributed(&self) -> bool {
        self.standing().first() == Some(&ATTRIBUTED_TYPE)
    }

    /// Whether its signature is not known here.
    pub fn is_unsigned(&self) -> bool {
        self.bytes.first() == Some(&ATTRIBUTED_TYPE)
    }

    /// The same for a block that holds the sender in place of the signature. A deposit has none.
    pub fn attribute(self) -> Self {
        let attributed = match &self.transaction {
            Transaction::Ethereum(_) if self.is_unsigned() => None,
            Transaction::Ethereum(signed) => Some(Attributed::new(self.sender, signed).encode()),
            Transaction::Deposit(_) => None,
        };
        Self { attributed, ..self }
    }

    /// The bytes that stand in the block.
    pub fn standing(&self) -> &Bytes {
        self.attributed.as_ref().unwrap_or(&self.bytes)
    }

    /// Whether this is a deposit.
    pub const fn is_deposit(&self) -> bool {
        matches!(self.transaction, Transaction::Deposit(_))
    }

    /// What revm executes. `nonce` is used by a deposit, which has none of its own.
    pub fn environment(&self) -> TxEnv {
        let tx = &self.transaction;
        TxEnv {
            tx_type: tx.ty(),
            caller: self.sender,
            gas_limit: tx.gas_limit(),
            gas_price: tx.max_fee_per_gas(),
            kind: tx.kind(),
            value: tx.value(),
            data: tx.input().clone(),
            nonce: tx.nonce(),
            chain_id: tx.chain_id(),
            access_list: tx.access_list().cloned().unwrap_or_default(),
            gas_priority_fee: tx.max_priority_fee_per_gas(),
            blob_hashes: tx.blob_versioned_hashes().map(<[B256]>::to_vec).unwrap_or_default(),
            max_fee_per_blob_gas: tx.max_fee_per_blob_gas().unwrap_or_default(),
            authorization_list: tx
                .authorization_list()
                .unwrap_or_default()
                .iter()
                // Whose they are is recovered when they are applied: a transaction that is not valid has not paid for it.
                .map(|signed| Either::Left(signed.clone()))
                .collect::<Vec<_>>(),
        }
    }

    /// The deposit inside, if it is one.
    pub fn deposit(&self) -> Option<&TxDeposit> {
        match &self.transaction {
            Transaction::Deposit(deposit) => Some(deposit.inner()),
            Transaction::Ethereum(_) => None,
        }
    }

    /// The address of the contract that it creates when `nonce` is the sender's at execution.
    pub fn created(&self, nonce: u64) -> Option<Address> {
        matches!(self.transaction.kind(), TxKind::Create).then(|| self.sender.create(nonce))
    }
}

/// Decodes one transaction and nothing after it.
fn decode_exact(bytes: &[u8]) -> Result<Transaction, DecodeError> {
    let mut rest = bytes;
    let transaction = Transaction::decode_2718(&mut rest)?;
    match rest.len() {
        0 => Ok(transaction),
        trailing => Err(DecodeError::Trailing(trailing)),
    }
}

impl Transaction {
    /// Recovers the sender of a signed transaction; a deposit names its own.
    pub fn signer(&self) -> Result<Address, RecoveryError> {
        match self {
            Self::Ethereum(signed) => signed.recover_signer(),
            Self::Deposit(deposit) => Ok(deposit.from),
        }
    }
}
