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

/// The right to write where the shelves of several processes stand on one index: one process has it at a time. Whoever writes without
/// it does no harm, since nothing older ever takes the place of what is newer, but does twice what is to be done once.
pub trait WriterSeat: Send + Sync + 'static {
    /// Whether this process has it; it is taken where nobody does.
    fn take(&self) -> BoxFuture<'_, bool>;
}

/// What lies in an index, by what its engine says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexLook {
    /// The engine and its version, for people.
    pub engine: String,
    /// Products that can be found.
    pub products: i64,
    /// The sum of the versions of their rows.
    pub versions: i64,
}

/// Makes shelves.
pub trait ShelfMaker: Send + Sync + 'static {
    /// An empty shelf that is to be filled. Where shelves stand on an index that outlives the process, one of this generation or a later
    /// one is gone on with, and whoever has the seat makes one where there is none.
    fn begin<'a>(
        &'a self,
        name: &'a ShelfName,
        generation: i64,
        seat: Arc<dyn WriterSeat>,
    ) -> BoxFuture<'a, Result<Box<dyn ShelfFilling>, SearchError>>;

    /// Searches that shelves are asked at once at most: more would only make all of them slower.
    fn searches_at_once(&self) -> usize;

    /// What lies in the index that the shelves of all processes stand on; nothing where each has one of its own. Fails where the engine
    /// is away, or has no such index.
    fn look<'a>(&'a self, _name: &'a ShelfName) -> BoxFuture<'a, Result<Option<IndexLook>, SearchError>> {
        Box::pin(async { Ok(None) })
    }
}

/// A shelf in the making: it is shown all products twice, to learn from them and then to hold them.
///
/// All of it works on the thread that calls: it must be one that may be kept busy.
pub trait ShelfFilling: Send + 'static {
    /// Learns from products.
    fn learn(&mut self, documents: &[SearchDocument]);

    /// Takes products in, after the last was learnt from; every change is an upsert.
    fn put(&mut self, changes: Vec<Change<SearchDocument>>) -> BoxFuture<'_, Result<(), SearchError>>;

    /// The shelf, ready to be asked.
    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<Arc<dyn CatalogSearch>, SearchError>>;
}
