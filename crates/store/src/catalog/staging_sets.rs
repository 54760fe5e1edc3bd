//! The sets that imported products belong to: further categories, and collections that are picked by hand.
//!
//! Most files speak of neither: then nothing is sent. What is written here is checked row by row by its foreign keys.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tradepost_domain::kernel::ids::EntityId;
use uuid::Uuid;

use super::staging::ImportedProduct;
use crate::db::Tx;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    DELETE_CATEGORIES = "
        delete from product_category where product_id = any ($1)";
    INSERT_CATEGORIES = "
        insert into product_category (product_id, category_id, position)
        select * from unnest($1::uuid[], $2::uuid[], $3::int4[])";
    // In the order of ids, so that two imports never wait for each other in a circle.
    LOCK_COLLECTIONS = "
        select id
          from collection
         where id = any ($1)
            or id in (select collection_id from collection_product where product_id = any ($2))
         order by id
           for update";
    UNPICK = "
        delete from collection_product c
         using collection
         where c.product_id = any ($1)
           and collection.id = c.collection_id
           and collection.kind = 'manual'
           and (c.product_id, c.collection_id) not in (select * from unnest($2::uuid[], $3::uuid[]))
        returning c.collection_id";
    // A place that is not said is kept, or else the last one.
    PICK = "
        insert into collection_product as c (collection_id, product_id, position)
        select w.collection_id, w.product_id,
               coalesce(w.position, last.position + (row_number() over (
                   partition by w.collection_id, w.position is null order by w.place))::int4)
          from unnest($1::uuid[], $2::uuid[], $3::int4[]) with ordinality
               as w (product_id, collection_id, position, place)
         cross join lateral (
               select coalesce(max(position), 0) as position
                 from collection_product
                where collection_id = w.collection_id) last
         where w.position is not null
            or not exists (select 1 from collection_product o
                            where o.collection_id = w.collection_id and o.product_id = w.product_id)
            on conflict (collection_id, product_id) do update
           set position = excluded.position
         where c.position <> excluded.position
        returning c.collection_id";
    TOUCH_COLLECTIONS = "
        update collection set version = version + 1, updated_at = $2 where id = any ($1)";
}

/// Writes the further categories of new products.
pub(super) async fn insert(tx: &Tx, products: &[&ImportedProduct]) -> Result<(), StoreError> {
    let (mut ids, mut categories, mut positions) = (Vec::new(), Vec::new(), Vec::new());
    for product in products.iter().map(|imported| &imported.product) {
        for (category, position) in product.category_ids.iter().zip(0_i32..) {
            ids.push(product.id.as_uuid());
            categories.push(category.as_uuid());
            positions.push(position);
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    tx.execute(INSERT_CATEGORIES, &[&ids, &categories, &positions]).await.map(drop)
}

/// Writes the further categories of changed products in the place of those that they had.
pub(super) async fn replace(tx: &Tx, products: &[&ImportedProduct]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = products.iter().map(|imported| imported.product.id.as_uuid()).collect();
    tx.execute(DELETE_CATEGORIES, &[&ids]).await?;
    insert(tx, products).await
}

/// Picks products for the collections that they name, and for no others.
pub(super) async fn pick(tx: &Tx, products: &[&ImportedProduct], now: Timestamp) -> Result<(), StoreError> {
    let (mut told, mut ids, mut collections, mut positions) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for imported in products {
        let Some(picks) = &imported.picks else { continue };
        told.push(imported.product.id.as_uuid());
        for pick in picks {
            ids.push(imported.product.id.as_uuid());
            collections.push(pick.collection_id.as_uuid());
            positions.push(pick.position);
        }
    }
    if told.is_empty() {
        return Ok(());
    }
    tx.execute(LOCK_COLLECTIONS, &[&collections, &told]).await?;
    let gone = tx.query(UNPICK, &[&told, &ids, &collections]).await?;
    let come = tx.query(PICK, &[&ids, &collections, &positions]).await?;
    let touched: BTreeSet<Uuid> = gone.iter().chain(&come).map(|row| row.get(0)).collect();
    if touched.is_empty() {
        return Ok(());
    }
    let touched: Vec<Uuid> = touched.into_iter().collect();
    tx.execute(TOUCH_COLLECTIONS, &[&touched, &now]).await.map(drop)
}
