//! What only one product can have: the row while it is changed, a handle, a SKU.

use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::{EntityId, ProductId, VariantId};

use super::ProductKey;
use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LOCK_BY_ID = "
        select id, version from product where id = $1 for update";
    LOCK_BY_HANDLE = "
        select id, version from product where handle = $1 for update";
    FIND_BY_HANDLE = "
        select id from product where handle = $1";
    // Products of the same name come one after the other: each sees the handles that those before it took.
    LOCK_HANDLE = "
        select pg_advisory_xact_lock(hashtextextended(current_schema() || ' product.handle ' || $1::text, 0))";
    FREE_HANDLE = "
        select c.handle
          from unnest($1::text[]) with ordinality as c (handle, place)
         where not exists (select 1 from product p where p.handle = c.handle and p.id <> $2)
         order by c.place
         limit 1";
    HANDLE_HOLDER = "
        select id from product where handle = $1 and id <> $2";
    SKU_HOLDERS = "
        select sku, id, product_id from variant where sku = any ($1) and product_id <> $2";
}

/// A product that is kept from other writers until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockedProduct {
    /// Id.
    pub id: ProductId,
    /// Version that it has.
    pub version: i64,
}

/// Keeps a product from other writers until the transaction ends.
pub async fn lock_product(tx: &Tx, key: &ProductKey) -> Result<Option<LockedProduct>, StoreError> {
    let row = match key {
        ProductKey::Id(id) => tx.query_opt(LOCK_BY_ID, &[&id.as_uuid()]).await?,
        ProductKey::Handle(handle) => tx.query_opt(LOCK_BY_HANDLE, &[&handle.as_str()]).await?,
    };
    Ok(row.map(|row| LockedProduct { id: ProductId::from_uuid(row.get(0)), version: row.get(1) }))
}

/// The product that has a handle now.
pub async fn find_by_handle(client: &Client, handle: &Handle) -> Result<Option<ProductId>, StoreError> {
    let row = client.query_opt(FIND_BY_HANDLE, &[&handle.as_str()]).await?;
    Ok(row.map(|row| ProductId::from_uuid(row.get(0))))
}

/// Keeps other transactions from choosing a handle of the same base until this one ends.
pub async fn lock_handle(tx: &Tx, base: &Handle) -> Result<(), StoreError> {
    tx.query(LOCK_HANDLE, &[&base.as_str()]).await.map(drop)
}

/// The first of the candidates that no other product has.
pub async fn find_free_handle(
    tx: &Tx,
    candidates: &[Handle],
    product: ProductId,
) -> Result<Option<Handle>, StoreError> {
    let texts: Vec<&str> = candidates.iter().map(Handle::as_str).collect();
    let row = tx.query_opt(FREE_HANDLE, &[&texts, &product.as_uuid()]).await?;
    let found = row.map(|row| row.get::<_, String>(0));
    Ok(candidates.iter().find(|candidate| Some(candidate.as_str()) == found.as_deref()).cloned())
}

/// The other product that has a handle.
pub async fn find_handle_holder(
    tx: &Tx,
    handle: &Handle,
    product: ProductId,
) -> Result<Option<ProductId>, StoreError> {
    let row = tx.query_opt(HANDLE_HOLDER, &[&handle.as_str(), &product.as_uuid()]).await?;
    Ok(row.map(|row| ProductId::from_uuid(row.get(0))))
}

/// A variant of another product that has a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkuHolder {
    /// The SKU.
    pub sku: String,
    /// The variant that has it.
    pub variant_id: VariantId,
    /// The variant's product.
    pub product_id: ProductId,
}

/// Variants of other products that have one of these SKUs.
pub async fn find_sku_holders(
    tx: &Tx,
    skus: &[&str],
    product: ProductId,
) -> Result<Vec<SkuHolder>, StoreError> {
    let rows = tx.query(SKU_HOLDERS, &[&skus, &product.as_uuid()]).await?;
    let holder = |row: &tokio_postgres::Row| SkuHolder {
        sku: row.get(0),
        variant_id: VariantId::from_uuid(row.get(1)),
        product_id: ProductId::from_uuid(row.get(2)),
    };
    Ok(rows.iter().map(holder).collect())
}
