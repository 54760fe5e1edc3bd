//! Foreign keys of new rows checked set by set, where PostgreSQL would check them row by row.
//!
//! Half of an import's time went into these checks: one look-up a row, six rows a product. What new rows refer to is
//! either written with them by the same copy (product, variant, picture) or is one of few rows that stand already
//! (brand, type, category, location, stored picture). Those few are held here by the very lock that the check takes
//! (`for key share`, to the end of the transaction) and counted: if all are there, every reference holds, and the
//! check of each row is left out. Where the role may not leave it out, or a row is missing, PostgreSQL checks as ever.

use std::collections::BTreeSet;

use tradepost_domain::kernel::ids::{EntityId, StockLocationId};
use uuid::Uuid;

use super::staging::ImportedProduct;
use crate::db::Tx;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    // PostgreSQL 15 and later; true for a superuser, and for a role that was granted it.
    MAY_LEAVE_OUT = "
        select has_parameter_privilege('session_replication_role', 'set')";
    HOLD = "
        select (select count(*) from (select 1 from brand where id = any ($1) for key share) held),
               (select count(*) from (select 1 from product_type where id = any ($2) for key share) held),
               (select count(*) from (select 1 from category where id = any ($3) for key share) held),
               (select count(*) from (select 1 from media_asset where blob = any ($4) for key share) held),
               (select count(*) from (select 1 from stock_location where id = any ($5) for key share) held)";
    // Turns triggers off for this transaction, those of foreign keys among them; unique and check constraints hold on.
    LEAVE_OUT = "
        set local session_replication_role = replica";
    CHECK_AGAIN = "
        set local session_replication_role = origin";
}

/// Holds what the products refer to and leaves the checks of their rows out; `false` when they stay.
pub(super) async fn leave_out(
    tx: &Tx,
    products: &[&ImportedProduct],
    location: Option<StockLocationId>,
) -> Result<bool, StoreError> {
    if !tx.query_one(MAY_LEAVE_OUT, &[]).await?.get::<_, bool>(0) {
        return Ok(false);
    }
    let products = || products.iter().map(|imported| &imported.product);
    let brands = distinct(products().filter_map(|product| product.brand_id.map(|id| id.as_uuid())));
    let types = distinct(products().filter_map(|product| product.product_type_id.map(|id| id.as_uuid())));
    // Further categories of a product are written elsewhere, and checked there.
    let categories = distinct(products().filter_map(|product| product.category_id.map(|id| id.as_uuid())));
    let blobs: BTreeSet<&str> =
        products().flat_map(|product| &product.media).filter_map(|media| media.blob.as_deref()).collect();
    let blobs: Vec<&str> = blobs.into_iter().collect();
    let locations: Vec<Uuid> = location.iter().map(EntityId::as_uuid).collect();
    let held = tx.query_one(HOLD, &[&brands, &types, &categories, &blobs, &locations]).await?;
    let wanted = [brands.len(), types.len(), categories.len(), blobs.len(), locations.len()];
    let all = wanted
        .iter()
        .enumerate()
        .all(|(column, wanted)| usize::try_from(held.get::<_, i64>(column)) == Ok(*wanted));
    if all {
        tx.execute(LEAVE_OUT, &[]).await?;
    }
    Ok(all)
}

/// Has PostgreSQL check every row again.
pub(super) async fn check_again(tx: &Tx) -> Result<(), StoreError> {
    tx.execute(CHECK_AGAIN, &[]).await.map(drop)
}

fn distinct(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    ids.collect::<BTreeSet<_>>().into_iter().collect()
}
