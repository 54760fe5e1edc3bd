//! Channels.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::catalog::Channel;
use tradepost_domain::kernel::ids::{ChannelId, EntityId};

use crate::catalog::redirect::Reference;
use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select id, handle, name, currency, default_locale, locales, is_default, active, version
          from channel
         order by handle";
    GET_FOR_UPDATE = "
        select id, handle, name, currency, default_locale, locales, is_default, active, version
          from channel
         where id = $1 or handle = $2
           for update";
    LIST_PAGE = "
        select id, handle, name, currency, default_locale, locales, is_default, active, version
          from channel
         where ($1::uuid is null or id < $1)
         order by id desc
         limit $2";
    COUNT = "
        select count(*) from channel";
    FIND = "
        select id, handle, name, currency, default_locale, locales, is_default, active, version
          from channel
         where id = $1 or handle = $2";
    /// Whoever gives the default to another waits here for whoever does so now.
    LOCK_ALL = "
        select id, handle, name, currency, default_locale, locales, is_default, active, version
          from channel
         order by id
           for update";
    USES = "
        select exists (select 1 from api_key where channel_id = $1 and revoked_at is null),
               exists (select 1 from product where $1 = any (channel_ids))";
    DELETE = "
        delete from channel where id = $1";
    INSERT = "
        insert into channel (id, handle, name, currency, default_locale, locales, is_default, active, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)";
    UPDATE = "
        update channel
           set handle = $2, name = $3, currency = $4, default_locale = $5, locales = $6, is_default = $7, active = $8,
               version = $9, updated_at = $10
         where id = $1";
    CLEAR_DEFAULT = "
        update channel set is_default = false, version = version + 1, updated_at = $2 where is_default and id <> $1";
}

/// All channels, by handle. There are few: they are kept in memory and read anew when one changes.
pub async fn list(client: &Client) -> Result<Vec<Channel>, StoreError> {
    client.query(LIST, &[]).await?.iter().map(from_row).collect()
}

/// Channels made before `after`, newest first.
pub async fn list_page(
    client: &Client,
    after: Option<ChannelId>,
    limit: i64,
) -> Result<Vec<Channel>, StoreError> {
    let rows = client.query(LIST_PAGE, &[&after.map(|id| id.as_uuid()), &limit]).await?;
    rows.iter().map(from_row).collect()
}

/// How many there are.
pub async fn count(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[]).await?.get(0))
}

/// The channel with this id or this handle.
pub async fn find(
    client: &Client,
    id: Option<ChannelId>,
    handle: Option<&str>,
) -> Result<Option<Channel>, StoreError> {
    let row = client.query_opt(FIND, &[&id.map(|id| id.as_uuid()), &handle]).await?;
    row.as_ref().map(from_row).transpose()
}

/// All channels, kept from other writers until the transaction ends.
pub async fn lock_all(tx: &Tx) -> Result<Vec<Channel>, StoreError> {
    tx.query(LOCK_ALL, &[]).await?.iter().map(from_row).collect()
}

/// What hangs on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelUses {
    /// Whether publishable keys that work name it.
    pub keys: bool,
    /// Whether products are shown in it by name.
    pub products: bool,
}

/// What hangs on a channel.
pub async fn uses(tx: &Tx, id: ChannelId) -> Result<ChannelUses, StoreError> {
    let row = tx.query_one(USES, &[&id.as_uuid()]).await?;
    Ok(ChannelUses { keys: row.get(0), products: row.get(1) })
}

/// Deletes a channel with what is rendered for it and its keys, which are revoked by then.
pub async fn delete(tx: &Tx, id: ChannelId) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&id.as_uuid()]).await.map(drop)
}

/// One channel, kept from other writers until the transaction ends.
pub async fn get_for_update(tx: &Tx, wanted: &Reference<ChannelId>) -> Result<Option<Channel>, StoreError> {
    let (id, handle) = wanted.parts();
    tx.query_opt(GET_FOR_UPDATE, &[&id, &handle]).await?.as_ref().map(from_row).transpose()
}

/// Stores a new channel.
pub async fn insert(tx: &Tx, channel: &Channel, now: Timestamp) -> Result<(), StoreError> {
    write(tx, channel, now, INSERT).await
}

/// Stores a changed channel.
pub async fn update(tx: &Tx, channel: &Channel, now: Timestamp) -> Result<(), StoreError> {
    write(tx, channel, now, UPDATE).await
}

async fn write(tx: &Tx, channel: &Channel, now: Timestamp, sql: crate::sql::Sql) -> Result<(), StoreError> {
    let locales: Vec<&str> = channel.locales.iter().map(tradepost_domain::kernel::Locale::as_str).collect();
    let currency = channel.currency.code();
    let params: crate::db::Params<'_> = &[
        &channel.id.as_uuid(),
        &channel.handle.as_str(),
        &channel.name,
        &currency,
        &channel.default_locale.as_str(),
        &locales,
        &channel.is_default,
        &channel.active,
        &channel.version,
        &now,
    ];
    tx.execute(sql, params).await.map(drop)
}

/// Takes the default from every other channel, before `id` becomes it.
pub async fn clear_default(tx: &Tx, id: ChannelId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(CLEAR_DEFAULT, &[&id.as_uuid(), &now]).await.map(drop)
}

fn from_row(row: &Row) -> Result<Channel, StoreError> {
    let bad = |what: &dyn std::fmt::Display| StoreError::inconsistent("channel", what);
    let locales: Vec<String> = row.get(5);
    Ok(Channel {
        id: ChannelId::from_uuid(row.get(0)),
        handle: row.get::<_, &str>(1).parse().map_err(|error| bad(&error))?,
        name: row.get(2),
        currency: row.get::<_, &str>(3).parse().map_err(|error| bad(&error))?,
        default_locale: row.get::<_, &str>(4).parse().map_err(|error| bad(&error))?,
        locales: locales
            .iter()
            .map(|tag| tag.parse().map_err(|error| bad(&error)))
            .collect::<Result<_, _>>()?,
        is_default: row.get(6),
        active: row.get(7),
        version: row.get(8),
    })
}
