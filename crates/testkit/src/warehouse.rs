//! A warehouse: variants and stock put there by hand, for tests of what moves it.
//!
//! Everything is named by small numbers, and ids are made of them, so that two runs of a test see the same.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};
use tradepost_domain::inventory::Want;
use tradepost_domain::kernel::ids::{EntityId, OrderId, OrderLineId, StockLocationId, VariantId};
use tradepost_store::StoreError;
use tradepost_store::inventory::{Hold, ReserveOrder, Reserved, reserve};
use uuid::Uuid;

use crate::TestDatabase;

/// A shop's variants and stock, without orders: these are only numbers here.
#[derive(Debug)]
pub struct Warehouse {
    /// The database.
    pub database: TestDatabase,
    next: AtomicU64,
}

/// The id of the thing with a number, of any kind.
pub fn id<T: EntityId>(number: u64) -> T {
    T::from_uuid(Uuid::from_u128(u128::from(number)))
}

/// A moment, seconds after the tests' beginning of time.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

impl Warehouse {
    /// One with the default location 1, and location 2 whose handle comes behind.
    pub async fn new() -> Self {
        let warehouse = Self { database: TestDatabase::new().await, next: AtomicU64::new(1_000_000) };
        let sql = "insert into stock_location (id, handle, name, is_default, created_at, updated_at)
                   values ($1, $2, $2, $3, $4, $4)";
        for (number, handle) in [(1, "main"), (2, "annex")] {
            let location: StockLocationId = id(number);
            let is_default = number == 1;
            let params: &[&(dyn ToSql + Sync)] = &[&location.as_uuid(), &handle, &is_default, &at(0)];
            warehouse.client().await.execute(sql, params).await.unwrap();
        }
        warehouse
    }

    /// A connection of its own.
    pub async fn client(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.database.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// An id that was not drawn before.
    pub fn next_id(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.next.fetch_add(1, Ordering::Relaxed)))
    }

    /// Adds variants, each of a product with its number, tracked and without backorders.
    pub async fn add_variants(&self, numbers: impl IntoIterator<Item = u64>) {
        let client = self.client().await;
        for number in numbers {
            let uuid = id::<VariantId>(number).as_uuid();
            let product = "insert into product (id, handle, title, status, created_at, updated_at)
                           values ($1, $2, $2, 'draft', $3, $3)";
            client.execute(product, &[&uuid, &format!("p-{number}"), &at(0)]).await.unwrap();
            let variant = "insert into variant (id, product_id, position) values ($1, $1, 0)";
            client.execute(variant, &[&uuid]).await.unwrap();
        }
    }

    /// Changes whether a variant's stock is tracked and may be ordered back.
    pub async fn set_flags(&self, variant: u64, tracked: bool, backorder: bool) {
        let sql = "update variant set tracked = $2, backorder = $3 where id = $1";
        let uuid = id::<VariantId>(variant).as_uuid();
        self.client().await.execute(sql, &[&uuid, &tracked, &backorder]).await.unwrap();
    }

    /// Lays units of a variant at a location, as they were counted.
    pub async fn put(&self, variant: u64, location: u64, on_hand: i64) {
        let sql = "insert into stock_level (id, variant_id, location_id, on_hand, tracked, backorder, moved_kind, moved_by,
                                            moved_id, updated_at)
                   select $1, v.id, $3, $4, v.tracked, v.backorder, 'received', 'test', $1, $5 from variant v where v.id = $2
                       on conflict (variant_id, location_id) do update
                      set on_hand = excluded.on_hand, moved_kind = 'adjusted', moved_id = excluded.moved_id,
                          moved_for = null, moved_units = null";
        let (variant, location): (VariantId, StockLocationId) = (id(variant), id(location));
        let params: &[&(dyn ToSql + Sync)] =
            &[&self.next_id(), &variant.as_uuid(), &location.as_uuid(), &on_hand, &at(0)];
        self.client().await.execute(sql, params).await.unwrap();
    }

    /// What lies, is reserved and is allocated of a variant at a location; `None` where there is no level.
    pub async fn level(&self, variant: u64, location: u64) -> Option<(i64, i64, i64)> {
        let sql =
            "select on_hand, reserved, allocated from stock_level where variant_id = $1 and location_id = $2";
        let (variant, location): (VariantId, StockLocationId) = (id(variant), id(location));
        let row =
            self.client().await.query_opt(sql, &[&variant.as_uuid(), &location.as_uuid()]).await.unwrap();
        row.map(|row| (row.get(0), row.get(1), row.get(2)))
    }

    /// The first column of all rows, as texts.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.client().await.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Reserves for orders in a transaction of its own, in one call.
    pub async fn reserve(&self, orders: &[ReserveOrder]) -> Result<Reserved, StoreError> {
        let tx = self.database.store.storefront().begin("reserve").await?;
        let reserved = reserve(&tx, orders, (None, at(1)), &mut || self.next_id()).await?;
        tx.commit().await?;
        Ok(reserved)
    }
}

/// An order with a number that wants units of variants, a line each, held until second 60; line `i` has the number
/// `100 x order + i`.
pub fn order(number: u64, wants: &[(u64, i64)]) -> ReserveOrder {
    let lines = wants.iter().zip(0_u64..).map(|((variant, quantity), index)| Want {
        order_line_id: id::<OrderLineId>(100 * number + index),
        variant_id: id(*variant),
        quantity: *quantity,
    });
    let order_id: OrderId = id(number);
    ReserveOrder {
        order_id,
        cause_id: order_id.as_uuid(),
        hold: Hold::Held { expires_at: Some(at(60)) },
        lines: lines.collect(),
    }
}
