//! Prices across products: listed, and set for variants that are named by id or SKU. The product's version counts these
//! changes.

use serde::Serialize;
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::VariantId;
use tradepost_store::StoreError;
use tradepost_store::catalog::price::{self, PriceRow};
use utoipa::ToSchema;

use super::changes::{ProductChanges, VariantChanges, VariantsChange};
use super::patch::{ProductTarget, load};
use super::save::{Start, save};
use super::view::{PriceAdminView, variant_view};
use super::{ProductKey, retried};
use crate::answer::{Answer, Outcome};
use crate::batch::BatchOperation;
use crate::change::Versions;
use crate::error::WriteError;
use crate::page::{CursorKey, Page, PageRequest};
use crate::shop::Shop;
use crate::work::StaffContext;

pub use tradepost_store::catalog::price::PriceFilter;

/// A price with what it belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedPriceView {
    /// Id of the variant.
    #[schema(value_type = String)]
    pub variant_id: VariantId,
    /// The variant's stock-keeping unit.
    pub sku: Option<String>,
    /// Id of the product.
    pub product_id: String,
    /// Version of the product, for changes.
    pub product_version: i64,
    /// Minor units.
    pub amount: i64,
    /// Code of ISO 4217.
    #[schema(example = "EUR")]
    pub currency: &'static str,
    /// What it cost before, in minor units.
    pub compare_at: Option<i64>,
}

impl From<PriceRow> for ListedPriceView {
    fn from(row: PriceRow) -> Self {
        let PriceRow { variant_id, sku, product_id, product_version, currency, amount, compare_at } = row;
        let (product_id, currency) = (product_id.to_string(), currency.code());
        Self { variant_id, sku, product_id, product_version, amount, currency, compare_at }
    }
}

/// Place of a price in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricePlace {
    variant_id: VariantId,
    currency: Currency,
}

impl CursorKey for PricePlace {
    fn write(&self) -> String {
        format!("{} {}", self.variant_id, self.currency.code())
    }

    fn read(text: &str) -> Option<Self> {
        let (variant, currency) = text.split_once(' ')?;
        Some(Self { variant_id: variant.parse().ok()?, currency: currency.parse().ok()? })
    }
}

/// A page of prices, by variant and currency.
pub async fn list_prices(
    shop: &Shop,
    filter: &PriceFilter,
    page: &PageRequest<PricePlace>,
) -> Result<Page<ListedPriceView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let after = page.after.map(|place| (place.variant_id, place.currency));
    let rows = price::list(&conn, filter, after, page.rows()).await?;
    let total = if page.count { Some(price::count(&conn, filter).await?) } else { None };
    let place = |row: &PriceRow| PricePlace { variant_id: row.variant_id, currency: row.currency };
    Ok(Page::new(page, rows, total, place).map(ListedPriceView::from))
}

/// A variant whose prices are to change, and how.
#[derive(Debug, Clone)]
pub struct SetPrices {
    /// Which variant, by id.
    pub variant_id: Option<VariantId>,
    /// Which variant, by SKU.
    pub sku: Option<String>,
    /// Version of its product that the change is meant for; `None` for any.
    pub version: Option<i64>,
    /// Its price in one currency, or all its prices; nothing else.
    pub changes: VariantChanges,
}

/// The prices of a variant.
#[derive(Debug, Serialize, ToSchema)]
pub struct VariantPricesView {
    /// Id of the variant.
    pub variant_id: String,
    /// Its stock-keeping unit.
    pub sku: Option<String>,
    /// Id of its product.
    pub product_id: String,
    /// Version that its product has now.
    pub product_version: i64,
    /// Prices in all currencies.
    pub prices: Vec<PriceAdminView>,
}

impl BatchOperation for SetPrices {
    async fn run(self, context: &StaffContext) -> Result<Answer, WriteError> {
        retried!(set_prices(context, &self))
    }
}

async fn set_prices(context: &StaffContext, command: &SetPrices) -> Result<Answer, WriteError> {
    let missing = || WriteError::NotFound { kind: "variant" };
    let mut work = context.begin("set_prices").await?;
    let found = price::find_variant(&work.tx, command.variant_id, command.sku.as_deref()).await?;
    let (id, product_id) = found.ok_or_else(missing)?;
    let target =
        ProductTarget { key: ProductKey::Id(product_id), version: command.version.map(Versions::from) };
    let before = load(&work, &target).await?;
    // It was found before its product was locked: meanwhile it may have gone, or given its SKU to another.
    let named = |sku: &String| {
        before.product.variants.iter().any(|one| one.id == id && one.sku.as_ref() == Some(sku))
    };
    let is_there = before.product.variants.iter().any(|one| one.id == id);
    if !is_there || !command.sku.as_ref().is_none_or(named) {
        return Err(missing());
    }
    let variants = VariantsChange::Patch(id, Box::new(command.changes.clone()));
    let changes = ProductChanges { variants, ..ProductChanges::default() };
    let saved =
        save(&mut work, &*context.shop.ids, Start::Stored(before), &changes, "product.update").await?;
    let product = &saved.record.product;
    let variant = product.variants.iter().find(|variant| variant.id == id).ok_or_else(missing)?;
    let variant = variant_view(&saved.record, variant);
    let view = VariantPricesView {
        variant_id: variant.id,
        sku: variant.sku,
        product_id: product.id.to_string(),
        product_version: product.version,
        prices: variant.prices,
    };
    work.finish_with(Outcome::Done, &view, Some(view.product_version)).await
}
