//! The read model's write side: what fragments are rendered from, the rows of `product_view`, and the queue and epoch
//! around them. Only the projector writes here.
//!
//! Every function works on a batch with a constant number of statements.

mod queue;
mod source;
mod text_search;
mod view;

pub use queue::{
    ProjectorLock, PublishedDraft, Spread, bump_epoch, count_products, current_epoch, enqueue,
    is_queue_empty, list_product_ids, move_price_moment, publish_due, read_one_snapshot, sample_product_ids,
    spread, take_queued, try_help_projector, try_lock_projector, unqueue,
};
pub use source::{
    CatalogSnapshot, CategorySource, LoadedProducts, MediaSource, NamedRef, PriceSource, ProductSource,
    ProductTexts, ShownPriceList, StoredPriceList, VariantSource, load_catalog, load_products,
};
pub use text_search::TextSearchConfig;
pub use view::{
    HANDLE_KEY, RenderedView, ViewMismatch, compare_views, delete_by_handle, delete_left_over, hold,
    write_views,
};

use crate::sql::Sql;

/// Every statement of the projection.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    [queue::STATEMENTS, source::STATEMENTS, view::STATEMENTS].into_iter().flatten().copied()
}
