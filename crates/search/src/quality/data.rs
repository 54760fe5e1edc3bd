//! Reads catalogues, judgments and queries from files.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};
use tradepost_domain::kernel::ids::{CategoryId, EntityId, ProductId, VariantId};
use tradepost_port::search::document::{CategoryNode, Named, OptionValue};
use tradepost_port::search::{SearchDocument, SearchVariant};
use uuid::Uuid;

use super::QualityError;

/// Grades of products, 0 to 3, by query and product.
pub type Judgments = BTreeMap<String, HashMap<String, u8>>;

/// A query for a product that is known to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownItem {
    /// Number of the query; those with the same number are the same query with different errors.
    pub number: u32,
    /// Kind of the error: `clean`, `sub`, `join` and so on.
    pub kind: String,
    /// The words that were meant.
    pub meant: String,
    /// The words that were typed.
    pub typed: String,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    title: String,
    #[serde(default)]
    brand: String,
    #[serde(default, alias = "desc")]
    description: String,
    #[serde(default)]
    category: Vec<String>,
    #[serde(default)]
    colour: Option<String>,
    #[serde(default)]
    gender: Option<String>,
    #[serde(default)]
    popularity: Option<i64>,
    #[serde(default)]
    variants: Vec<VariantLine>,
}

#[derive(Deserialize)]
struct VariantLine {
    options: BTreeMap<String, String>,
    #[serde(default)]
    price: f64,
    #[serde(default)]
    stock: i64,
}

impl Line {
    /// The product as the `number`-th of its file.
    fn into_document(self, number: u128) -> SearchDocument {
        let own = [("Colour", self.colour), ("Gender", self.gender)];
        let attributes: Map<String, Value> = own
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))))
            .collect();
        let variants = (0..).zip(self.variants).map(|(place, variant): (u128, VariantLine)| SearchVariant {
            id: VariantId::from_uuid(Uuid::from_u128((number << 16) | place)),
            codes: Vec::new(),
            options: variant.options.into_iter().map(|(name, value)| OptionValue { name, value }).collect(),
            price: minor_units(variant.price),
            in_stock: variant.stock > 0,
        });
        SearchDocument {
            description: self.description,
            brand: (!self.brand.is_empty())
                .then(|| Named { handle: self.brand.to_lowercase().replace(' ', "-"), name: self.brand }),
            categories: path(&self.category),
            attributes,
            variants: variants.collect(),
            popularity: self.popularity.unwrap_or_default(),
            ..SearchDocument::titled(id_of(number), &self.title)
        }
    }
}

/// Ids fall with the number, so that of two products that are as good the one that stands first in the file comes first.
fn id_of(number: u128) -> ProductId {
    ProductId::from_uuid(Uuid::from_u128(u128::MAX ^ number))
}

/// Categories by their path of names.
fn path(names: &[String]) -> Vec<CategoryNode> {
    let mut path: Vec<CategoryNode> = Vec::new();
    let mut bits = 0_u128;
    for name in names {
        bits = name.bytes().fold(bits, |bits, byte| bits.wrapping_mul(257).wrapping_add(u128::from(byte)));
        let parent = path.last().map(|category| category.id);
        path.push(CategoryNode {
            id: CategoryId::from_uuid(Uuid::from_u128(bits)),
            name: name.clone(),
            parent,
        });
    }
    path
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::float_arithmetic,
    reason = "prices of the data for judging search, which nobody pays"
)]
fn minor_units(price: f64) -> i64 {
    (price * 100.0).round() as i64
}

/// A query and what is to be understood of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Meant {
    /// The query.
    pub query: String,
    /// Values by `brand`, `style`, `colour`, `gender`, `price_min` and `price_max`.
    pub filters: BTreeMap<String, serde_json::Value>,
}

/// Queries with what they mean: tab separated, the second cell a JSON object with its quotes doubled, as CSV has them.
pub fn meanings(path: &Path) -> Result<Vec<Meant>, QualityError> {
    parse(path, 1, |line| {
        let (query, filters) = line.split_once('\t')?;
        let filters = filters.trim().trim_matches('"').replace("\"\"", "\"");
        Some(Meant { query: query.to_owned(), filters: serde_json::from_str(&filters).ok()? })
    })
}

fn lines(path: &Path) -> Result<Vec<String>, QualityError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| QualityError::Unreadable { path: path.to_owned(), source })?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn parse<T>(path: &Path, skip: usize, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, QualityError> {
    let lines = lines(path)?;
    let numbered = (1..).zip(&lines).skip(skip).filter(|(_, line)| !line.trim().is_empty());
    numbered
        .map(|(number, line)| {
            read(line).ok_or_else(|| QualityError::Malformed { path: path.to_owned(), line: number })
        })
        .collect()
}

/// Products, one JSON object a line, with the ids that the file gives them.
pub fn documents(path: &Path) -> Result<Vec<(String, SearchDocument)>, QualityError> {
    let lines: Vec<Line> = parse(path, 0, |line| serde_json::from_str(line).ok())?;
    Ok((0..)
        .zip(lines)
        .map(|(number, mut line)| (std::mem::take(&mut line.id), line.into_document(number)))
        .collect())
}

/// Judgments as lines of `query,docid,rating`.
pub fn judgments(path: &Path) -> Result<Judgments, QualityError> {
    let rows = parse(path, 1, |line| {
        let (rest, grade) = line.rsplit_once(',')?;
        let (query, id) = rest.rsplit_once(',')?;
        Some((query.trim_matches('"').to_owned(), id.to_owned(), grade.trim().parse::<u8>().ok()?))
    })?;
    let mut judgments = Judgments::new();
    for (query, id, grade) in rows {
        judgments.entry(query).or_default().insert(id, grade);
    }
    Ok(judgments)
}

/// Queries for known products, tab separated: number, kind, product, what was meant, what was typed.
pub fn known_items(path: &Path) -> Result<Vec<KnownItem>, QualityError> {
    parse(path, 1, |line| {
        let mut cells = line.split('\t');
        let number = cells.next()?.parse().ok()?;
        let kind = cells.next()?.to_owned();
        let meant = cells.nth(1)?.to_owned();
        Some(KnownItem { number, kind, meant, typed: cells.next()?.to_owned() })
    })
}
