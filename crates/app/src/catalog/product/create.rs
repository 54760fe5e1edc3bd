//! A new product.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tradepost_domain::catalog::{JsonMap, Product, ProductStatus, Seo};
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_store::catalog::product::ProductRecord;

use super::changes::{ProductChanges, VariantsChange};
use super::save::{Start, save};
use super::view::ProductAdminView;
use super::{PRODUCTS_PATH, retried};
use crate::answer::{Answer, Outcome};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Makes a product. A title and the price of its only variant suffice.
pub async fn create_product(
    context: &StaffContext,
    mut changes: ProductChanges,
) -> Result<Answer, WriteError> {
    if matches!(changes.variants, VariantsChange::Keep) {
        // Nothing is said of variants: there is one, and what it lacks is asked for.
        changes.variants = VariantsChange::Single(Box::default());
    }
    retried!(attempt(context, &changes))
}

async fn attempt(context: &StaffContext, changes: &ProductChanges) -> Result<Answer, WriteError> {
    let mut work = context.begin("create_product").await?;
    let blank = Box::new(blank(work.next_id(), work.now)?);
    let saved = save(&mut work, &*context.shop.ids, Start::New(blank), changes, "product.create").await?;
    let view = ProductAdminView::from(&saved.record);
    let location = format!("{PRODUCTS_PATH}/{}", view.id);
    let answer = Answer::new(Outcome::Created, &view, Some(view.version))?.at(location);
    work.finish(answer).await
}

/// A product that has nothing yet but a handle that no other has.
fn blank(id: ProductId, now: Timestamp) -> Result<ProductRecord, WriteError> {
    let handle = Handle::from_title(&id.to_string())
        .map_err(|error| WriteError::invalid("$.title", "invalid_handle", error.to_string()))?;
    let product = Product {
        id,
        version: 1,
        handle,
        title: String::new(),
        description: String::new(),
        status: ProductStatus::Draft,
        publish_at: None,
        published_at: None,
        brand_id: None,
        product_type_id: None,
        category_id: None,
        category_ids: Vec::new(),
        tags: Vec::new(),
        attributes: JsonMap::new(),
        metadata: JsonMap::new(),
        seo: Seo::default(),
        options: Vec::new(),
        variants: Vec::new(),
        media: Vec::new(),
        channel_ids: None,
        popularity: 0,
        created_at: now,
        updated_at: now,
    };
    Ok(ProductRecord {
        product,
        translations: JsonMap::new(),
        rating_sum: 0,
        rating_count: 0,
        brand: None,
        product_type: None,
        category: None,
        categories: Vec::new(),
        renditions: BTreeMap::new(),
        stock: Vec::new(),
    })
}
