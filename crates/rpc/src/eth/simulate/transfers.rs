//! Transfers of ether as logs, as if ether were an ERC-20 token.

use alloy::primitives::{Address, B256, Log, LogData, U256, address, b256};
use revm::{
    Inspector,
    interpreter::{CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter},
};

/// The address that transfers of ether are logged by (EIP-7528).
const ETHER: Address = address!("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
/// `Transfer(address,address,uint256)`.
const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// Collects the logs of a call in order, with transfers of ether among them if asked for. What a reverted frame logged is forgotten.
#[derive(Debug)]
pub(super) struct TransferLogs {
    transfers: bool,
    /// One list for each open frame, beneath them the call's own.
    frames: Vec<Vec<Log>>,
}

impl TransferLogs {
    pub(super) fn new(transfers: bool) -> Self {
        Self { transfers, frames: vec![Vec::new()] }
    }

    /// The logs of the whole call.
    pub(super) fn into_logs(self) -> Vec<Log> {
        self.frames.into_iter().flatten().collect()
    }

    fn add(&mut self, log: Log) {
        self.frames.last_mut().expect("the call's own list is never closed; qed").push(log);
    }

    fn transfer(&mut self, from: Address, to: Address, value: U256) {
        if self.transfers && !value.is_zero() {
            let topics = vec![TRANSFER, from.into_word(), to.into_word()];
            self.add(Log {
                address: ETHER,
                data: LogData::new_unchecked(topics, value.to_be_bytes_vec().into()),
            });
        }
    }

    fn close(&mut self, succeeded: bool) {
        if self.frames.len() > 1 {
            let logs = self.frames.pop().expect("there are two; qed");
            if succeeded {
                self.frames.last_mut().expect("one is left; qed").extend(logs);
            }
        }
    }
}

impl<CTX> Inspector<CTX> for TransferLogs {
    fn log(&mut self, _: &mut CTX, log: Log) {
        self.add(log);
    }

    fn log_full(&mut self, _: &mut Interpreter, _: &mut CTX, log: Log) {
        self.add(log);
    }

    fn call(&mut self, _: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.frames.push(Vec::new());
        if let Some(value) = inputs.transfer_value() {
            self.transfer(inputs.caller, inputs.target_address, value);
        }
        None
    }

    fn call_end(&mut self, _: &mut CTX, _: &CallInputs, outcome: &mut CallOutcome) {
        self.close(outcome.result.result.is_ok());
    }

    fn create(&mut self, _: &mut CTX, _: &mut CreateInputs) -> Option<CreateOutcome> {
        self.frames.push(Vec::new());
        None
    }

    fn create_end(&mut self, _: &mut CTX, inputs: &CreateInputs, outcome: &mut CreateOutcome) {
        // The address is known only now; its transfer came before whatever it logged.
        if let (Some(address), true) = (outcome.address, outcome.result.result.is_ok()) {
            let logs = std::mem::take(self.frames.last_mut().expect("the frame is open; qed"));
            self.transfer(inputs.caller(), address, inputs.value());
            self.frames.last_mut().expect("the frame is open; qed").extend(logs);
        }
        self.close(outcome.result.result.is_ok());
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        self.transfer(contract, target, value);
    }
}
