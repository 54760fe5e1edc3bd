//! One product, as staff see it.

use tradepost_domain::kernel::ids::VariantId;
use tradepost_store::StoreError;
use tradepost_store::catalog::product::{self, ProductKey, ProductRecord};

use super::view::{ProductAdminView, VariantAdminView, variant_view};
use crate::shop::Shop;

async fn load(shop: &Shop, key: &ProductKey) -> Result<Option<ProductRecord>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let id = match key {
        ProductKey::Id(id) => Some(*id),
        ProductKey::Handle(handle) => product::find_by_handle(&conn, handle).await?,
    };
    let Some(id) = id else { return Ok(None) };
    product::get(&conn, id).await
}

/// A product; `None` when there is none.
pub async fn get_product(shop: &Shop, key: &ProductKey) -> Result<Option<ProductAdminView>, StoreError> {
    Ok(load(shop, key).await?.as_ref().map(ProductAdminView::from))
}

/// A product's variants; `None` when there is no such product.
pub async fn get_variants(
    shop: &Shop,
    key: &ProductKey,
) -> Result<Option<Vec<VariantAdminView>>, StoreError> {
    Ok(get_product(shop, key).await?.map(|view| view.variants))
}

/// A variant of a product with the product's version; `None` when there is none.
pub async fn get_variant(
    shop: &Shop,
    key: &ProductKey,
    id: VariantId,
) -> Result<Option<(VariantAdminView, i64)>, StoreError> {
    let Some(record) = load(shop, key).await? else { return Ok(None) };
    let variant = record.product.variants.iter().find(|variant| variant.id == id);
    Ok(variant.map(|variant| (variant_view(&record, variant), record.product.version)))
}
