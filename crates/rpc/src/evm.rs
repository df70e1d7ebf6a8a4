//! Calls that leave no trace: overrides, environments, time limits.

use crate::{
    RpcError,
    node::StateAt,
    shape::saturate,
    words::{geth_words, halt_words},
    workers::Deadline,
};
use alloy::{
    primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256, map::AddressMap},
    rpc::types::{
        BlockOverrides,
        state::{AccountOverride, StateOverride},
    },
};
use mezz_evm::{
    BlockEnvironment, Chain, Evm, EvmContext, Kind, Layer, Overlay, precompiles,
    transact_inspected, with_precompiles,
};
use revm::{
    Database, DatabaseCommit, DatabaseRef, Inspector, MainBuilder,
    bytecode::Bytecode,
    context::{
        BlockEnv, CfgEnv, Context, TxEnv,
        result::{EVMError, ExecutionResult, InvalidTransaction, ResultAndState},
    },
    handler::FrameResult,
    interpreter::{
        CallInputs, CallOutcome, CreateInputs, CreateOutcome, FrameInput, InstructionResult,
        Interpreter,
    },
    primitives::Log,
    state::{AccountInfo, EvmState},
};
use std::collections::BTreeMap;

type StoreError = mezz_storage::Error;

/// A state with changes and block hashes of one's own over it.
#[derive(Clone)]
pub(crate) struct SceneDb {
    pub(crate) overlay: Overlay<StateAt>,
    pub(crate) hashes: BTreeMap<u64, B256>,
}

/// Where a call takes place: a state, a block environment, and what was changed in both.
pub(crate) struct Scene {
    pub(crate) chain: Chain,
    pub(crate) cfg: CfgEnv,
    pub(crate) block: BlockEnv,
    pub(crate) db: SceneDb,
    pub(crate) deadline: Deadline,
    /// Bytes that recording instructions may take; see [`Guard::bytes_left`].
    pub(crate) record_bytes_max: usize,
    /// Precompiles that were moved (to the key) or put out of force (the key, with no original).
    pub(crate) moves: AddressMap<Option<Address>>,
}

/// Where calls of a precompile go that was put out of force: any address that is none.
const NO_PRECOMPILE: Address = Address::repeat_byte(0xfe);

impl Scene {
    /// A scene on `state` in a block with `environment`. Whoever calls needs no nonce, no fee, and may be a contract.
    pub(crate) fn new(
        chain: Chain,
        state: StateAt,
        environment: &BlockEnvironment,
        deadline: Deadline,
    ) -> Self {
        let mut cfg = chain.cfg_env();
        cfg.disable_nonce_check = true;
        cfg.disable_block_gas_limit = true;
        cfg.disable_eip3607 = true;
        cfg.disable_base_fee = true;
        cfg.tx_gas_limit_cap = Some(u64::MAX);
        let db = SceneDb { overlay: Overlay::new(state), hashes: BTreeMap::new() };
        Self {
            chain,
            cfg,
            block: environment.block_env(),
            db,
            deadline,
            record_bytes_max: usize::MAX,
            moves: AddressMap::default(),
        }
    }

    /// Replaces fields of the block.
    pub(crate) fn override_block(&mut self, overrides: &BlockOverrides) {
        let block = &mut self.block;
        block.number = overrides.number.unwrap_or(block.number);
        block.difficulty = overrides.difficulty.unwrap_or(block.difficulty);
        block.timestamp = overrides.time.map_or(block.timestamp, U256::from);
        block.gas_limit = overrides.gas_limit.unwrap_or(block.gas_limit);
        block.beneficiary = overrides.coinbase.unwrap_or(block.beneficiary);
        block.prevrandao = overrides.random.or(block.prevrandao);
        block.basefee = overrides.base_fee.map_or(block.basefee, saturate);
        if let (Some(fee), Some(blob)) =
            (overrides.blob_base_fee, block.blob_excess_gas_and_price.as_mut())
        {
            blob.blob_gasprice = fee.saturating_to();
        }
        self.db
            .hashes
            .extend(overrides.block_hash.iter().flatten().map(|(number, hash)| (*number, *hash)));
    }

    /// Replaces accounts, in the manner of `eth_call` and `eth_simulateV1`.
    pub(crate) fn override_state(&mut self, overrides: &StateOverride) -> Result<(), RpcError> {
        let sorted: BTreeMap<_, _> = overrides.iter().collect();
        self.move_precompiles(&sorted)?;
        for (address, account) in sorted {
            self.override_account(*address, account)?;
        }
        Ok(())
    }

    /// Moves come first: then the code that takes a precompile's place is set.
    fn move_precompiles(
        &mut self,
        overrides: &BTreeMap<&Address, &AccountOverride>,
    ) -> Result<(), RpcError> {
        let precompiles = precompiles(self.chain.layer);
        for (from, account) in overrides {
            let Some(to) = account.move_precompile_to else {
                if account.code.is_some() && precompiles.contains(from) {
                    self.moves.insert(**from, None);
                }
                continue;
            };
            if to == **from {
                return Err(RpcError::new(-38022, format!("account {from} is moved to itself")));
            }
            if !precompiles.contains(from) {
                return Err(RpcError::rejected(format!("account {from} is not a precompile")));
            }
            if self.moves.get(&to).is_some_and(Option::is_some)
                || overrides.get(&to).is_some_and(|other| other.move_precompile_to.is_some())
            {
                return Err(RpcError::new(-38023, format!("account {to} is already overridden")));
            }
            self.moves.insert(to, Some(**from));
            self.moves.entry(**from).or_insert(None);
        }
        Ok(())
    }

    fn override_account(
        &mut self,
        address: Address,
        account: &AccountOverride,
    ) -> Result<(), RpcError> {
        if account.state.is_some() && account.state_diff.is_some() {
            return Err(RpcError::invalid_params(format!(
                "account {address} has both 'state' and 'stateDiff'"
            )));
        }
        let overlay = &mut self.db.overlay;
        let mut info = overlay.basic_ref(address)?.unwrap_or_default();
        info.balance = account.balance.unwrap_or(info.balance);
        info.nonce = account.nonce.unwrap_or(info.nonce);
        if let Some(code) = &account.code {
            info.code_hash = if code.is_empty() { KECCAK256_EMPTY } else { keccak256(code) };
            if !code.is_empty() {
                let bytecode = Bytecode::new_raw_checked(code.clone()).map_err(|error| {
                    RpcError::invalid_params(format!("code of {address}: {error}"))
                })?;
                overlay.diff.codes.insert(info.code_hash, bytecode);
            }
        }
        info.code = None;
        let change = overlay.diff.accounts.entry(address).or_default();
        change.info = Some(info);
        if let Some(state) = &account.state {
            change.wiped = true;
            change.storage =
                state.iter().map(|(slot, value)| ((*slot).into(), (*value).into())).collect();
        }
        change.storage.extend(
            account
                .state_diff
                .iter()
                .flatten()
                .map(|(slot, value)| (U256::from_be_bytes(slot.0), U256::from_be_bytes(value.0))),
        );
        Ok(())
    }

    /// Executes one call. The state is not changed.
    pub(crate) fn run<I>(
        &mut self,
        tx: TxEnv,
        inspector: I,
    ) -> Result<(ResultAndState, I), CallError>
    where
        I: for<'a> Inspector<EvmContext<&'a mut SceneDb>>,
    {
        let guard = Guard::new(inspector, &self.moves, self.deadline, self.record_bytes_max);
        let (cfg, block) = (self.cfg.clone(), self.block.clone());
        inspected(&mut self.db, self.chain.layer, cfg, block, tx, Kind::Ethereum, guard)
    }

    /// Writes what a call changed.
    pub(crate) fn commit(&mut self, state: EvmState) {
        self.db.overlay.commit(state);
    }
}

/// Executes one transaction on `db` under a [`Guard`].
pub(crate) fn inspected<DB, I>(
    db: &mut DB,
    layer: Layer,
    cfg: CfgEnv,
    block: BlockEnv,
    tx: TxEnv,
    kind: Kind,
    guard: Guard<'_, I>,
) -> Result<(ResultAndState, I), CallError>
where
    DB: Database<Error = StoreError>,
    I: for<'a> Inspector<EvmContext<&'a mut DB>>,
{
    let evm: Evm<&mut DB, Guard<'_, I>> = Context::<BlockEnv, _, _, _, _, _>::new(db, Chain::SPEC)
        .with_cfg(cfg)
        .with_block(block)
        .build_mainnet_with_inspector(guard);
    let mut evm = with_precompiles(evm, layer);
    let result = transact_inspected(&mut evm, tx, kind);
    let guard = evm.inspector;
    match result {
        _ if guard.stopped => Err(CallError::Rpc(guard.reason())),
        Ok(outcome) => Ok((outcome, guard.inner)),
        Err(EVMError::Transaction(invalid)) => Err(CallError::Invalid(invalid)),
        Err(EVMError::Database(error)) => Err(CallError::Rpc(error.into())),
        Err(error) => Err(CallError::Rpc(RpcError::internal(error))),
    }
}

/// Why a call has no result.
#[derive(Debug)]
pub(crate) enum CallError {
    /// It cannot start.
    Invalid(InvalidTransaction),
    /// The store, or the time.
    Rpc(RpcError),
}

impl From<RpcError> for CallError {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}

impl From<CallError> for RpcError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Invalid(invalid) => Self::rejected(geth_words(&invalid)),
            CallError::Rpc(error) => error,
        }
    }
}

/// An inspector with a time limit, and with precompiles that can be moved.
pub(crate) struct Guard<'m, I> {
    inner: I,
    moves: &'m AddressMap<Option<Address>>,
    deadline: Deadline,
    steps: u32,
    /// What recording may still take, when every instruction is recorded with its stack; all ones when none is.
    bytes_left: usize,
    stopped: bool,
}

/// Instructions between two looks at the clock.
const STEPS_PER_LOOK: u32 = 4096;
/// Bytes that the record of an instruction takes beside its stack.
const RECORD_BYTES: usize = 256;

impl<'m, I> Guard<'m, I> {
    /// Watches over `inner`. `bytes` is what recording may take.
    pub(crate) const fn new(
        inner: I,
        moves: &'m AddressMap<Option<Address>>,
        deadline: Deadline,
        bytes: usize,
    ) -> Self {
        Self { inner, moves, deadline, steps: 0, bytes_left: bytes, stopped: false }
    }

    /// Whether an instruction with this stack is one too many.
    fn is_over(&mut self, stack: usize) -> bool {
        self.steps = self.steps.wrapping_add(1);
        if self.bytes_left != usize::MAX {
            self.bytes_left = self.bytes_left.saturating_sub(RECORD_BYTES + 32 * stack);
        }
        self.stopped |= self.bytes_left == 0
            || (self.steps.is_multiple_of(STEPS_PER_LOOK) && self.deadline.passed());
        self.stopped
    }

    /// Why it was stopped.
    fn reason(&self) -> RpcError {
        match self.bytes_left {
            0 => RpcError::limit(
                "trace too large: trace one transaction, leave out stack or memory, or use callTracer",
            ),
            _ => self.deadline.error(),
        }
    }
}

impl<CTX, I: Inspector<CTX>> Inspector<CTX> for Guard<'_, I> {
    fn initialize_interp(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        self.inner.initialize_interp(interp, context);
    }

    fn step(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        if self.is_over(interp.stack.len()) {
            interp.halt(InstructionResult::OutOfGas);
            return;
        }
        self.inner.step(interp, context);
    }

    fn step_end(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        self.inner.step_end(interp, context);
    }

    fn log(&mut self, context: &mut CTX, log: Log) {
        self.inner.log(context, log);
    }

    fn log_full(&mut self, interp: &mut Interpreter, context: &mut CTX, log: Log) {
        self.inner.log_full(interp, context, log);
    }

    fn frame_start(&mut self, context: &mut CTX, input: &mut FrameInput) -> Option<FrameResult> {
        self.inner.frame_start(context, input)
    }

    fn frame_end(&mut self, context: &mut CTX, input: &FrameInput, result: &mut FrameResult) {
        self.inner.frame_end(context, input, result);
    }

    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        let outcome = self.inner.call(context, inputs);
        // revm looks for a precompile at the address of the code, and runs the code that was loaded already when there is none.
        if let Some(moved) = self.moves.get(&inputs.bytecode_address) {
            inputs.bytecode_address = moved.unwrap_or(NO_PRECOMPILE);
        }
        outcome
    }

    fn call_end(&mut self, context: &mut CTX, inputs: &CallInputs, outcome: &mut CallOutcome) {
        self.inner.call_end(context, inputs, outcome);
    }

    fn create(&mut self, context: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.inner.create(context, inputs)
    }

    fn create_end(
        &mut self,
        context: &mut CTX,
        inputs: &CreateInputs,
        outcome: &mut CreateOutcome,
    ) {
        self.inner.create_end(context, inputs, outcome);
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        self.inner.selfdestruct(contract, target, value);
    }
}

/// A result as `eth_call` answers it: the output, or what went wrong.
pub(crate) fn output(result: ExecutionResult) -> Result<Bytes, RpcError> {
    match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(RpcError::execution_reverted(&output)),
        ExecutionResult::Halt { reason, .. } => Err(RpcError::rejected(halt_words(&reason))),
    }
}

impl DatabaseRef for SceneDb {
    type Error = StoreError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StoreError> {
        self.overlay.basic_ref(address)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, StoreError> {
        self.overlay.code_by_hash_ref(hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, StoreError> {
        self.overlay.storage_ref(address, slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, StoreError> {
        self.hashes
            .get(&number)
            .map_or_else(|| self.overlay.block_hash_ref(number), |hash| Ok(*hash))
    }
}

impl Database for SceneDb {
    type Error = StoreError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StoreError> {
        self.basic_ref(address)
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, StoreError> {
        self.code_by_hash_ref(hash)
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, StoreError> {
        self.storage_ref(address, slot)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StoreError> {
        self.block_hash_ref(number)
    }
}

impl DatabaseCommit for SceneDb {
    fn commit(&mut self, changes: EvmState) {
        self.overlay.commit(changes);
    }
}
