//! Lists of products for staff: the ids of one page, found by keyset.
//!
//! The filters stand in one text, the orders in three statements: nothing is put together at run time.

use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tradepost_domain::catalog::ProductStatus;
use tradepost_domain::kernel::ids::{EntityId, ProductId};
use uuid::Uuid;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

/// The filters, with the parameters that every statement of this module begins with.
///
/// A beginning is looked for in `product_title_idx` and in the unique indexes of handles and SKUs; a SKU is found as it is
/// written, in capitals and in small letters.
macro_rules! filtered {
    ($head:literal, $tail:literal) => {
        concat!(
            $head,
            "
          from product p
         where ($1::text is null or p.status = $1)
           and ($2::text is null or p.id = any (array(
                   select t.id from product t where starts_with(lower(t.title), $2)
                   union all
                   select h.id from product h where starts_with(h.handle, $2)
                   union all
                   select v.product_id
                     from variant v
                    where starts_with(v.sku, $2) or starts_with(v.sku, upper($2)) or starts_with(v.sku, $8))))
           and ($3::text is null or p.brand_id in (select b.id from brand b where b.handle = $3))
           and ($4::text is null or p.product_type_id in (select t.id from product_type t where t.handle = $4))
           and ($5::uuid is null or p.category_id = $5
                or p.id in (select pc.product_id from product_category pc where pc.category_id = $5))
           and ($6::timestamptz is null or p.updated_at >= $6)
           and ($7::timestamptz is null or p.updated_at < $7)",
            $tail
        )
    };
}

sql! {
    // Ids are of version 7: their order is the order of creation.
    NEWEST = filtered!("
        select p.id, p.updated_at, p.title", "
           and ($9::uuid is null or p.id < $9)
         order by p.id desc
         limit $10");
    UPDATED = filtered!("
        select p.id, p.updated_at, p.title", "
           and ($9::uuid is null or (p.updated_at, p.id) < ($11::timestamptz, $9))
         order by p.updated_at desc, p.id desc
         limit $10");
    TITLE = filtered!("
        select p.id, p.updated_at, p.title", "
           and ($9::uuid is null or (p.title, p.id) > ($11::text, $9))
         order by p.title, p.id
         limit $10");
    COUNT = filtered!("
        select count(*)", "");
}

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductFilter {
    /// Only of this status.
    pub status: Option<ProductStatus>,
    /// Only those whose title, handle or SKU begins so; titles in any case, SKUs as given, in capitals or in small letters.
    pub prefix: Option<String>,
    /// Only of the brand with this handle.
    pub brand: Option<String>,
    /// Only of the type with this handle.
    pub product_type: Option<String>,
    /// Only in this category itself, as the main one or a further one.
    pub category: Option<Uuid>,
    /// Only changed at this time or later.
    pub updated_from: Option<Timestamp>,
    /// Only changed before this time.
    pub updated_before: Option<Timestamp>,
}

/// Order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PageSort {
    /// Newest first.
    #[default]
    Newest,
    /// Last changed first.
    Updated,
    /// By title.
    Title,
}

/// Place of a product in its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageKey {
    /// Id.
    pub id: ProductId,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Its title.
    pub title: String,
}

/// The page behind `after`, in order.
pub async fn list_ids(
    client: &Client,
    filter: &ProductFilter,
    sort: PageSort,
    after: Option<&PageKey>,
    limit: i64,
) -> Result<Vec<PageKey>, StoreError> {
    let id = after.map(|key| key.id.as_uuid());
    let status = filter.status.map(ProductStatus::as_str);
    let lowered = filter.prefix.as_ref().map(|prefix| prefix.to_lowercase());
    let ProductFilter { prefix, brand, product_type, category, updated_from, updated_before, .. } = filter;
    let mut params: Vec<&(dyn ToSql + Sync)> = vec![
        &status,
        &lowered,
        brand,
        product_type,
        category,
        updated_from,
        updated_before,
        prefix,
        &id,
        &limit,
    ];
    let updated_at = after.map(|key| key.updated_at);
    let title = after.map(|key| key.title.as_str());
    let statement = match sort {
        PageSort::Newest => NEWEST,
        PageSort::Updated => {
            params.push(&updated_at);
            UPDATED
        }
        PageSort::Title => {
            params.push(&title);
            TITLE
        }
    };
    let rows = client.query(statement, &params).await?;
    let key = |row: &tokio_postgres::Row| PageKey {
        id: ProductId::from_uuid(row.get(0)),
        updated_at: row.get(1),
        title: row.get(2),
    };
    Ok(rows.iter().map(key).collect())
}

/// Products that a filter lets through.
pub async fn count(client: &Client, filter: &ProductFilter) -> Result<i64, StoreError> {
    let status = filter.status.map(ProductStatus::as_str);
    let lowered = filter.prefix.as_ref().map(|prefix| prefix.to_lowercase());
    let ProductFilter { prefix, brand, product_type, category, updated_from, updated_before, .. } = filter;
    let params: crate::db::Params<'_> =
        &[&status, &lowered, brand, product_type, category, updated_from, updated_before, prefix];
    Ok(client.query_one(COUNT, params).await?.get(0))
}
