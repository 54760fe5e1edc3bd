//! Tables of rules: each row one rule with its handle, its name and what staff wrote.
//!
//! Groups of customers, price lists, promotions, tax classes, zones and rates, shipping zones and methods, synonyms and rules of
//! search are kept alike, so their statements are made from one pattern, with the table's name put in when the program is built.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::EntityId;
use uuid::Uuid;

use crate::catalog::redirect::Reference;
use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::{Sql, sql};

/// A table of rules, as its statements.
#[derive(Debug, Clone, Copy)]
pub struct RuleTable {
    list: Sql,
    versions: Sql,
    count: Sql,
    lock_for_count: Sql,
    find: Sql,
    get_for_update: Sql,
    insert: Sql,
    update: Sql,
    delete: Sql,
    lock: Sql,
}

macro_rules! rule_tables {
    ($($(#[$doc:meta])* $name:ident = $module:ident, $table:literal, $used:literal;)*) => {
        $(mod $module {
            use super::sql;
            sql! {
                LIST = concat!("
                    select id, handle, name, definition, ", $used, ", version, created_at, updated_at
                      from ", $table, "
                     where ($1::uuid is null or id < $1)
                     order by id desc
                     limit $2");
                VERSIONS = concat!("
                    select id, version from ", $table, " order by id");
                /// Those who make some wait for each other, so that the limit of their number holds.
                LOCK_FOR_COUNT = concat!("
                    select pg_advisory_xact_lock(hashtext('", $table, " ' || current_schema()))");
                COUNT = concat!("
                    select count(*) from ", $table);
                FIND = concat!("
                    select id, handle, name, definition, ", $used, ", version, created_at, updated_at
                      from ", $table, "
                     where id = $1 or handle = $2");
                GET_FOR_UPDATE = concat!("
                    select id, handle, name, definition, ", $used, ", version, created_at, updated_at
                      from ", $table, "
                     where id = $1 or handle = $2
                       for update");
                INSERT = concat!("
                    insert into ", $table, " (id, handle, name, definition, version, created_at, updated_at)
                    values ($1, $2, $3, $4, $5, $6, $7)");
                UPDATE = concat!("
                    update ", $table, "
                       set handle = $2, name = $3, definition = $4, version = $5, updated_at = $6
                     where id = $1");
                DELETE = concat!("
                    delete from ", $table, " where id = $1");
                LOCK = concat!("
                    select id from ", $table, " where id = any ($1) order by id for key share");
            }
        }
        $(#[$doc])*
        pub const $name: RuleTable = RuleTable {
            list: $module::LIST,
            versions: $module::VERSIONS,
            count: $module::COUNT,
            lock_for_count: $module::LOCK_FOR_COUNT,
            find: $module::FIND,
            get_for_update: $module::GET_FOR_UPDATE,
            insert: $module::INSERT,
            update: $module::UPDATE,
            delete: $module::DELETE,
            lock: $module::LOCK,
        };)*
        /// Every statement of every table of rules.
        pub(crate) fn statements() -> impl Iterator<Item = Sql> {
            [$($module::STATEMENTS),*, STATEMENTS].into_iter().flatten().copied()
        }
    };
}

rule_tables! {
    /// Groups of customers.
    CUSTOMER_GROUP = customer_group, "customer_group", "0";
    /// Price lists.
    PRICE_LIST = price_list, "price_list", "0";
    /// Promotions.
    PROMOTION = promotion, "promotion", "used";
    /// Tax classes.
    TAX_CLASS = tax_class, "tax_class", "0";
    /// Tax zones.
    TAX_ZONE = tax_zone, "tax_zone", "0";
    /// Tax rates.
    TAX_RATE = tax_rate, "tax_rate", "0";
    /// Shipping zones.
    SHIPPING_ZONE = shipping_zone, "shipping_zone", "0";
    /// Shipping methods.
    SHIPPING_METHOD = shipping_method, "shipping_method", "0";
    /// Synonyms of search.
    SEARCH_SYNONYM = search_synonym, "search_synonym", "0";
    /// Rules of search.
    SEARCH_RULE = search_rule, "search_rule", "0";
}

sql! {
    LOCK_CHANNELS = "
        select id from channel where id = any ($1) order by id for key share";
    KNOWN_PRODUCTS = "
        select id::text from product where id = any ($1::text[]::uuid[])";
    KNOWN_CATEGORIES = "
        select id::text from category where id = any ($1::text[]::uuid[])";
    KNOWN_COLLECTIONS = "
        select id::text from collection where id = any ($1::text[]::uuid[])";
    KNOWN_BRANDS = "
        select handle from brand where handle = any ($1)";
    KNOWN_PRODUCT_TYPES = "
        select handle from product_type where handle = any ($1)";
    /// Rules name others by the id that the API shows, wherever in their definition.
    NAMED = "
        select exists (
               select from price_list
                where jsonb_path_exists(definition, '$.** ? (@ == $id)', jsonb_build_object('id', $1::text))
               union all
               select from promotion
                where jsonb_path_exists(definition, '$.** ? (@ == $id)', jsonb_build_object('id', $1::text))
               union all
               select from tax_zone
                where jsonb_path_exists(definition, '$.** ? (@ == $id)', jsonb_build_object('id', $1::text))
               union all
               select from tax_rate
                where jsonb_path_exists(definition, '$.** ? (@ == $id)', jsonb_build_object('id', $1::text))
               union all
               select from shipping_method
                where jsonb_path_exists(definition, '$.** ? (@ == $id)', jsonb_build_object('id', $1::text)))";
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleRow {
    /// Id.
    pub id: Uuid,
    /// Name in addresses and configuration.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// What staff wrote.
    pub definition: Value,
    /// How often it was used; 0 where uses are not counted.
    pub used: i32,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Rules made before `after`, newest first.
pub async fn list(
    client: &Client,
    table: RuleTable,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RuleRow>, StoreError> {
    Ok(client.query(table.list, &[&after, &limit]).await?.iter().map(from_row).collect())
}

/// The id and version of each, by id.
pub async fn versions(client: &Client, table: RuleTable) -> Result<Vec<(Uuid, i64)>, StoreError> {
    let rows = client.query(table.versions, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Keeps others from making some until the transaction ends.
pub async fn lock_for_count(tx: &Tx, table: RuleTable) -> Result<(), StoreError> {
    tx.query_one(table.lock_for_count, &[]).await.map(drop)
}

/// Things of the catalogue that rules may speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// Products, by id.
    Products,
    /// Categories, by id.
    Categories,
    /// Collections, by id.
    Collections,
    /// Brands, by handle.
    Brands,
    /// Product types, by handle.
    ProductTypes,
}

/// Those of the things that exist; ids are texts as the database writes them.
pub async fn known(client: &Client, what: Spoken, keys: &[&str]) -> Result<Vec<String>, StoreError> {
    let statement = match what {
        Spoken::Products => KNOWN_PRODUCTS,
        Spoken::Categories => KNOWN_CATEGORIES,
        Spoken::Collections => KNOWN_COLLECTIONS,
        Spoken::Brands => KNOWN_BRANDS,
        Spoken::ProductTypes => KNOWN_PRODUCT_TYPES,
    };
    Ok(client.query(statement, &[&keys]).await?.iter().map(|row| row.get(0)).collect())
}

/// How many there are.
pub async fn count(client: &Client, table: RuleTable) -> Result<i64, StoreError> {
    Ok(client.query_one(table.count, &[]).await?.get(0))
}

/// The rule with this id or this handle.
pub async fn find(
    client: &Client,
    table: RuleTable,
    id: Option<Uuid>,
    handle: Option<&str>,
) -> Result<Option<RuleRow>, StoreError> {
    Ok(client.query_opt(table.find, &[&id, &handle]).await?.as_ref().map(from_row))
}

/// One rule, kept from other writers until the transaction ends.
pub async fn get_for_update<Id: EntityId>(
    tx: &Tx,
    table: RuleTable,
    wanted: &Reference<Id>,
) -> Result<Option<RuleRow>, StoreError> {
    let (id, handle) = wanted.parts();
    Ok(tx.query_opt(table.get_for_update, &[&id, &handle]).await?.as_ref().map(from_row))
}

/// Stores a new rule.
pub async fn insert(tx: &Tx, table: RuleTable, row: &RuleRow) -> Result<(), StoreError> {
    let RuleRow { id, handle, name, definition, version, created_at, updated_at, .. } = row;
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [id, handle, name, definition, version, created_at, updated_at];
    tx.execute(table.insert, &params).await.map(drop)
}

/// Stores a changed rule.
pub async fn update(tx: &Tx, table: RuleTable, row: &RuleRow) -> Result<(), StoreError> {
    let RuleRow { id, handle, name, definition, version, updated_at, .. } = row;
    tx.execute(table.update, &[id, handle, name, definition, version, updated_at]).await.map(drop)
}

/// Deletes a rule.
pub async fn delete(tx: &Tx, table: RuleTable, id: Uuid) -> Result<(), StoreError> {
    tx.execute(table.delete, &[&id]).await.map(drop)
}

/// Those of the ids that exist, kept from being deleted until the transaction ends. `None` stands for channels.
pub async fn lock(tx: &Tx, table: Option<RuleTable>, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    let statement = table.map_or(LOCK_CHANNELS, |table| table.lock);
    Ok(tx.query(statement, &[&ids]).await?.iter().map(|row| row.get(0)).collect())
}

/// Whether another rule names this one; `id` as the API shows it. Asked while the row is locked for update.
pub async fn is_named(tx: &Tx, id: &str) -> Result<bool, StoreError> {
    Ok(tx.query_one(NAMED, &[&id]).await?.get(0))
}

fn from_row(row: &Row) -> RuleRow {
    RuleRow {
        id: row.get(0),
        handle: row.get(1),
        name: row.get(2),
        definition: row.get(3),
        used: row.get(4),
        version: row.get(5),
        created_at: row.get(6),
        updated_at: row.get(7),
    }
}
