//! What is for sale: articles with known prices and known units, put there through the API as staff do.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::bed::Bed;
use super::client::{Call, Reply};
use crate::LabError;

/// Articles that the kill rounds sell.
const SHELF: usize = 12;
/// Units of each at the beginning, and how many come each time.
const UNITS: i64 = 30;
const DELIVERY: i64 = 10;
/// How long an article may take until shoppers see it.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);

/// Something to buy.
#[derive(Debug, Clone)]
pub(super) struct Article {
    /// The variant's id.
    pub(super) variant: String,
}

/// Everything that is for sale.
#[derive(Debug, Default)]
pub(super) struct Goods {
    /// What the kill rounds sell.
    pub(super) shelf: Vec<Article>,
    /// Units that were put there, by variant, for all time.
    pub(super) put: BTreeMap<String, i64>,
    made: usize,
}

impl Goods {
    /// Makes the articles of the kill rounds.
    pub(super) async fn put_on_the_shelf(bed: &Bed) -> Result<Self, LabError> {
        let mut goods = Self::default();
        for number in 0..SHELF {
            let price = 250 + 395 * i64::try_from(number).unwrap_or(0);
            let article = goods.make(bed, price, UNITS).await?;
            goods.shelf.push(article);
        }
        Ok(goods)
    }

    /// Makes an article with so many units at a price in cents, and waits until shoppers see it.
    pub(super) async fn make(&mut self, bed: &Bed, price: i64, units: i64) -> Result<Article, LabError> {
        self.made += 1;
        let handle = format!("torture-{}", self.made);
        let body = json!({
            "title": format!("Torture {}", self.made), "handle": handle,
            "price": {"amount": price, "currency": "EUR"}, "stock": units,
        });
        let made = bed.prepare("/api/admin/products", body).await?;
        let publish = format!("/api/admin/products/{}/publish", made.text("/id"));
        let publish = Call::post(publish, json!({})).header("If-Match", "*");
        bed.client().send(&bed.as_staff(publish)).await?;
        let page = shown(bed, &handle).await?;
        let variant = page.text("/variants/0/id").to_owned();
        self.put.insert(variant.clone(), units);
        Ok(Article { variant })
    }

    /// Lets some more of everything on the shelf come in.
    pub(super) async fn deliver(&mut self, bed: &Bed) -> Result<(), LabError> {
        let items: Vec<Value> = self
            .shelf
            .iter()
            .map(|article| json!({"variant_id": article.variant, "adjust": DELIVERY}))
            .collect();
        bed.prepare("/api/admin/stock-levels/bulk", json!({"items": items})).await?;
        for article in &self.shelf {
            *self.put.entry(article.variant.clone()).or_insert(0) += DELIVERY;
        }
        Ok(())
    }
}

async fn shown(bed: &Bed, handle: &str) -> Result<Reply, LabError> {
    let begun = Instant::now();
    loop {
        let page = bed.client().send(&Call::get(format!("/api/products/{handle}"))).await?;
        if page.status == 200 {
            return Ok(page);
        }
        if begun.elapsed() > SHOWN_WITHIN {
            return Err(LabError::Preparation(format!("shoppers do not see {handle}: {}", bed.log_tail())));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
