//! The catalogue: what staff write, and what shoppers read of it.
//!
//! `views` are the shapes of the storefront's answers, `render` makes finished fragments of them, `project` follows the
//! outbox and keeps the fragments true (`reach` says how far an event goes, `follow` is its loop), `rebuild` makes all
//! of them anew and `verify` proves that they are.
//!
//! What shoppers read (`list_products`, `get_product`, …) is joined of finished fragments: from the `cache` where they
//! are still true, which the `listener` tells it, from the read model where they are not.
//!
//! One folder a kind of thing (`brand`, `category`, `product`, …) holds what staff can do with it.

pub mod brand;
pub mod cache;
pub mod category;
pub mod channels;
pub mod collection;
pub mod cursor;
pub(crate) mod digest;
mod follow;
pub mod get_category;
pub mod get_collection;
pub mod get_product;
mod helpers;
pub mod list_categories;
pub mod list_collections;
pub mod list_products;
pub mod list_reviews;
pub mod listener;
pub mod postgres_search;
pub mod product;
pub mod product_type;
pub mod project;
pub mod projection;
mod reach;
mod rebuild;
pub mod render;
mod shown_prices;
pub mod stock_level;
pub(crate) mod text;
pub mod verify;
pub mod views;

use std::sync::Arc;

use bytes::Bytes;
use tradepost_domain::catalog::Channel;
use tradepost_domain::kernel::Locale;
use tradepost_port::Clock;
use tradepost_port::search::ProductSearch;
use tradepost_store::Store;
use tradepost_store::catalog::fragment::View;

use crate::api_key::KeyUses;
use crate::search::Shelves;
use crate::search::log::Outcome;
use crate::search::personal::Place;

pub use cache::CatalogCache;
pub use project::{Projected, Projector};
pub use tradepost_store::catalog::redirect::Reference;
pub use verify::{Mismatch, Verify};

/// What the read side of the catalogue hangs on.
#[derive(Clone)]
pub struct Catalog {
    /// The database.
    pub store: Store,
    /// Finds products where no shelf does.
    pub search: Arc<dyn ProductSearch>,
    /// Find products; without any, the database is the search of the shop.
    pub shelves: Option<Arc<Shelves>>,
    /// What was read lately.
    pub cache: CatalogCache,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where uses of publishable keys are noted.
    pub key_uses: Arc<KeyUses>,
}

/// Who reads: a shopper in a channel, in one of its locales.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shopper {
    /// Channel.
    pub channel: Arc<Channel>,
    /// Locale that is served; one of the channel's.
    pub locale: Locale,
}

impl Shopper {
    /// A shopper who asked for a locale, or for none; `None` when the channel does not speak it.
    pub fn new(channel: Arc<Channel>, wanted: Option<&Locale>) -> Option<Self> {
        let locale = channel.serve_locale(wanted)?.clone();
        Some(Self { channel, locale })
    }

    /// The rows of the read model that this shopper sees.
    pub fn view(&self) -> View {
        View { channel_id: self.channel.id, locale: self.locale.clone() }
    }
}

/// A finished answer, valid for one epoch of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// JSON.
    pub body: Bytes,
    /// Epoch that was known before it was made: the same epoch and question give the same body.
    pub epoch: i64,
    /// Another one for each body, where that is known without reading it once more.
    pub tag: Option<[u8; 16]>,
    /// What it was made of, separated by blanks: names by which caches in front may drop it.
    pub surrogate_keys: Arc<str>,
    /// Whether it is less than it should be, and will be better soon: nobody keeps it.
    pub degraded: bool,
    /// Of a search, what is known beside its body.
    pub searched: Option<Searched>,
}

/// What is known of a search that was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Searched {
    /// How it ended.
    pub outcome: Arc<Outcome>,
    /// Of the first page in its usual order, its cards: what may be put in another order for one shopper.
    pub places: Arc<[Place]>,
}
