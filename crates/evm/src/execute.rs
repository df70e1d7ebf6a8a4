//! The transition in one call.

use crate::{
    BlockEnvironment, BlockExecutor, Chain, Outcome, Overlay, SignedTransaction, StateDiff,
};
use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes};
use mezz_primitives::{BlockInput, SKIPPED_MAX};
use revm::{DatabaseRef, context::result::EVMError};

/// Knows the roots over a state after a change: the store's full tries, or the partial ones of a witness.
pub trait StateRoots: DatabaseRef {
    /// The state root and the storage root of `L2ToL1MessagePasser` after `diff`.
    fn roots(&self, diff: &StateDiff) -> Result<(B256, B256), Self::Error>;
}

/// Executes the L2 block that `input` makes after `parent`. Transactions that are not valid at their place are skipped; the block always comes out.
///
/// Whoever posts a batch pays no gas for what is skipped, so the payload's transactions end at the [`SKIPPED_MAX`]th of these.
///
/// The only error is the database's.
pub fn execute<S: StateRoots>(
    chain: Chain,
    parent: &Header,
    parent_hash: B256,
    input: &BlockInput,
    state: S,
) -> Result<(Outcome, StateDiff), EVMError<S::Error>> {
    let mut overlay = Overlay::new(state);
    let environment = BlockEnvironment::rollup(
        parent,
        parent_hash,
        input.timestamp,
        input.queue_index,
        &mut overlay,
    )
    .map_err(EVMError::Database)?;
    let mut executor = BlockExecutor::begin(chain, environment, overlay)?;
    let mut skipped = 0;
    let decode = if input.attributed {
        SignedTransaction::decode_attributed::<Bytes>
    } else {
        SignedTransaction::decode::<Bytes>
    };
    for (position, bytes) in input.transactions.iter().enumerate() {
        // `docs/spec/derivation.md`, step 5.
        let executed = match decode(bytes.clone()) {
            Ok(transaction) => executor.transact(transaction)?.is_ok(),
            Err(_) => false,
        };
        skipped += usize::from(!executed && position >= input.messages);
        if skipped == SKIPPED_MAX {
            break;
        }
    }
    let unsealed = executor.finish()?;
    let (state_root, passer_root) =
        unsealed.db.base.roots(&unsealed.db.diff).map_err(EVMError::Database)?;
    let (outcome, overlay) = unsealed.seal(state_root, passer_root);
    Ok((outcome, overlay.diff))
}
