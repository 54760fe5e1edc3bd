//! Products in pages, as staff see them: a constant number of statements, however long the page.

use jiff::Timestamp;
use tradepost_domain::kernel::ids::{CategoryId, EntityId, ProductId};
use tradepost_store::StoreError;
use tradepost_store::catalog::product::{self, PageKey};
use tradepost_store::catalog::reference;

use super::view::ProductAdminView;
use crate::page::{CursorKey, Page, PageRequest};
use crate::shop::Shop;

pub use tradepost_store::catalog::product::{PageSort, ProductFilter};

/// Where a page ended, in the order that it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductPlace {
    /// The order.
    pub sort: PageSort,
    /// The last product.
    pub key: PageKey,
}

/// Holds what its order compares and no more: the last product's id and, before it, its time or title.
impl CursorKey for ProductPlace {
    fn write(&self) -> String {
        let PageKey { id, updated_at, title } = &self.key;
        match self.sort {
            PageSort::Newest => format!("n.{id}"),
            PageSort::Updated => format!("u.{id}.{}", updated_at.as_microsecond()),
            PageSort::Title => format!("t.{id}.{title}"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (letter, rest) = text.split_once('.')?;
        let (id, value) = rest.split_once('.').map_or((rest, None), |(id, value)| (id, Some(value)));
        let id: ProductId = id.parse().ok()?;
        let mut key = PageKey { id, updated_at: Timestamp::UNIX_EPOCH, title: String::new() };
        let sort = match (letter, value) {
            ("n", None) => PageSort::Newest,
            ("u", Some(value)) => {
                // The database's time ends later than ours and begins earlier than ours needs to.
                key.updated_at = Timestamp::from_microsecond(value.parse().ok()?).ok()?;
                if key.updated_at < Timestamp::UNIX_EPOCH {
                    return None;
                }
                PageSort::Updated
            }
            ("t", Some(value)) if !value.contains('\0') => {
                value.clone_into(&mut key.title);
                PageSort::Title
            }
            _ => return None,
        };
        Some(Self { sort, key })
    }
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListProducts {
    /// Which products; its category is set from the one below.
    pub filter: ProductFilter,
    /// Id or handle of a category.
    pub category: Option<String>,
    /// In which order.
    pub sort: PageSort,
}

/// A page; `None` when there is no such category.
pub async fn list_products(
    shop: &Shop,
    wanted: ListProducts,
    request: &PageRequest<ProductPlace>,
) -> Result<Option<Page<ProductAdminView>>, StoreError> {
    let ListProducts { mut filter, category, sort } = wanted;
    let conn = shop.store.admin().conn().await?;
    if let Some(text) = &category {
        let ids: Vec<CategoryId> = text.parse().into_iter().collect();
        let found = reference::find_categories(&conn, &ids, &[text]).await?;
        let Some(category) = found.into_iter().next() else { return Ok(None) };
        filter.category = Some(category.id.as_uuid());
    }
    let after = request.after.as_ref().map(|place| &place.key);
    let keys = product::list_ids(&conn, &filter, sort, after, request.rows()).await?;
    let total = if request.count { Some(product::count(&conn, &filter).await?) } else { None };
    let place = |key: &PageKey| ProductPlace { sort, key: key.clone() };
    let Page { data, page } = Page::new(request, keys, total, place);
    let ids: Vec<ProductId> = data.iter().map(|key| key.id).collect();
    let records = product::list(&conn, &ids).await?;
    Ok(Some(Page { data: records.iter().map(ProductAdminView::from).collect(), page }))
}
