//! What processes tell of the shelves that they hold, the wish that they are filled anew, and who writes where all stand on one index.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::{ChannelId, EntityId};
use uuid::Uuid;

use super::fragment::View;
use crate::db::{Claim, Client, Db};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    // Its own session's lock: it goes with the session, however that ends.
    TRY_CLAIM = "
        select pg_try_advisory_lock(hashtext('tradepost-search-writer-' || current_schema()))";
    GENERATION = "
        select generation from search_generation";
    NEXT_GENERATION = "
        update search_generation set generation = generation + 1 returning generation";
    /// Tells of all shelves of the process $1, and forgets processes that have told nothing since $2.
    TELL = "
        with told as (
             select * from unnest($3::uuid[], $4::text[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[], $10::int8[])
                      as t (channel_id, locale, generation, epoch, products, versions, done, due)),
             forgotten as (
             delete from search_shelf
              where told_at < $2
                 or process_id = $1 and (channel_id, locale) not in (select channel_id, locale from told))
        insert into search_shelf (process_id, channel_id, locale, generation, epoch, products, versions, done, due, told_at)
        select $1, channel_id, locale, generation, epoch, products, versions, done, due, $11
          from told
            on conflict (process_id, channel_id, locale) do update
           set generation = excluded.generation, epoch = excluded.epoch, products = excluded.products,
               versions = excluded.versions, done = excluded.done, due = excluded.due, told_at = excluded.told_at";
    LIST = "
        select channel_id, locale, generation, epoch, products, versions::int8, done, due
          from search_shelf
         where told_at >= $1
         order by process_id, channel_id, locale";
    TALLIES = "
        select channel_id, locale, count(*), sum(version)::int8
          from product_view
         group by channel_id, locale";
}

/// What is told of a shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldShelf {
    /// Channel and locale.
    pub view: View,
    /// Generation that it was filled in; none while it is filled for the first time.
    pub generation: Option<i64>,
    /// Epoch that it has followed to.
    pub epoch: i64,
    /// What it holds.
    pub tally: Tally,
    /// Of a filling that is under way: products read, and those to be read in all.
    pub filling: Option<(i64, i64)>,
}

/// Sums over what is held of a view, to be compared with the same sums over its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Products.
    pub products: i64,
    /// Sum of the versions of their rows.
    pub versions: i64,
}

/// Takes the right to write the index that the shelves of all processes stand on; `None` when another process has it.
pub async fn try_claim(db: &Db) -> Result<Option<Claim>, StoreError> {
    let session = db.session().await?;
    if session.query_one(TRY_CLAIM, &[]).await?.get(0) {
        return Ok(Some(session.leave_pool()));
    }
    session.give_back();
    Ok(None)
}

/// The generation that shelves are to be of.
pub async fn generation(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(GENERATION, &[]).await?.get(0))
}

/// Wants all shelves filled anew; answers the generation that they will be of.
pub async fn next_generation(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(NEXT_GENERATION, &[]).await?.get(0))
}

/// Tells of all shelves that a process has; processes that have told nothing since `before` are forgotten.
pub async fn tell(
    client: &Client,
    process: Uuid,
    shelves: &[ToldShelf],
    (now, before): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let each = || shelves.iter();
    let channels: Vec<Uuid> = each().map(|shelf| shelf.view.channel_id.as_uuid()).collect();
    let locales: Vec<&str> = each().map(|shelf| shelf.view.locale.as_str()).collect();
    let generations: Vec<Option<i64>> = each().map(|shelf| shelf.generation).collect();
    let epochs: Vec<i64> = each().map(|shelf| shelf.epoch).collect();
    let products: Vec<i64> = each().map(|shelf| shelf.tally.products).collect();
    let versions: Vec<i64> = each().map(|shelf| shelf.tally.versions).collect();
    let done: Vec<Option<i64>> = each().map(|shelf| shelf.filling.map(|(done, _)| done)).collect();
    let due: Vec<Option<i64>> = each().map(|shelf| shelf.filling.map(|(_, due)| due)).collect();
    let params: crate::db::Params<'_> = &[
        &process,
        &before,
        &channels,
        &locales,
        &generations,
        &epochs,
        &products,
        &versions,
        &done,
        &due,
        &now,
    ];
    client.execute(TELL, params).await.map(drop)
}

/// What processes have told since `after`.
pub async fn list(client: &Client, after: Timestamp) -> Result<Vec<ToldShelf>, StoreError> {
    let told = |row: &Row| {
        Ok(ToldShelf {
            view: view(row)?,
            generation: row.get(2),
            epoch: row.get(3),
            tally: Tally { products: row.get(4), versions: row.get(5) },
            filling: row.get::<_, Option<i64>>(6).zip(row.get(7)),
        })
    };
    client.query(LIST, &[&after]).await?.iter().map(told).collect()
}

/// The sums over the rows of every view that has any.
pub async fn tallies(client: &Client) -> Result<Vec<(View, Tally)>, StoreError> {
    let tally = |row: &Row| Ok((view(row)?, Tally { products: row.get(2), versions: row.get(3) }));
    client.query(TALLIES, &[]).await?.iter().map(tally).collect()
}

fn view(row: &Row) -> Result<View, StoreError> {
    let locale: &str = row.get(1);
    let locale: Locale = locale.parse().map_err(|error| StoreError::inconsistent("search_shelf", error))?;
    Ok(View { channel_id: ChannelId::from_uuid(row.get(0)), locale })
}
