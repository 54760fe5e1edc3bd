//! Making shelves: what a shop fills when it starts, and fills anew when one is to be replaced.

use std::sync::Arc;

use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::ChannelId;

use super::document::SearchDocument;
use super::request::CatalogSearch;
use super::{Change, SearchError};
use crate::BoxFuture;

/// Which products a shelf holds: those of one channel in one locale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfName {
    /// The channel.
    pub channel_id: ChannelId,
    /// The locale of the texts.
    pub locale: Locale,
    /// Decimal places of the channel's prices.
    pub price_exponent: u32,
}

/// Makes shelves.
pub trait ShelfMaker: Send + Sync + 'static {
    /// An empty shelf that is to be filled.
    fn begin(&self, name: &ShelfName) -> Result<Box<dyn ShelfFilling>, SearchError>;
}

/// A shelf in the making: it is shown all products twice, to learn from them and then to hold them.
///
/// Both work on the thread that calls: it must be one that may be kept busy.
pub trait ShelfFilling: Send + 'static {
    /// Learns from products.
    fn learn(&mut self, documents: &[SearchDocument]);

    /// Takes products in, after the last was learnt from; every change is an upsert.
    fn put(&mut self, changes: Vec<Change<SearchDocument>>) -> BoxFuture<'_, Result<(), SearchError>>;

    /// The shelf, ready to be asked.
    fn finish(self: Box<Self>) -> Result<Arc<dyn CatalogSearch>, SearchError>;
}
