//! Prices of price lists.

use std::collections::BTreeMap;

use tokio_postgres::Row;
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{EntityId, PriceListId, ProductId, VariantId};

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
    PRODUCTS_OF = "
        select id, product_id from variant where id = any ($1)";
    UPSERT = "
        insert into price_list_price (price_list_id, variant_id, currency, min_quantity, amount)
        select $1, p.variant_id, p.currency, p.min_quantity, p.amount
          from unnest($2::uuid[], $3::text[], $4::int4[], $5::int8[]) as p (variant_id, currency, min_quantity, amount)
            on conflict (price_list_id, variant_id, currency, min_quantity) do update
           set amount = excluded.amount";
    DELETE = "
        delete from price_list_price p
         using variant v
         where p.price_list_id = $1 and p.variant_id = $2 and v.id = p.variant_id
        returning v.product_id";
    LEAVE_PRODUCTS = "
        insert into price_list_leaving (price_list_id, product_id)
        select distinct p.price_list_id, v.product_id
          from price_list_price p
          join variant v on v.id = p.variant_id
         where p.price_list_id = $1";
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

/// The product of each of the variants that exist.
pub async fn products_of(
    tx: &Tx,
    variants: &[VariantId],
) -> Result<BTreeMap<VariantId, ProductId>, StoreError> {
    let ids: Vec<uuid::Uuid> = variants.iter().map(EntityId::as_uuid).collect();
    let rows = tx.query(PRODUCTS_OF, &[&ids]).await?;
    let of = |row: &Row| (VariantId::from_uuid(row.get(0)), ProductId::from_uuid(row.get(1)));
    Ok(rows.iter().map(of).collect())
}

/// Sets prices of a list; no two of them may be for the same variant, currency and quantity.
pub async fn upsert(tx: &Tx, list: PriceListId, prices: &[PriceListPriceRow]) -> Result<(), StoreError> {
    let variants: Vec<uuid::Uuid> = prices.iter().map(|price| price.variant_id.as_uuid()).collect();
    let currencies: Vec<&str> = prices.iter().map(|price| price.amount.currency().code()).collect();
    let quantities: Vec<i32> = prices.iter().map(|price| price.min_quantity).collect();
    let amounts: Vec<i64> = prices.iter().map(|price| price.amount.amount()).collect();
    tx.execute(UPSERT, &[&list.as_uuid(), &variants, &currencies, &quantities, &amounts]).await.map(drop)
}

/// Takes all prices of a variant out of a list; answers the variant's product, or `None` when there was no price.
pub async fn delete(tx: &Tx, list: PriceListId, variant: VariantId) -> Result<Option<ProductId>, StoreError> {
    let rows = tx.query(DELETE, &[&list.as_uuid(), &variant.as_uuid()]).await?;
    Ok(rows.first().map(|row| ProductId::from_uuid(row.get(0))))
}

/// Keeps in mind which products a list names that is about to be deleted.
pub async fn leave_products(tx: &Tx, list: PriceListId) -> Result<(), StoreError> {
    tx.execute(LEAVE_PRODUCTS, &[&list.as_uuid()]).await.map(drop)
}

fn from_row(row: &Row) -> Result<PriceListPriceRow, StoreError> {
    Ok(PriceListPriceRow {
        variant_id: VariantId::from_uuid(row.get(0)),
        min_quantity: row.get(2),
        amount: super::money(row.get(3), row.get(1))?,
    })
}
