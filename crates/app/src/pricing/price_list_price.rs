//! Prices of price lists: listed, set, and taken out variant by variant.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tradepost_domain::kernel::ids::{EntityId, PriceListId, ProductId, VariantId};
use tradepost_domain::kernel::limits::PRICES_MAX;
use tradepost_domain::kernel::{Currency, Issue, Money, Quantity};
use tradepost_store::pricing::price_list_price::{self, PriceListPriceRow};
use tradepost_store::pricing::rule::{self, PRICE_LIST};
use utoipa::ToSchema;

use super::price_list::{PriceListCreate, PriceListView};
use super::rule::read_definition;
use super::shown;
use crate::answer::{Answer, Outcome};
use crate::catalog::Reference;
use crate::change::{missing, refuse};
use crate::error::WriteError;
use crate::page::{CursorKey, Page, PageRequest};
use crate::shop::Shop;
use crate::work::{StaffContext, Work};

/// A price of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceListPriceView {
    /// Variant.
    #[schema(value_type = String)]
    pub variant_id: VariantId,
    /// From so many units of the variant in the cart on.
    pub min_quantity: i32,
    /// Price of one unit in minor units.
    pub amount: i64,
    /// Code of ISO 4217.
    #[schema(value_type = String)]
    pub currency: Currency,
}

/// A price to set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceListPriceSet {
    /// Variant.
    #[schema(value_type = String)]
    pub variant_id: VariantId,
    /// From so many units of the variant in the cart on.
    #[serde(default = "one")]
    #[schema(value_type = u32, minimum = 1, maximum = 9_999, required = false)]
    pub min_quantity: Quantity,
    /// Price of one unit in minor units.
    #[schema(minimum = 0, maximum = 10_000_000_000_000_i64)]
    pub amount: i64,
    /// Code of ISO 4217.
    #[schema(value_type = String)]
    pub currency: Currency,
}

fn one() -> Quantity {
    Quantity::ONE
}

/// Prices to set. Those of other variants, currencies and quantities stay.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceListPricesSet {
    /// The prices, each variant, currency and quantity once.
    #[schema(min_items = 1, max_items = 500)]
    pub prices: Vec<PriceListPriceSet>,
}

/// Where a page of prices ended: by variant, currency and quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricePlace {
    variant: VariantId,
    currency: Currency,
    min_quantity: i32,
}

impl CursorKey for PricePlace {
    fn write(&self) -> String {
        format!("{}.{}.{}", self.variant, self.currency, self.min_quantity)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        Some(Self {
            variant: parts.next()?.parse().ok()?,
            currency: parts.next()?.parse().ok()?,
            min_quantity: parts.next()?.parse().ok()?,
        })
    }
}

/// A page of the prices of a list, or `None` when there is no such list.
pub async fn list_price_list_prices(
    shop: &Shop,
    list: &Reference<PriceListId>,
    page: &PageRequest<PricePlace>,
) -> Result<Option<Page<PriceListPriceView>>, WriteError> {
    let conn = shop.store.admin().conn().await?;
    let (id, handle) = list.parts();
    let Some(found) = rule::find(&conn, PRICE_LIST, id, handle).await? else { return Ok(None) };
    let list = PriceListId::from_uuid(found.id);
    let after = page.after.as_ref().map(|place| (place.variant, place.currency.code(), place.min_quantity));
    let rows = price_list_price::list(&conn, list, after, page.rows()).await?;
    let total = if page.count { Some(price_list_price::count(&conn, list).await?) } else { None };
    let place = |row: &PriceListPriceRow| PricePlace {
        variant: row.variant_id,
        currency: row.amount.currency(),
        min_quantity: row.min_quantity,
    };
    let view = |row: PriceListPriceRow| PriceListPriceView {
        variant_id: row.variant_id,
        min_quantity: row.min_quantity,
        amount: row.amount.amount(),
        currency: row.amount.currency(),
    };
    Ok(Some(Page::new(page, rows, total, place).map(view)))
}

/// Sets prices of a list.
pub async fn set_price_list_prices(
    context: &StaffContext,
    list: &Reference<PriceListId>,
    set: PriceListPricesSet,
) -> Result<Answer, WriteError> {
    let work = context.begin("set_price_list_prices").await?;
    let locked = lock(&work, list).await?;
    let rows = rows(&set.prices)?;
    let variants: Vec<VariantId> = rows.iter().map(|row| row.variant_id).collect();
    let known = price_list_price::products_of(&work.tx, &variants).await?;
    if let Some(index) = rows.iter().position(|row| !known.contains_key(&row.variant_id)) {
        let path = format!("$.prices[{index}].variant_id");
        return Err(WriteError::invalid(path, "unknown_variant", "there is no such variant"));
    }
    price_list_price::upsert(&work.tx, PriceListId::from_uuid(locked.id), &rows).await?;
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    finish(work, locked, known.into_values(), serde_json::json!({"prices_set": count})).await
}

/// Takes all prices of a variant out of a list.
pub async fn remove_price_list_prices(
    context: &StaffContext,
    list: &Reference<PriceListId>,
    variant: VariantId,
) -> Result<Answer, WriteError> {
    let work = context.begin("remove_price_list_prices").await?;
    let locked = lock(&work, list).await?;
    let id = PriceListId::from_uuid(locked.id);
    let product = price_list_price::delete(&work.tx, id, variant).await?;
    let product = product.ok_or(WriteError::NotFound { kind: "price" })?;
    finish(work, locked, [product], serde_json::json!({"prices_removed_of": variant})).await
}

async fn lock(work: &Work<'_>, list: &Reference<PriceListId>) -> Result<rule::RuleRow, WriteError> {
    let row = rule::get_for_update(&work.tx, PRICE_LIST, list).await?;
    row.ok_or_else(missing::<PriceListView>)
}

/// The list changes with its prices: its version grows, its event names the products that may cost something else now, and
/// the answer is the list.
async fn finish(
    mut work: Work<'_>,
    mut row: rule::RuleRow,
    products: impl IntoIterator<Item = ProductId>,
    after: serde_json::Value,
) -> Result<Answer, WriteError> {
    row.version = row.version.saturating_add(1);
    row.updated_at = work.now;
    rule::update(&work.tx, PRICE_LIST, &row).await?;
    let fields: PriceListCreate = read_definition(&row.definition)?;
    let seen = shown::is_shown(&fields, work.now);
    let told = shown::prices_changed(products.into_iter().filter(|_| seen));
    work.event("price_list.updated", row.id, row.version, told);
    work.audit("price_list.update", ("price_list", row.id), None, Some(after));
    let view = PriceListView { id: PriceListId::from_uuid(row.id), fields, used: None, version: row.version };
    work.finish_with(Outcome::Done, &view, Some(view.version)).await
}

fn rows(prices: &[PriceListPriceSet]) -> Result<Vec<PriceListPriceRow>, WriteError> {
    let mut issues = Vec::new();
    if prices.is_empty() || prices.len() > PRICES_MAX {
        issues.push(Issue::new("$.prices", "out_of_range", format!("1 to {PRICES_MAX} prices")));
    }
    let (mut rows, mut seen) = (Vec::with_capacity(prices.len()), BTreeSet::new());
    for (index, price) in prices.iter().enumerate() {
        if !seen.insert((price.variant_id, price.currency, price.min_quantity)) {
            let path = format!("$.prices[{index}]");
            issues.push(Issue::new(
                path,
                "duplicate_price",
                "this variant, currency and quantity is there twice",
            ));
        }
        let Some(amount) = amount(price) else {
            let path = format!("$.prices[{index}].amount");
            issues.push(Issue::new(path, "out_of_range", "an amount is 0 to 10000000000000"));
            continue;
        };
        let min_quantity = i32::try_from(price.min_quantity.get()).unwrap_or(i32::MAX);
        rows.push(PriceListPriceRow { variant_id: price.variant_id, min_quantity, amount });
    }
    refuse(issues)?;
    Ok(rows)
}

fn amount(price: &PriceListPriceSet) -> Option<Money> {
    Money::new(price.amount, price.currency).ok().filter(|amount| !amount.is_negative())
}
