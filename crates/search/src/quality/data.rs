//! Reads catalogues, judgments and queries from files.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;

use super::QualityError;
use crate::document::{Attribute, SearchDocument};

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
    popularity: Option<f32>,
    #[serde(default)]
    variants: Vec<VariantLine>,
}

#[derive(Deserialize)]
struct VariantLine {
    #[serde(default)]
    options: BTreeMap<String, String>,
}

impl Line {
    /// What the product has, and what its variants have; nothing twice.
    fn attributes(&self) -> Vec<Attribute> {
        let own = [("Colour", &self.colour), ("Gender", &self.gender)];
        let own = own.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let options = self.variants.iter().flat_map(|variant| &variant.options);
        let all = own.chain(options.map(|(name, value)| (name.as_str(), value.as_str())));
        let mut attributes: Vec<Attribute> = Vec::new();
        for (name, value) in all {
            let attribute = Attribute { name: name.to_owned(), value: value.to_owned() };
            if !attributes.contains(&attribute) {
                attributes.push(attribute);
            }
        }
        attributes
    }
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

/// Products, one JSON object a line.
pub fn documents(path: &Path) -> Result<Vec<SearchDocument>, QualityError> {
    let lines: Vec<Line> = parse(path, 0, |line| serde_json::from_str(line).ok())?;
    let most = lines.iter().filter_map(|line| line.popularity).fold(1.0_f32, f32::max);
    Ok(lines
        .into_iter()
        .map(|line| SearchDocument {
            attributes: line.attributes(),
            id: line.id,
            title: line.title,
            brand: line.brand,
            types: line.category,
            description: line.description,
            popularity: share(line.popularity.unwrap_or_default(), most),
        })
        .collect())
}

#[expect(clippy::float_arithmetic, reason = "a share; no money is near")]
fn share(part: f32, whole: f32) -> f32 {
    part / whole
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
