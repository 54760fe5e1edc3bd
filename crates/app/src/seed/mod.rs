//! Fills an empty shop from values, batch by batch, so that a filling that is broken off goes on where it was.
//!
//! What is to be filled and how far it has come stands in the shop itself (`setting`), in the same transactions as what
//! was filled: there is no moment at which the two disagree. Products are copied as an import copies them. Fragments are rendered after it, all at once.

mod rows;
mod values;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::{ChannelId, StockLocationId};
use tradepost_store::catalog::staging;
use tradepost_store::seed::{self, SeedTable};
use tradepost_store::{StoreError, channel, setting};
use uuid::Uuid;

use crate::error::WriteError;
use crate::shop::Shop;

pub use values::{
    SeedCategory, SeedCollection, SeedPicture, SeedProduct, SeedReview, SeedShop, SeedType, SeedVariant,
};

/// Where the state of the filling stands.
const KEY: &str = "seed";

/// Pictures that are written at once.
const PICTURES_AT_ONCE: usize = 32;

/// How far the filling of a shop has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeedState {
    /// The shop is empty.
    Empty,
    /// Somebody filled the shop by other means.
    Foreign,
    /// It was begun with this plan and is done up to this many products.
    Begun {
        /// What was to be filled, in the words of whoever began.
        plan: Value,
        /// Products that are there.
        products: u64,
    },
    /// It is done.
    Done {
        /// What was filled.
        plan: Value,
    },
}

/// Reads how far the filling has come.
pub async fn seed_state(shop: &Shop) -> Result<SeedState, StoreError> {
    let client = shop.store.worker().conn().await?;
    let Some(value) = setting::get(&client, KEY).await? else {
        let products = seed::count_products(&client).await?;
        return Ok(if products == 0 { SeedState::Empty } else { SeedState::Foreign });
    };
    let plan = value.get("plan").cloned().unwrap_or(Value::Null);
    if value.get("done").and_then(Value::as_bool) == Some(true) {
        return Ok(SeedState::Done { plan });
    }
    let products = value.get("products").and_then(Value::as_u64).unwrap_or(0);
    Ok(SeedState::Begun { plan, products })
}

fn state(plan: &Value, products: u64, done: bool) -> Value {
    json!({"plan": plan, "products": products, "done": done})
}

/// Writes what products refer to, and that the filling has begun.
pub async fn begin_seed(shop: &Shop, plan: &Value, values: &SeedShop) -> Result<(), WriteError> {
    let now = shop.clock.now();
    let tx = shop.store.worker().begin("begin_seed").await?;
    for (table, rows) in rows::shop_rows(values, &*shop.ids)? {
        seed::insert(&tx, table, rows, now).await?;
    }
    let known = channel::list(&tx).await?;
    for channel in &values.channels {
        if known.iter().all(|other| other.handle != channel.handle) {
            let id: ChannelId = shop.ids.next();
            channel::insert(&tx, &tradepost_domain::catalog::Channel { id, ..channel.clone() }, now).await?;
        }
    }
    setting::put(&tx, KEY, &state(plan, 0, false), now).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes products in batches.
#[derive(Debug)]
pub struct Seeder {
    shop: Arc<Shop>,
    plan: Value,
    handles: HashMap<(String, String), Uuid>,
    location: Option<StockLocationId>,
    products: u64,
}

impl Seeder {
    /// Goes on with a filling that has begun and has come to `products`.
    pub async fn new(shop: Arc<Shop>, plan: Value, products: u64) -> Result<Self, StoreError> {
        let (handles, location) = {
            let client = shop.store.worker().conn().await?;
            (seed::handles(&client).await?, seed::default_location(&client).await?)
        };
        Ok(Self { shop, plan, handles, location, products })
    }

    /// Writes some products, all or none, with how far the filling has come.
    pub async fn write(&mut self, batch: &[SeedProduct]) -> Result<(), WriteError> {
        let now = self.shop.clock.now();
        let (imported, mut beside) = rows::product_rows(batch, &self.handles, (&*self.shop.ids, now))?;
        // Pictures first: a row must not name a file that is not there.
        let pictures = batch.iter().flat_map(|product| &product.pictures).cloned();
        let pictures: HashMap<String, Bytes> =
            pictures.map(|picture| (picture.blob, picture.content)).collect();
        let put = |(name, content)| self.shop.blobs.put(name, content);
        // Each waits for the disk, which takes many at once.
        let written = stream::iter(pictures).map(put).buffer_unordered(PICTURES_AT_ONCE);
        written.try_collect::<()>().await?;
        let products = self.products.saturating_add(u64::try_from(batch.len()).unwrap_or(0));
        let tx = self.shop.store.worker().begin("seed_products").await?;
        let (table, pictures) = beside.take_pictures();
        seed::insert(&tx, table, pictures, now).await?;
        let written: Vec<_> = imported.iter().collect();
        staging::copy_new_products(&tx, &written, self.location, now).await?;
        staging::pick_products(&tx, &written, now).await?;
        for (table, rows) in beside.into_rest() {
            seed::insert(&tx, table, rows, now).await?;
        }
        setting::put(&tx, KEY, &state(&self.plan, products, false), now).await?;
        tx.commit().await?;
        self.products = products;
        Ok(())
    }

    /// Says that everything is there.
    pub async fn finish(self) -> Result<(), StoreError> {
        finish_seed(&self.shop, &self.plan).await
    }
}

/// Says that a plan is done, however it was done.
///
/// So much at once goes past the server's own counting of what changed: its planner is told here.
pub async fn finish_seed(shop: &Shop, plan: &Value) -> Result<(), StoreError> {
    let client = shop.store.worker().conn().await?;
    seed::analyze(&client).await?;
    setting::put(&client, KEY, &state(plan, 0, true), shop.clock.now()).await
}

/// Notes a plan that is filled by other means than a [`Seeder`]: broken off, it is done again.
pub async fn note_seed(shop: &Shop, plan: &Value) -> Result<(), StoreError> {
    let client = shop.store.worker().conn().await?;
    setting::put(&client, KEY, &state(plan, 0, false), shop.clock.now()).await
}

/// Rows of one table.
type TableRows = (SeedTable, Vec<Value>);
