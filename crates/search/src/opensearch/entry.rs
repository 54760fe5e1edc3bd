//! A product as it lies in the index.
//!
//! Every value that products are filtered or counted by is a term of one field, with its key before it: a shop may have thousands of
//! attributes, and a field for each would burst the mapping. Variants repeat the values of their product, so that a condition
//! that mixes both ("red, or of wool") is asked of one place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::{CategoryId, EntityId, ProductId};
use tradepost_port::search::document::{Named, SearchVariant};
use tradepost_port::search::engine::{IndexDocument, Term};
use tradepost_port::search::plan::Field;
use tradepost_port::search::{FacetCount, FacetKey, FacetValue, SearchDocument};
use uuid::Uuid;

use crate::document::scalars;
use crate::engine::{field_name, label_of, name_of};

/// Stands between the key of a value and the value; keys are JSON, which never holds it.
pub const BREAK: char = '\u{1f}';

/// Bytes of a term at most; what is longer is left out, for it would have the whole product refused.
const TERM_BYTES_MAX: usize = 8_000;

/// What the index holds of a product.
#[derive(Debug, Serialize)]
pub struct Entry<'a> {
    shelved: bool,
    product: String,
    /// The sequence that it is written under, once more: what the server keeps for itself cannot be summed up.
    version: i64,
    words: BTreeMap<&'static str, Vec<&'a str>>,
    values: Vec<String>,
    facets: Vec<String>,
    numbers: Vec<String>,
    variants: Vec<Variant>,
    title_sort: &'a str,
    price_min: i64,
    popularity: i64,
    /// Popularity as scores take it: never below nothing.
    sold: i64,
    rating: i64,
    published_at_us: i64,
    document: &'a SearchDocument,
}

#[derive(Debug, Serialize)]
struct Variant {
    product: String,
    values: Vec<String>,
    facets: Vec<String>,
    numbers: Vec<String>,
    rating: i64,
    price: i64,
    in_stock: bool,
}

/// What is read of a product to change its prices and stock.
#[derive(Debug, Deserialize)]
pub struct Kept {
    /// Whether it is on the shelf.
    #[serde(default)]
    pub shelved: bool,
    words: Option<BTreeMap<String, Vec<String>>>,
    document: Option<SearchDocument>,
}

impl Kept {
    /// The product with its terms, if it is on the shelf.
    pub fn product(self) -> Option<IndexDocument> {
        let (mut words, document) = (self.words.unwrap_or_default(), self.document?);
        let terms = Field::ALL.into_iter().filter_map(|field| {
            let found = words.remove(field_name(field))?;
            let term = |(position, text)| Term { text, position };
            Some((field, (0..).zip(found).map(term).collect()))
        });
        let terms = terms.collect();
        self.shelved.then_some(IndexDocument { document, terms })
    }
}

/// What stays of a product that is off the shelf: its version, so that what comes late cannot bring it back.
pub fn gone(id: ProductId) -> Value {
    json!({"shelved": false, "product": key_of(id)})
}

/// A product's key in the index; keys are in the order of ids.
pub fn key_of(id: ProductId) -> String {
    id.as_uuid().simple().to_string()
}

/// The product of a key.
pub fn id_of(key: &str) -> Option<ProductId> {
    Uuid::parse_str(key).ok().map(ProductId::from_uuid)
}

/// A key of facets as a text without [`BREAK`].
pub fn key_text(key: &FacetKey) -> String {
    let text = match key {
        FacetKey::Brand => json!(["brand"]),
        FacetKey::ProductType => json!(["type"]),
        FacetKey::Category => json!(["category"]),
        FacetKey::Collection => json!(["collection"]),
        FacetKey::Tag => json!(["tag"]),
        FacetKey::Option(name) => json!(["option", name]),
        FacetKey::Attribute(path) => json!(["attribute", path]),
        FacetKey::Price => json!(["price"]),
        FacetKey::InStock => json!(["stock"]),
        FacetKey::Rating => json!(["rating"]),
    };
    text.to_string()
}

/// The term of a value.
pub fn value_term(key: &FacetKey, value: &FacetValue) -> String {
    format!("{}{BREAK}{}", key_text(key), name_of(value))
}

/// The term of a number of an attribute; terms of a key are in the order of their numbers.
pub fn number_term(key: &FacetKey, number: f64) -> String {
    let bits = number.to_bits();
    let negative = bits >> 63 == 1;
    let ordered = match bits {
        // Zero has two forms.
        bits if bits << 1 == 0 => 1 << 63,
        bits if negative => !bits,
        bits => bits | 1 << 63,
    };
    format!("{}{BREAK}{ordered:016x}", key_text(key))
}

/// A value, what it is called (nothing where that is the value), and the category above it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Shown(Value, Option<String>, Option<CategoryId>);

/// A value that was counted, by its term; and the category above it.
pub fn counted(term: &str, count: u64) -> Option<(&str, FacetCount, Option<CategoryId>)> {
    let (key, shown) = term.split_once(BREAK)?;
    let Shown(value, label, parent) = serde_json::from_str(shown).ok()?;
    let label = label.or_else(|| value.as_str().map(str::to_owned)).unwrap_or_default();
    let value = if key == key_text(&FacetKey::Category) {
        FacetValue::Category(value.as_str()?.parse().ok()?)
    } else if key == key_text(&FacetKey::Collection) {
        FacetValue::Collection(value.as_str()?.parse().ok()?)
    } else {
        FacetValue::Scalar(value)
    };
    Some((key, FacetCount { value, label, count }, parent))
}

/// A value that a product or variant has.
struct Has {
    key: FacetKey,
    value: FacetValue,
    label: String,
    parent: Option<CategoryId>,
}

impl Has {
    fn text(key: FacetKey, value: &str, label: &str) -> Self {
        let value = FacetValue::Scalar(Value::String(value.to_owned()));
        Self { key, value, label: label.to_owned(), parent: None }
    }

    fn shown(&self) -> String {
        let value = match &self.value {
            FacetValue::Scalar(value) => value.clone(),
            FacetValue::Category(id) => Value::String(id.to_string()),
            FacetValue::Collection(id) => Value::String(id.to_string()),
            FacetValue::Range(_) => Value::Null,
        };
        let label = (value.as_str() != Some(&self.label)).then(|| self.label.clone());
        let shown = json!([value, label, self.parent]);
        format!("{}{BREAK}{shown}", key_text(&self.key))
    }
}

/// Values by their terms, each once, as it is shown where it was met last.
type Values = BTreeMap<String, String>;

fn collect(values: impl Iterator<Item = Has>) -> Values {
    values.map(|has| (value_term(&has.key, &has.value), has.shown())).collect()
}

fn kept(terms: impl Iterator<Item = String>) -> Vec<String> {
    terms.filter(|term| term.len() <= TERM_BYTES_MAX).collect()
}

fn of_product(document: &SearchDocument) -> Vec<Has> {
    let named = |key: FacetKey, named: &Option<Named>| {
        named.as_ref().map(|named| Has::text(key, &named.handle, &named.name))
    };
    let mut found: Vec<Has> = Vec::new();
    found.extend(named(FacetKey::Brand, &document.brand));
    found.extend(named(FacetKey::ProductType, &document.product_type));
    found.extend(document.tags.iter().map(|tag| Has::text(FacetKey::Tag, tag, tag)));
    found.extend(document.categories.iter().map(|node| Has {
        key: FacetKey::Category,
        value: FacetValue::Category(node.id),
        label: node.name.clone(),
        parent: node.parent,
    }));
    found.extend(document.collections.iter().map(|id| Has {
        key: FacetKey::Collection,
        value: FacetValue::Collection(*id),
        label: String::new(),
        parent: None,
    }));
    each_attribute(document, |path, value| {
        found.push(Has {
            key: FacetKey::Attribute(path.to_vec()),
            value: FacetValue::Scalar(value.clone()),
            label: label_of(value),
            parent: None,
        });
    });
    found
}

fn each_attribute(document: &SearchDocument, mut take: impl FnMut(&[String], &Value)) {
    for (key, value) in &document.attributes {
        scalars(value, &mut vec![key.clone()], &mut take);
    }
}

fn of_variant(variant: &SearchVariant) -> impl Iterator<Item = Has> {
    variant.options.iter().map(|option| {
        Has::text(FacetKey::Option(option.name.to_lowercase()), &option.value.to_lowercase(), &option.value)
    })
}

/// The entry of a product, as of a sequence.
pub fn entry(product: &IndexDocument, sequence: i64) -> Entry<'_> {
    let document = &product.document;
    let own = collect(of_product(document).into_iter());
    let options = collect(document.variants.iter().flat_map(of_variant));
    let mut numbers = Vec::new();
    each_attribute(document, |path, value| {
        let key = FacetKey::Attribute(path.to_vec());
        numbers.extend(value.as_f64().map(|number| number_term(&key, number)));
    });
    let numbers = kept(numbers.into_iter());
    let variants = document.variants.iter().map(|variant| {
        let terms: Vec<String> = of_variant(variant).map(|has| value_term(&has.key, &has.value)).collect();
        Variant {
            product: key_of(document.id),
            facets: kept(terms.iter().filter_map(|term| options.get(term).cloned())),
            values: kept(own.keys().cloned().chain(terms)),
            numbers: numbers.clone(),
            rating: document.rating_hundredths,
            price: variant.price,
            in_stock: variant.in_stock,
        }
    });
    Entry {
        shelved: true,
        product: key_of(document.id),
        version: sequence,
        words: product.terms.iter().map(|(field, terms)| (field_name(*field), texts(terms))).collect(),
        variants: variants.collect(),
        facets: kept(own.values().cloned()),
        values: kept(own.into_keys().chain(options.into_keys())),
        numbers,
        title_sort: &document.title_sort,
        price_min: document.prices().map(|(min, _)| min).unwrap_or_default(),
        popularity: document.popularity,
        sold: document.popularity.max(0),
        rating: document.rating_hundredths,
        published_at_us: document.published_at.as_microsecond(),
        document,
    }
}

fn texts(terms: &[Term]) -> Vec<&str> {
    terms.iter().map(|term| term.text.as_str()).filter(|text| text.len() <= TERM_BYTES_MAX).collect()
}
