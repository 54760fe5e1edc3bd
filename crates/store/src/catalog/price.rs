//! Prices as staff list them, and where a variant is found whose price is to change.

use tokio_postgres::Row;
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{EntityId, ProductId, VariantId};

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

macro_rules! filtered {
    ($head:literal, $tail:literal) => {
        concat!(
            $head,
            "
          from price r
          join variant v on v.id = r.variant_id
          join product p on p.id = v.product_id
         where ($1::uuid is null or r.variant_id = $1)
           and ($2::text is null or v.sku = $2)
           and ($3::text is null or r.currency = $3::text::char(3))",
            $tail
        )
    };
}

sql! {
    LIST = filtered!("
        select r.variant_id, v.sku, v.product_id, p.version, r.currency::text, r.amount, r.compare_at_amount", "
           and ($4::uuid is null or (r.variant_id, r.currency) > ($4, $5::text::char(3)))
         order by r.variant_id, r.currency
         limit $6");
    COUNT = filtered!("
        select count(*)", "");
    FIND_VARIANT = "
        select id, product_id from variant where id = $1 or sku = $2";
}

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceFilter {
    /// Only of this variant.
    pub variant_id: Option<VariantId>,
    /// Only of the variant with this SKU.
    pub sku: Option<String>,
    /// Only in this currency.
    pub currency: Option<Currency>,
}

/// A price with what it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRow {
    /// The variant.
    pub variant_id: VariantId,
    /// The variant's SKU.
    pub sku: Option<String>,
    /// The variant's product.
    pub product_id: ProductId,
    /// Version of the product.
    pub product_version: i64,
    /// Its currency.
    pub currency: Currency,
    /// Minor units.
    pub amount: i64,
    /// What it cost before, in minor units.
    pub compare_at: Option<i64>,
}

/// Prices behind `after` (its variant and currency), by variant and currency.
pub async fn list(
    client: &Client,
    filter: &PriceFilter,
    after: Option<(VariantId, Currency)>,
    limit: i64,
) -> Result<Vec<PriceRow>, StoreError> {
    let PriceFilter { variant_id, sku, currency } = filter;
    let (after_variant, after_currency) = after.unzip();
    let params: crate::db::Params<'_> = &[
        &variant_id.map(|id| id.as_uuid()),
        sku,
        &currency.map(Currency::code),
        &after_variant.map(|id| id.as_uuid()),
        &after_currency.map(Currency::code),
        &limit,
    ];
    client.query(LIST, params).await?.iter().map(from_row).collect()
}

/// Prices that a filter lets through.
pub async fn count(client: &Client, filter: &PriceFilter) -> Result<i64, StoreError> {
    let PriceFilter { variant_id, sku, currency } = filter;
    let variant_id = variant_id.map(|id| id.as_uuid());
    let row = client.query_one(COUNT, &[&variant_id, sku, &currency.map(Currency::code)]).await?;
    Ok(row.get(0))
}

/// The variant with this id or this SKU, and its product.
pub async fn find_variant(
    client: &Client,
    id: Option<VariantId>,
    sku: Option<&str>,
) -> Result<Option<(VariantId, ProductId)>, StoreError> {
    let row = client.query_opt(FIND_VARIANT, &[&id.map(|id| id.as_uuid()), &sku]).await?;
    Ok(row.map(|row| (VariantId::from_uuid(row.get(0)), ProductId::from_uuid(row.get(1)))))
}

fn from_row(row: &Row) -> Result<PriceRow, StoreError> {
    let currency: &str = row.get(4);
    Ok(PriceRow {
        variant_id: VariantId::from_uuid(row.get(0)),
        sku: row.get(1),
        product_id: ProductId::from_uuid(row.get(2)),
        product_version: row.get(3),
        currency: currency.parse().map_err(|error| StoreError::inconsistent("price", error))?,
        amount: row.get(5),
        compare_at: row.get(6),
    })
}
