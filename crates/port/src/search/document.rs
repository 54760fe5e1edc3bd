//! A product as search sees it, and how that changes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tradepost_domain::kernel::ids::{CategoryId, CollectionId, ProductId, VariantId};

/// A thing that has a handle and a name: a brand, a product type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Named {
    /// What it is filtered by.
    pub handle: String,
    /// What it is called, in the locale.
    pub name: String,
}

/// A category that a product lies in, or that lies above one of those.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CategoryNode {
    /// Its id.
    pub id: CategoryId,
    /// Its name in the locale.
    pub name: String,
    /// The category above it; a root has none.
    pub parent: Option<CategoryId>,
}

/// A value that a variant has for an option, as it is shown: "Colour: Red". It is compared in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OptionValue {
    /// Name of the option.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A variant: what conditions on options, price and stock must hold for, all of them for the same one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchVariant {
    /// Its id.
    pub id: VariantId,
    /// Its SKU and barcode: texts that it is found by.
    pub codes: Vec<String>,
    /// Values of options.
    pub options: Vec<OptionValue>,
    /// Price in minor units of the channel's currency.
    pub price: i64,
    /// Whether it can be ordered.
    pub in_stock: bool,
}

/// A product as one channel shows it in one locale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchDocument {
    /// The product.
    pub id: ProductId,
    /// Its title.
    pub title: String,
    /// What the sort by name compares, byte by byte.
    pub title_sort: String,
    /// Its description as plain text.
    pub description: String,
    /// Its brand.
    pub brand: Option<Named>,
    /// Its product type.
    pub product_type: Option<Named>,
    /// The categories that it lies in and all above them, each once, those above first.
    pub categories: Vec<CategoryNode>,
    /// The collections that it is in.
    pub collections: Vec<CollectionId>,
    /// Tags.
    pub tags: Vec<String>,
    /// Attributes by their keys: scalars, lists and objects of them.
    pub attributes: Map<String, Value>,
    /// Variants.
    pub variants: Vec<SearchVariant>,
    /// Average rating in hundredths of a star.
    pub rating_hundredths: i64,
    /// How much it is sold.
    pub popularity: i64,
    /// When it was published.
    pub published_at: Timestamp,
}

impl SearchDocument {
    /// A product that has a title and nothing else; published at the beginning of time.
    pub fn titled(id: ProductId, title: &str) -> Self {
        Self {
            id,
            title: title.to_owned(),
            title_sort: title.to_lowercase(),
            description: String::new(),
            brand: None,
            product_type: None,
            categories: Vec::new(),
            collections: Vec::new(),
            tags: Vec::new(),
            attributes: Map::new(),
            variants: Vec::new(),
            rating_hundredths: 0,
            popularity: 0,
            published_at: Timestamp::UNIX_EPOCH,
        }
    }

    /// The lowest and the highest price of its variants; nothing where it has none.
    pub fn prices(&self) -> Option<(i64, i64)> {
        let prices = || self.variants.iter().map(|variant| variant.price);
        Some((prices().min()?, prices().max()?))
    }

    /// Takes over what changes without the words; variants that it does not have are left alone.
    pub fn take(&mut self, live: &Live) {
        for change in &live.variants {
            for variant in self.variants.iter_mut().filter(|variant| variant.id == change.id) {
                variant.price = change.price;
                variant.in_stock = change.in_stock;
            }
        }
    }
}

/// Price and stock of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveVariant {
    /// The variant.
    pub id: VariantId,
    /// Price in minor units of the channel's currency.
    pub price: i64,
    /// Whether it can be ordered.
    pub in_stock: bool,
}

/// What changes often and needs no word to be indexed anew: it is visible at once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Live {
    /// Variants whose price or stock changed; those that are not named stay as they are.
    pub variants: Vec<LiveVariant>,
}

/// What happened to a product; `D` is what is known of it: a [`SearchDocument`] on the way to the pipeline, an
/// [`IndexDocument`](super::engine::IndexDocument) from there to an engine.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<D = SearchDocument> {
    /// Place of the change in the outbox; what is visible is told by it.
    pub sequence: i64,
    /// The product.
    pub id: ProductId,
    /// What happened to it.
    pub kind: ChangeKind<D>,
}

/// What happened to a product.
#[derive(Debug, Clone, PartialEq)]
pub enum ChangeKind<D = SearchDocument> {
    /// It is new, or is another one now.
    Upsert(Box<D>),
    /// Only price or stock changed. Of a product that is not there it is nothing.
    Live(Live),
    /// It is off the shelf.
    Delete,
}
