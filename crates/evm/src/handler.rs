//! One transaction on revm, with what an L2 adds: fees to vaults and deposits.

use crate::Charges;
use alloy_consensus::crypto::secp256k1::recover_signer;
use alloy_eips::eip7702::{RecoveredAuthority, RecoveredAuthorization, SignedAuthorization};
use alloy_primitives::U256;
use core::marker::PhantomData;
use mezz_primitives::predeploys::{BASE_FEE_VAULT, L1_FEE_VAULT, OPERATOR_FEE_VAULT};
use revm::{
    Database, Inspector,
    context::{
        Block, BlockEnv, CfgEnv, Context, ContextTr, JournalTr, Transaction, TxEnv,
        either::Either,
        journaled_state::account::JournaledAccountTr,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction, ResultAndState},
    },
    handler::{EvmTr, FrameResult, Handler, MainnetEvm, post_execution, pre_execution},
    inspector::InspectorHandler,
    interpreter::{GasTracker, InitialAndFloorGas, interpreter::EthInterpreter},
};

/// The context that everything here runs in.
pub type EvmContext<DB> = Context<BlockEnv, TxEnv, CfgEnv, DB>;

/// revm over a database, with an inspector or none.
pub type Evm<DB, I = ()> = MainnetEvm<EvmContext<DB>, I>;

/// How a transaction pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As on Ethereum: the base fee is burnt.
    Ethereum,
    /// As on a rollup: L1 and operator fee besides, every fee to its vault.
    Rollup(Charges),
    /// Not at all: minted on L1, the call made for what it is worth.
    Deposit {
        /// Wei credited to the sender first, whatever the call does.
        mint: u128,
    },
}

/// Executes one transaction and returns what it changed. The database is not written.
pub fn transact<DB: Database, I>(
    evm: &mut Evm<DB, I>,
    tx: TxEnv,
    kind: Kind,
) -> Result<ResultAndState, EVMError<DB::Error>> {
    evm.ctx.tx = tx;
    let result = Rules::new(kind).run(evm);
    finish(evm, kind, result)
}

/// As [`transact`], with the inspector watching.
pub fn transact_inspected<DB: Database, I: Inspector<EvmContext<DB>, EthInterpreter>>(
    evm: &mut Evm<DB, I>,
    tx: TxEnv,
    kind: Kind,
) -> Result<ResultAndState, EVMError<DB::Error>> {
    evm.ctx.tx = tx;
    let result = Rules::new(kind).inspect_run(evm);
    finish(evm, kind, result)
}

/// Takes the changes out of the journal. A deposit that could not start is a failed one, not an invalid one.
fn finish<DB: Database, I>(
    evm: &mut Evm<DB, I>,
    kind: Kind,
    result: Result<ExecutionResult, EVMError<DB::Error>>,
) -> Result<ResultAndState, EVMError<DB::Error>> {
    let result = match (result, kind) {
        (Err(EVMError::Transaction(_)), Kind::Deposit { mint }) => fail_deposit(evm, mint)?,
        (result, _) => result?,
    };
    Ok(ResultAndState { result, state: evm.ctx.journaled_state.finalize() })
}

/// Credits the mint, uses up the nonce and the gas, and nothing else.
fn fail_deposit<DB: Database, I>(
    evm: &mut Evm<DB, I>,
    mint: u128,
) -> Result<ExecutionResult, EVMError<DB::Error>> {
    let gas_limit = evm.ctx.tx.gas_limit;
    let caller = evm.ctx.tx.caller;
    let journal = evm.ctx.journal_mut();
    let mut account = journal.load_account_mut(caller)?.data;
    account.incr_balance(U256::from(mint));
    account.bump_nonce();
    account.touch();
    journal.commit_tx();
    Ok(ExecutionResult::Halt {
        reason: HaltReason::OutOfGas(revm::context::result::OutOfGasError::Basic),
        gas: revm::context::result::ResultGas::default().with_total_gas_spent(gas_limit),
        logs: alloc::vec::Vec::new(),
    })
}

/// revm's mainnet handler with the fees of one [`Kind`].
struct Rules<DB, I> {
    kind: Kind,
    types: PhantomData<(DB, I)>,
}

/// Whose authorization it is (EIP-7702).
fn recovered(signed: &SignedAuthorization) -> RecoveredAuthorization {
    let signer = signed
        .signature()
        .ok()
        .and_then(|signature| recover_signer(&signature, signed.signature_hash()).ok());
    let authority = signer.map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
    RecoveredAuthorization::new_unchecked(signed.inner().clone(), authority)
}

impl<DB, I> Rules<DB, I> {
    const fn new(kind: Kind) -> Self {
        Self { kind, types: PhantomData }
    }
}

impl<DB: Database, I> Handler for Rules<DB, I> {
    type Evm = Evm<DB, I>;
    type Error = EVMError<DB::Error>;
    type HaltReason = HaltReason;

    fn validate_env(&self, evm: &mut Self::Evm) -> Result<(), Self::Error> {
        match self.kind {
            Kind::Deposit { .. } => Ok(()),
            Kind::Ethereum | Kind::Rollup(_) => revm::handler::validation::validate_env(evm.ctx()),
        }
    }

    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut Self::Evm,
        _: &mut InitialAndFloorGas,
    ) -> Result<(), Self::Error> {
        let context = evm.ctx();
        match self.kind {
            Kind::Ethereum => pre_execution::validate_against_state_and_deduct_caller(context),
            Kind::Rollup(charges) => {
                let (caller, upfront) = (context.tx.caller, charges.upfront(context.tx.gas_limit));
                let balance = *context.journal_mut().load_account_mut(caller)?.balance();
                let needed = context.tx.max_balance_spending()?.saturating_add(upfront);
                if balance < needed {
                    return Err(InvalidTransaction::LackOfFundForMaxFee {
                        fee: needed.into(),
                        balance: balance.into(),
                    }
                    .into());
                }
                pre_execution::validate_against_state_and_deduct_caller::<_, Self::Error>(context)?;
                let mut account = context.journal_mut().load_account_mut(caller)?.data;
                let rest = account.balance().saturating_sub(upfront);
                account.set_balance(rest);
                Ok(())
            }
            Kind::Deposit { mint } => {
                let (caller, is_call) = (context.tx.caller, context.tx.kind.is_call());
                let value = context.tx.value;
                let mut account = context.journal_mut().load_account_mut(caller)?.data;
                account.incr_balance(U256::from(mint));
                // Checked here, as a creation that lacked its value would leave the nonce as it is.
                let balance = *account.balance();
                if balance < value {
                    return Err(InvalidTransaction::LackOfFundForMaxFee {
                        fee: value.into(),
                        balance: balance.into(),
                    }
                    .into());
                }
                if is_call {
                    account.bump_nonce();
                }
                account.touch();
                Ok(())
            }
        }
    }

    fn apply_eip7702_auth_list(
        &self,
        evm: &mut Self::Evm,
        gas: &mut GasTracker,
    ) -> Result<Option<u64>, Self::Error> {
        let context = evm.ctx();
        // By our way to a signer, which the proven program has circuits for; the list's own is a library's.
        for authorization in &mut context.tx.authorization_list {
            if let Either::Left(signed) = authorization {
                *authorization = Either::Right(recovered(signed));
            }
        }
        pre_execution::apply_eip7702_auth_list::<_, Self::Error>(context, gas)
    }

    fn reimburse_caller(
        &self,
        evm: &mut Self::Evm,
        frame: &mut FrameResult,
    ) -> Result<(), Self::Error> {
        let refund = match self.kind {
            Kind::Deposit { .. } => return Ok(()),
            Kind::Ethereum => U256::ZERO,
            Kind::Rollup(charges) => {
                charges.operator(evm.ctx.tx.gas_limit).saturating_sub(charges.operator(used(frame)))
            }
        };
        Ok(post_execution::reimburse_caller(evm.ctx(), frame.gas(), refund)?)
    }

    fn reward_beneficiary(
        &self,
        evm: &mut Self::Evm,
        frame: &mut FrameResult,
    ) -> Result<(), Self::Error> {
        let charges = match self.kind {
            Kind::Deposit { .. } => return Ok(()),
            Kind::Ethereum => {
                return Ok(post_execution::reward_beneficiary(evm.ctx(), frame.gas())?);
            }
            Kind::Rollup(charges) => charges,
        };
        let context = evm.ctx();
        post_execution::reward_beneficiary(context, frame.gas())?;
        let base_fee = U256::from(context.block.basefee()) * U256::from(used(frame));
        for (vault, fee) in [
            (BASE_FEE_VAULT, base_fee),
            (L1_FEE_VAULT, charges.l1_fee),
            (OPERATOR_FEE_VAULT, charges.operator(used(frame))),
        ] {
            if !fee.is_zero() {
                context.journal_mut().load_account_mut(vault)?.incr_balance(fee);
            }
        }
        Ok(())
    }
}

impl<DB: Database, I: Inspector<EvmContext<DB>, EthInterpreter>> InspectorHandler for Rules<DB, I> {
    type IT = EthInterpreter;
}

/// Gas paid for, after refunds.
fn used(frame: &FrameResult) -> u64 {
    frame.gas().used()
}
