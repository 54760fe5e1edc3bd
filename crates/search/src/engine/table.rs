//! Everything about products but their words, in memory: one row a product. Filters, facets and sorts read it, and price and
//! stock change in it without the index being touched.

use std::collections::HashMap;
use std::ops::ControlFlow;

use serde_json::Value;
use tradepost_domain::kernel::ids::{ProductId, VariantId};
use tradepost_port::search::document::OptionValue;
use tradepost_port::search::{FacetKey, FacetValue, Live, LiveVariant, Range, SearchDocument};

use super::orders::{Orders, Walk};
use super::values::{ValueId, Values, index, plain_number};
use crate::document::scalars;

/// A product.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its id.
    pub id: ProductId,
    /// Whether it is on the shelf.
    pub on_shelf: bool,
    /// Brand, type, categories, collections, tags and attributes; sorted.
    pub values: Box<[ValueId]>,
    /// Variants.
    pub variants: Box<[VariantRow]>,
    /// What the sort by name compares.
    pub title_sort: Box<str>,
    /// Lowest price of its variants; 0 where it has none.
    pub price_min: i64,
    /// Highest price of its variants; 0 where it has none.
    pub price_max: i64,
    /// When it was published, in microseconds since 1970.
    pub published_at_us: i64,
    /// How much it is sold.
    pub popularity: i64,
    /// Average rating in hundredths of a star.
    pub rating: i64,
}

/// A variant.
#[derive(Debug, Clone)]
pub struct VariantRow {
    id: VariantId,
    /// Values of its options.
    pub options: Box<[ValueId]>,
    /// Price in minor units.
    pub price: i64,
    /// Whether it can be ordered.
    pub in_stock: bool,
}

/// All products.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
    by_id: HashMap<ProductId, u32>,
    /// Their values.
    pub values: Values,
    /// The highest popularity that was ever seen.
    pub popularity_max: i64,
    orders: Orders,
    /// Counts changes.
    generation: u64,
}

impl Table {
    /// All rows, also of products that are off the shelf, in their order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Moves with every change.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How many products are on the shelf.
    pub fn on_shelf(&self) -> u64 {
        u64::try_from(self.orders.len()).unwrap_or(u64::MAX)
    }

    /// Looks at products on the shelf in an order, one after the other, until told to stop.
    pub fn walk(&self, walk: Walk<'_>, look: impl FnMut(u32, &Row) -> ControlFlow<()>) {
        self.orders.walk(walk, &self.rows, look);
    }

    /// Products on the shelf that may have a price in each of these ranges, and some others.
    pub fn costing(&self, prices: &[Range<i64>]) -> Vec<&[u32]> {
        self.orders.costing(prices)
    }

    /// A row.
    pub fn row(&self, number: u32) -> Option<&Row> {
        self.rows.get(index(number))
    }

    /// The row of a product.
    pub fn find(&self, id: ProductId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// Puts a product on the shelf; its row is its own for ever.
    pub fn put(&mut self, document: &SearchDocument) -> u32 {
        let number =
            self.find(document.id).unwrap_or_else(|| u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        self.put_at(number, document);
        number
    }

    /// Puts a product into a row that was its own before a restart.
    pub fn put_at(&mut self, number: u32, document: &SearchDocument) {
        self.generation = self.generation.saturating_add(1);
        if self.row(number).is_some_and(|row| row.on_shelf) {
            self.orders.remove(number, &self.rows);
        }
        let row = self.make(document);
        self.popularity_max = self.popularity_max.max(row.popularity);
        let old = self.find(document.id).and_then(|number| self.row(number));
        let had: Vec<ValueId> = old.map(Row::all_values).unwrap_or_default();
        for value in row.all_values() {
            if had.binary_search(&value).is_err() {
                self.values.note(value, number);
            }
        }
        while self.rows.len() <= index(number) {
            self.rows.push(Row { on_shelf: false, ..row.clone() });
        }
        self.by_id.insert(document.id, number);
        if let Some(place) = self.rows.get_mut(index(number)) {
            *place = row;
        }
        self.orders.insert(number, &self.rows);
    }

    /// Gives back memory that was taken ahead.
    pub fn settle(&mut self) {
        self.rows.shrink_to_fit();
        self.values.settle();
        self.orders.settle();
    }

    /// Takes a product off the shelf.
    pub fn remove(&mut self, id: ProductId) {
        let Some(number) = self.find(id) else { return };
        if self.row(number).is_some_and(|row| row.on_shelf) {
            self.generation = self.generation.saturating_add(1);
            self.orders.remove(number, &self.rows);
        }
        if let Some(row) = self.rows.get_mut(index(number)) {
            row.on_shelf = false;
        }
    }

    /// Takes over prices and stock; whether the product is there.
    pub fn take(&mut self, id: ProductId, live: &Live) -> bool {
        let Some(number) = self.find(id) else { return false };
        let is_listed = self.row(number).is_some_and(|row| row.on_shelf);
        self.generation = self.generation.saturating_add(1);
        if is_listed {
            self.orders.remove_price(number, &self.rows);
        }
        let Some(row) = self.rows.get_mut(index(number)) else { return false };
        for change in &live.variants {
            for variant in row.variants.iter_mut().filter(|variant| variant.id == change.id) {
                variant.price = change.price;
                variant.in_stock = change.in_stock;
            }
        }
        row.price_min = row.variants.iter().map(|variant| variant.price).min().unwrap_or_default();
        row.price_max = row.variants.iter().map(|variant| variant.price).max().unwrap_or_default();
        if is_listed {
            self.orders.insert_price(number, &self.rows);
        }
        is_listed
    }

    /// Prices and stock of a product as they are now.
    pub fn live(&self, id: ProductId) -> Option<Live> {
        let row = self.row(self.find(id)?)?;
        let variants = row.variants.iter().map(|variant| LiveVariant {
            id: variant.id,
            price: variant.price,
            in_stock: variant.in_stock,
        });
        Some(Live { variants: variants.collect() })
    }

    fn make(&mut self, document: &SearchDocument) -> Row {
        let variants: Vec<VariantRow> = document
            .variants
            .iter()
            .map(|variant| VariantRow {
                id: variant.id,
                options: variant.options.iter().map(|option| self.option(option)).collect(),
                price: variant.price,
                in_stock: variant.in_stock,
            })
            .collect();
        Row {
            id: document.id,
            on_shelf: true,
            values: self.values_of(document),
            variants: variants.into(),
            title_sort: document.title_sort.as_str().into(),
            price_min: document.prices().map(|(min, _)| min).unwrap_or_default(),
            price_max: document.prices().map(|(_, max)| max).unwrap_or_default(),
            published_at_us: document.published_at.as_microsecond(),
            popularity: document.popularity,
            rating: document.rating_hundredths,
        }
    }

    fn option(&mut self, option: &OptionValue) -> ValueId {
        let key = FacetKey::Option(option.name.to_lowercase());
        self.values.intern(&key, (scalar(&option.value.to_lowercase()), &option.value), None)
    }

    fn values_of(&mut self, document: &SearchDocument) -> Box<[ValueId]> {
        let values = &mut self.values;
        let mut found = Vec::new();
        for (key, named) in
            [(FacetKey::Brand, &document.brand), (FacetKey::ProductType, &document.product_type)]
        {
            found.extend(
                named.iter().map(|named| values.intern(&key, (scalar(&named.handle), &named.name), None)),
            );
        }
        found.extend(document.tags.iter().map(|tag| values.intern(&FacetKey::Tag, (scalar(tag), tag), None)));
        found.extend(document.categories.iter().map(|node| {
            values.intern(&FacetKey::Category, (FacetValue::Category(node.id), &node.name), node.parent)
        }));
        found.extend(
            document
                .collections
                .iter()
                .map(|id| values.intern(&FacetKey::Collection, (FacetValue::Collection(*id), ""), None)),
        );
        for (key, value) in &document.attributes {
            let mut path = vec![key.clone()];
            scalars(value, &mut path, &mut |path, value| {
                let label = label(value);
                let key = FacetKey::Attribute(path.to_vec());
                found.push(values.intern(&key, (FacetValue::Scalar(value.clone()), &label), None));
            });
        }
        found.sort_unstable();
        found.dedup();
        found.into()
    }
}

impl Row {
    /// Values of the product and of all its variants; sorted.
    fn all_values(&self) -> Vec<ValueId> {
        let options = self.variants.iter().flat_map(|variant| variant.options.iter());
        let mut all: Vec<ValueId> = self.values.iter().chain(options).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn scalar(text: &str) -> FacetValue {
    FacetValue::Scalar(Value::String(text.to_owned()))
}

/// What a scalar is called.
pub fn label(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => plain_number(number),
        other => other.to_string(),
    }
}
