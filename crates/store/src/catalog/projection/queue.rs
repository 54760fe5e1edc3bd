//! Around the fragments: which products wait for their rendering, who may write, and the epoch that tells caches of it.

use jiff::Timestamp;
use tradepost_domain::kernel::ids::{EntityId, ProductId};
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::{Sql, sql};

sql! {
    // Plans made for ten rows are wrong for a thousand: each statement is planned for the batch that it gets.
    // A helper may have outlived the projector that sent it: while one writes, nobody else begins.
    LOCK = "
        select set_config('plan_cache_mode', 'force_custom_plan', true), pg_backend_pid(),
               case when not pg_try_advisory_xact_lock(hashtext('tradepost-projector-' || current_schema())) then false
                    when not pg_try_advisory_lock(hashtext('tradepost-projector-helper-' || current_schema())) then false
                    else pg_advisory_unlock(hashtext('tradepost-projector-helper-' || current_schema())) end";
    LOCK_HELPER = "
        select set_config('plan_cache_mode', 'force_custom_plan', true),
               pg_advisory_xact_lock_shared(hashtext('tradepost-projector-helper-' || current_schema()))::text";
    IS_PROJECTOR = "
        select exists (select from pg_locks
                        where locktype = 'advisory' and pid = $1 and granted
                          and objid = hashtext('tradepost-projector-' || current_schema())::oid)";
    SPREAD = "
        with recursive below as (
               select id from category where id = any ($1)
                union
               select c.id from category c join below b on c.parent_id = b.id),
             everything as (
               select $5::bool or exists (select 1 from collection where id = any ($4) and kind = 'rule') as needed),
             leaving as (
               delete from price_list_leaving where price_list_id = any ($6) returning product_id)
        insert into projection_queue (product_id)
        select id from product where status = 'published' and category_id in (select id from below)
         union
        select product_id from product_category where category_id in (select id from below)
         union
        select product_id from product_view where category_ids && $1
         union
        select id from product where status = 'published' and brand_id = any ($2)
         union
        select id from product where status = 'published' and product_type_id = any ($3)
         union
        select product_id from collection_product where collection_id = any ($4)
         union
        select product_id from product_view where collection_ids && $4
         union
        select id from product where (select needed from everything) and status = 'published'
         union
        select product_id from product_view where (select needed from everything)
         union
        select v.product_id from price_list_price p join variant v on v.id = p.variant_id where p.price_list_id = any ($6)
         union
        select product_id from leaving
            on conflict do nothing";
    ENQUEUE = "
        insert into projection_queue (product_id) select unnest($1::uuid[]) on conflict do nothing";
    TAKE_QUEUED = "
        delete from projection_queue
         where product_id = any (array (select product_id from projection_queue order by product_id limit $1))
        returning product_id";
    UNQUEUE = "
        delete from projection_queue where product_id = $1";
    IS_QUEUE_EMPTY = "
        select not exists (select 1 from projection_queue)";
    MOVE_PRICE_MOMENT = "
        update price_moment set at = $1";
    BUMP_EPOCH = "
        with bumped as (update catalog_epoch set epoch = epoch + 1 returning epoch)
        select epoch,
               pg_notify('tradepost_catalog_' || current_schema(),
                         json_build_object('epoch', epoch, 'products', $1::uuid[], 'steering', $2::bool)::text)
          from bumped";
    CURRENT_EPOCH = "
        select epoch from catalog_epoch";
    LIST_IDS = "
        select id from product where ($1::uuid is null or id > $1) order by id limit $2";
    SAMPLE_IDS = "
        select id
          from (select id, row_number() over (order by id) as number, count(*) over () as total from product) p
         where (number - 1) % greatest(total / $1, 1) = 0
         order by id
         limit $1";
    COUNT = "
        select count(*) from product";
    PUBLISH_DUE = "
        with due as (
             select id, publish_at from product
              where status = 'draft' and publish_at <= $1
              order by publish_at, id
              limit $2
                for update skip locked)
        update product p
           set status = 'published', publish_at = null, published_at = coalesce(p.published_at, $1),
               version = p.version + 1, updated_at = $1
          from due
         where p.id = due.id
        returning p.id, p.version, due.publish_at";
}

/// Things whose change reaches many products.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Spread {
    /// Categories: their products, those below them, and those that were there before.
    pub category_ids: Vec<Uuid>,
    /// Brands: their products.
    pub brand_ids: Vec<Uuid>,
    /// Product types: their products.
    pub product_type_ids: Vec<Uuid>,
    /// Collections: the products that they list or listed; all products where a rule picks them.
    pub collection_ids: Vec<Uuid>,
    /// Price lists: the products that they name, or named when they were deleted.
    pub price_list_ids: Vec<Uuid>,
    /// Every product.
    pub everything: bool,
}

impl Spread {
    /// Whether nothing is to be spread.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn product_ids(rows: &[tokio_postgres::Row]) -> Vec<ProductId> {
    rows.iter().map(|row| ProductId::from_uuid(row.get(0))).collect()
}

/// A transaction that is the shop's one projector until it ends: its connection's process in the server.
#[derive(Debug, Clone, Copy)]
pub struct ProjectorLock(i32);

/// Makes the transaction the shop's one projector until it ends; `None` when another is.
pub async fn try_lock_projector(tx: &Tx) -> Result<Option<ProjectorLock>, StoreError> {
    let row = tx.query_one(LOCK, &[]).await?;
    Ok(row.get::<_, bool>(2).then(|| ProjectorLock(row.get(1))))
}

/// Lets the transaction write beside the projector; `false` when that one has ended. No other begins before this
/// transaction has ended.
pub async fn try_help_projector(tx: &Tx, projector: ProjectorLock) -> Result<bool, StoreError> {
    tx.query_one(LOCK_HELPER, &[]).await?;
    // Looked at with the lock in hand: whoever becomes the projector after this sees it.
    Ok(tx.query_one(IS_PROJECTOR, &[&projector.0]).await?.get(0))
}

/// Lets every statement of the transaction, which has run none yet, see the same moment.
pub async fn read_one_snapshot(tx: &Tx) -> Result<(), StoreError> {
    let text = "set transaction isolation level repeatable read, read only";
    tx.batch(Sql { name: "projection::read_one_snapshot", text }).await
}

/// Queues the products that a change reaches.
pub async fn spread(tx: &Tx, spread: &Spread) -> Result<u64, StoreError> {
    let Spread { category_ids, brand_ids, product_type_ids, collection_ids, price_list_ids, everything } =
        spread;
    let params: crate::db::Params<'_> =
        &[category_ids, brand_ids, product_type_ids, collection_ids, everything, price_list_ids];
    tx.execute(SPREAD, params).await
}

/// Lets what is rendered from now on show the prices of this moment.
pub async fn move_price_moment(tx: &Tx, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(MOVE_PRICE_MOMENT, &[&at]).await.map(drop)
}

/// Queues products.
pub async fn enqueue(tx: &Tx, ids: &[ProductId]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(EntityId::as_uuid).collect();
    tx.execute(ENQUEUE, &[&ids]).await.map(drop)
}

/// Takes up to `limit` products off the queue, in the order of their ids.
pub async fn take_queued(tx: &Tx, limit: usize) -> Result<Vec<ProductId>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(product_ids(&tx.query(TAKE_QUEUED, &[&limit]).await?))
}

/// Takes one product off the queue.
pub async fn unqueue(client: &Client, id: ProductId) -> Result<(), StoreError> {
    client.execute(UNQUEUE, &[&id.as_uuid()]).await.map(drop)
}

/// Whether no product waits in the queue.
pub async fn is_queue_empty(client: &Client) -> Result<bool, StoreError> {
    Ok(client.query_one(IS_QUEUE_EMPTY, &[]).await?.get(0))
}

/// Begins a new epoch and tells the listeners of [`crate::Topic::Catalog`] when the transaction commits, with the
/// payload `{"epoch": 17, "products": ["<uuid>", ...], "steering": false}`; `products` is null when anything may have
/// changed, `steering` says whether synonyms or rules of search did.
pub async fn bump_epoch(tx: &Tx, products: Option<&[ProductId]>, steering: bool) -> Result<i64, StoreError> {
    let ids: Option<Vec<Uuid>> = products.map(|ids| ids.iter().map(EntityId::as_uuid).collect());
    Ok(tx.query_one(BUMP_EPOCH, &[&ids, &steering]).await?.get(0))
}

/// The epoch: what was read of the catalogue in it holds until the next.
pub async fn current_epoch(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(CURRENT_EPOCH, &[]).await?.get(0))
}

/// Ids of all products, in order, `limit` at a time.
pub async fn list_product_ids(
    client: &Client,
    after: Option<ProductId>,
    limit: i64,
) -> Result<Vec<ProductId>, StoreError> {
    let after = after.map(|id| id.as_uuid());
    Ok(product_ids(&client.query(LIST_IDS, &[&after, &limit]).await?))
}

/// Ids of about `size` products, spread evenly over all of them.
pub async fn sample_product_ids(client: &Client, size: i64) -> Result<Vec<ProductId>, StoreError> {
    Ok(product_ids(&client.query(SAMPLE_IDS, &[&size]).await?))
}

/// Number of products.
pub async fn count_products(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[]).await?.get(0))
}

/// A draft that was published because its time had come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedDraft {
    /// Product.
    pub id: ProductId,
    /// Its version now.
    pub version: i64,
    /// The time that had come.
    pub publish_at: Timestamp,
}

/// Publishes up to `limit` drafts whose time has come.
pub async fn publish_due(tx: &Tx, now: Timestamp, limit: i64) -> Result<Vec<PublishedDraft>, StoreError> {
    let rows = tx.query(PUBLISH_DUE, &[&now, &limit]).await?;
    let published = rows.iter().map(|row| PublishedDraft {
        id: ProductId::from_uuid(row.get(0)),
        version: row.get(1),
        publish_at: row.get(2),
    });
    Ok(published.collect())
}
