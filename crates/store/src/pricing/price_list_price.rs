//! Prices of price lists.

use tokio_postgres::Row;
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{EntityId, PriceListId, VariantId};

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select variant_id, currency, min_quantity, amount
          from price_list_price
         where price_list_id = $1
           and ($2::uuid is null or (variant_id, currency, min_quantity) > ($2, $3::char(3), $4))
         order by variant_id, currency, min_quantity
         limit $5";
    COUNT = "
        select count(*) from price_list_price where price_list_id = $1";
    UNKNOWN_VARIANTS = "
        select given.id
          from unnest($1::uuid[]) as given (id)
         where not exists (select from variant v where v.id = given.id)";
    UPSERT = "
        insert into price_list_price (price_list_id, variant_id, currency, min_quantity, amount)
        select $1, p.variant_id, p.currency, p.min_quantity, p.amount
          from unnest($2::uuid[], $3::text[], $4::int4[], $5::int8[]) as p (variant_id, currency, min_quantity, amount)
            on conflict (price_list_id, variant_id, currency, min_quantity) do update
           set amount = excluded.amount";
    DELETE = "
        delete from price_list_price where price_list_id = $1 and variant_id = $2";
}

/// A price of a list, from a quantity on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceListPriceRow {
    /// Variant.
    pub variant_id: VariantId,
    /// From so many units on.
    pub min_quantity: i32,
    /// Price of one unit.
    pub amount: Money,
}

/// Prices of a list after one of them, by variant, currency and quantity.
pub async fn list(
    client: &Client,
    list: PriceListId,
    after: Option<(VariantId, &str, i32)>,
    limit: i64,
) -> Result<Vec<PriceListPriceRow>, StoreError> {
    let (variant, currency, quantity) = match after {
        Some((variant, currency, quantity)) => (Some(variant.as_uuid()), Some(currency), Some(quantity)),
        None => (None, None, None),
    };
    let rows = client.query(LIST, &[&list.as_uuid(), &variant, &currency, &quantity, &limit]).await?;
    rows.iter().map(from_row).collect()
}

/// How many a list has.
pub async fn count(client: &Client, list: PriceListId) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[&list.as_uuid()]).await?.get(0))
}

/// Those of the variants that do not exist.
pub async fn unknown_variants(tx: &Tx, variants: &[VariantId]) -> Result<Vec<VariantId>, StoreError> {
    let ids: Vec<uuid::Uuid> = variants.iter().map(EntityId::as_uuid).collect();
    let rows = tx.query(UNKNOWN_VARIANTS, &[&ids]).await?;
    Ok(rows.iter().map(|row| VariantId::from_uuid(row.get(0))).collect())
}

/// Sets prices of a list; no two of them may be for the same variant, currency and quantity.
pub async fn upsert(tx: &Tx, list: PriceListId, prices: &[PriceListPriceRow]) -> Result<(), StoreError> {
    let variants: Vec<uuid::Uuid> = prices.iter().map(|price| price.variant_id.as_uuid()).collect();
    let currencies: Vec<&str> = prices.iter().map(|price| price.amount.currency().code()).collect();
    let quantities: Vec<i32> = prices.iter().map(|price| price.min_quantity).collect();
    let amounts: Vec<i64> = prices.iter().map(|price| price.amount.amount()).collect();
    tx.execute(UPSERT, &[&list.as_uuid(), &variants, &currencies, &quantities, &amounts]).await.map(drop)
}

/// Takes all prices of a variant out of a list; answers how many there were.
pub async fn delete(tx: &Tx, list: PriceListId, variant: VariantId) -> Result<u64, StoreError> {
    tx.execute(DELETE, &[&list.as_uuid(), &variant.as_uuid()]).await
}

fn from_row(row: &Row) -> Result<PriceListPriceRow, StoreError> {
    Ok(PriceListPriceRow {
        variant_id: VariantId::from_uuid(row.get(0)),
        min_quantity: row.get(2),
        amount: super::money(row.get(3), row.get(1))?,
    })
}
