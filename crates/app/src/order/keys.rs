//! The idempotency keys of orders that are decided together: new ones are claimed in the transaction of the orders, and
//! claims that were there before are kept from being taken over.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use jiff::Timestamp;
use tradepost_store::idempotency::{self, Claim};
use tradepost_store::{StoreError, Tx};

use crate::error::WriteError;

/// What became of keys, by the places of their orders.
pub(super) struct Keys<'a> {
    /// Those that were inserted.
    pub new: Vec<(usize, &'a Claim)>,
    /// Why the others are not ours.
    pub lost: BTreeMap<usize, WriteError>,
}

/// Makes keys ours until the transaction ends, or says that they are not.
pub(super) async fn secure<'a>(
    tx: &Tx,
    claims: &[(usize, &'a Claim)],
    now: Timestamp,
) -> Result<Keys<'a>, StoreError> {
    let (new, stored): (Vec<_>, Vec<_>) = claims.iter().partition(|(_, claim)| claim.is_new);
    let bare = |of: &[(usize, &'a Claim)]| of.iter().map(|(_, claim)| *claim).collect::<Vec<_>>();
    let (new_claims, stored_claims) = (bare(&new), bare(&stored));
    let (inserted, kept) =
        try_join(idempotency::claim_all(tx, &new_claims, now), idempotency::keep_all(tx, &stored_claims))
            .await?;
    let mut keys = Keys { new: Vec::with_capacity(new.len()), lost: BTreeMap::new() };
    for (order, is_ours) in new.into_iter().zip(inserted) {
        if is_ours {
            keys.new.push(order);
        } else {
            keys.lost.insert(order.0, WriteError::KeyTaken);
        }
    }
    for ((place, _), is_kept) in stored.into_iter().zip(kept) {
        if !is_kept {
            keys.lost.insert(place, WriteError::ClaimLost);
        }
    }
    Ok(keys)
}
