//! What the execution layer asks of the consensus layer at the end of an L1 block (EIP-7685).
//!
//! Three kinds, in this order: deposits that the deposit contract logged (EIP-6110), withdrawals and consolidations that stand in the queues of their
//! contracts (EIP-7002, EIP-7251). An L2 block has none.

use crate::{Evm, Receipt};
use alloc::vec::Vec;
use alloy_eips::{eip6110, eip7002, eip7251, eip7685::Requests};
use alloy_primitives::{Address, B256, Bytes, Log, b256};
use revm::{
    Database, DatabaseCommit, SystemCallEvm,
    context::result::{EVMError, ExecutionResult},
};

/// Topic of `DepositEvent(bytes,bytes,bytes,bytes,bytes)`.
const DEPOSIT_EVENT: B256 =
    b256!("649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");
/// Where each field of a deposit event stands, and how long it is: key, credentials, amount, signature, index.
const DEPOSIT_FIELDS: [(usize, usize); 5] = [(160, 48), (256, 32), (320, 8), (384, 96), (512, 8)];
/// Length of a deposit event.
const DEPOSIT_EVENT_LENGTH: usize = 576;

/// Takes the requests of the block whose transactions left `receipts`. The queues' contracts change by it.
pub(crate) fn take<DB: Database + DatabaseCommit>(
    evm: &mut Evm<DB>,
    receipts: &[Receipt],
) -> Result<Requests, EVMError<DB::Error>> {
    let mut requests = Requests::default();
    let logs = receipts.iter().flat_map(|receipt| &receipt.logs);
    let deposits: Vec<u8> = logs.filter_map(deposit).flatten().collect();
    requests.push_request_with_type(eip6110::DEPOSIT_REQUEST_TYPE, deposits);
    for (kind, contract) in [
        (eip7002::WITHDRAWAL_REQUEST_TYPE, eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS),
        (eip7251::CONSOLIDATION_REQUEST_TYPE, eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS),
    ] {
        // Where the contract is absent (a chain whose genesis was made without it) nothing comes back.
        if let ExecutionResult::Success { output, .. } = system_call(evm, contract, Bytes::new())? {
            requests.push_request_with_type(kind, output.into_data());
        }
    }
    Ok(requests)
}

/// Calls `contract` as the protocol does: with the system's address, outside of any transaction, changing nothing but the contract.
pub(crate) fn system_call<DB: Database + DatabaseCommit>(
    evm: &mut Evm<DB>,
    contract: Address,
    input: Bytes,
) -> Result<ExecutionResult, EVMError<DB::Error>> {
    let mut outcome = evm.system_call(contract, input)?;
    outcome.state.retain(|address, _| *address == contract);
    evm.ctx.journaled_state.database.commit(outcome.state);
    Ok(outcome.result)
}

/// The deposit that a log tells of: its fields one after the other. A log of the deposit contract that is laid out otherwise (Ethereum's never makes one)
/// is none.
fn deposit(log: &Log) -> Option<Vec<u8>> {
    let data = &log.data.data;
    let is_deposit = log.address == eip6110::MAINNET_DEPOSIT_CONTRACT_ADDRESS
        && log.data.topics().first() == Some(&DEPOSIT_EVENT)
        && data.len() == DEPOSIT_EVENT_LENGTH;
    let number = |at: usize| -> Option<usize> {
        let word: [u8; 32] = data.get(at..at + 32)?.try_into().ok()?;
        word[..24].iter().all(|byte| *byte == 0).then_some(())?;
        usize::try_from(u64::from_be_bytes(word[24..].try_into().ok()?)).ok()
    };
    if !is_deposit {
        return None;
    }
    let mut fields = Vec::new();
    for (index, (offset, length)) in DEPOSIT_FIELDS.into_iter().enumerate() {
        if (number(32 * index)?, number(offset)?) != (offset, length) {
            return None;
        }
        fields.extend_from_slice(&data[offset + 32..offset + 32 + length]);
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::LogData;

    fn event() -> Vec<u8> {
        let mut data = vec![0; DEPOSIT_EVENT_LENGTH];
        for (index, (offset, length)) in DEPOSIT_FIELDS.into_iter().enumerate() {
            data[32 * index + 30..][..2].copy_from_slice(&(offset as u16).to_be_bytes());
            data[offset + 31] = length as u8;
            data[offset + 32..][..length].fill(index as u8 + 1);
        }
        data
    }

    fn log(address: Address, topics: Vec<B256>, data: Vec<u8>) -> Log {
        Log { address, data: LogData::new_unchecked(topics, data.into()) }
    }

    #[test]
    fn a_deposit_is_its_fields_in_a_row() {
        let expected: Vec<u8> = (1..)
            .zip(DEPOSIT_FIELDS)
            .flat_map(|(byte, (_, length))| core::iter::repeat_n(byte, length))
            .collect();
        let contract = eip6110::MAINNET_DEPOSIT_CONTRACT_ADDRESS;
        assert_eq!(deposit(&log(contract, vec![DEPOSIT_EVENT], event())), Some(expected));
        assert_eq!(deposit(&log(contract, vec![], event())), None);
        assert_eq!(deposit(&log(contract, vec![B256::ZERO], event())), None);
        assert_eq!(deposit(&log(Address::ZERO, vec![DEPOSIT_EVENT], event())), None);
    }

    #[test]
    fn an_event_laid_out_otherwise_is_no_deposit() {
        let contract = eip6110::MAINNET_DEPOSIT_CONTRACT_ADDRESS;
        let none = |data: Vec<u8>| {
            assert_eq!(deposit(&log(contract, vec![DEPOSIT_EVENT], data)), None);
        };
        none(vec![]);
        none([event(), vec![0; 32]].concat());
        for (index, (offset, _)) in DEPOSIT_FIELDS.into_iter().enumerate() {
            for at in [32 * index, 32 * index + 31, offset, offset + 31] {
                let mut data = event();
                data[at] ^= 0x80;
                none(data);
            }
        }
    }
}
