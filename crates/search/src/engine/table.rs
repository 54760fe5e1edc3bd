//! Everything about products but their words, in memory: one row a product. Filters, facets and sorts read it, and price and
//! stock change in it without the index being touched.
//!
//! What is looked at for each of very many products (whether it is there, how well it sells, its values) lies close together, apart
//! from the rest.

use std::collections::HashMap;
use std::ops::ControlFlow;

use serde_json::Value;
use tradepost_domain::kernel::ids::{ProductId, VariantId};
use tradepost_port::search::document::OptionValue;
use tradepost_port::search::{FacetKey, FacetValue, Live, LiveVariant, Range, SearchDocument, SearchVariant};

use super::orders::{Orders, Walk};
use super::pool::Pool;
use super::values::{ValueId, Values, index, plain_number};
use crate::document::scalars;

/// A product.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its id.
    pub id: ProductId,
    /// Whether it is on the shelf.
    pub on_shelf: bool,
    /// Whether one of its variants can be ordered.
    pub in_stock: bool,
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
    /// Price in minor units.
    pub price: i64,
    /// Where the values of its options begin among those of the product, and how many they are.
    options_start: u32,
    options_len: u16,
    /// Whether it can be ordered.
    pub in_stock: bool,
}

/// A product with its values and variants.
#[derive(Debug, Clone, Copy)]
pub struct Product<'t> {
    /// What is the same for all its variants.
    pub row: &'t Row,
    /// Brand, type, categories, collections, tags and attributes; sorted.
    pub values: &'t [ValueId],
    /// Its variants.
    pub variants: &'t [VariantRow],
    /// Values of options: those of all variants, each once and sorted, and then those of each.
    options: &'t [ValueId],
}

impl<'t> Product<'t> {
    /// Values of the options of all variants, each once; sorted.
    pub fn options(&self) -> &'t [ValueId] {
        let all = self.variants.first().map_or(0, |variant| index(variant.options_start));
        self.options.get(..all).unwrap_or_default()
    }

    /// Values of the options of a variant.
    pub fn options_of(&self, variant: &VariantRow) -> &'t [ValueId] {
        let rest = self.options.get(index(variant.options_start)..).unwrap_or_default();
        rest.get(..usize::from(variant.options_len)).unwrap_or_default()
    }

    /// Values of the product and of all its variants; sorted.
    fn all_values(&self) -> Vec<ValueId> {
        let mut all = [self.values, self.options()].concat();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// All products.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
    by_id: HashMap<ProductId, u32>,
    /// How much each row is sold; less than nothing where it is off the shelf.
    sold: Vec<f32>,
    values_by_row: Pool<ValueId>,
    options_by_row: Pool<ValueId>,
    variants_by_row: Pool<VariantRow>,
    /// Their values.
    pub values: Values,
    /// The highest popularity that was ever seen.
    pub popularity_max: i64,
    orders: Orders,
    /// Counts changes.
    generation: u64,
    /// Counts those that are of more than prices and stock.
    sold_generation: u64,
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

    /// Moves with every change of what is on the shelf and how much it is sold.
    pub fn sold_generation(&self) -> u64 {
        self.sold_generation
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

    /// A row with its values and variants.
    pub fn product(&self, number: u32) -> Option<Product<'_>> {
        let row = self.row(number)?;
        Some(Product {
            row,
            values: self.values_by_row.get(number),
            variants: self.variants_by_row.get(number),
            options: self.options_by_row.get(number),
        })
    }

    /// How much a product on the shelf is sold; nothing of one that is off it.
    pub fn sold(&self, number: u32) -> Option<f32> {
        self.sold.get(index(number)).copied().filter(|sold| *sold >= 0.0)
    }

    /// Takes note of what [`Self::sold`] tells.
    fn note_sold(&mut self, number: u32) {
        self.sold_generation = self.sold_generation.saturating_add(1);
        if self.sold.len() <= index(number) {
            self.sold.resize(index(number).saturating_add(1), OFF_SHELF);
        }
        let listed = self.row(number).filter(|row| row.on_shelf);
        let sold = listed.map_or(OFF_SHELF, |row| narrow(row.popularity.max(0)));
        if let Some(place) = self.sold.get_mut(index(number)) {
            *place = sold;
        }
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
        let known = self.find(document.id).and_then(|number| self.product(number));
        let had: Vec<ValueId> = known.map(|known| known.all_values()).unwrap_or_default();
        let row = row(document);
        self.popularity_max = self.popularity_max.max(row.popularity);
        while self.rows.len() <= index(number) {
            self.rows.push(Row { on_shelf: false, ..row.clone() });
        }
        self.by_id.insert(document.id, number);
        if let Some(place) = self.rows.get_mut(index(number)) {
            *place = row;
        }
        let values = self.values_of(document);
        self.values_by_row.put(number, &values);
        self.put_variants(number, document);
        self.note_sold(number);
        let has = self.product(number).map(|product| product.all_values()).unwrap_or_default();
        for value in has {
            if had.binary_search(&value).is_err() {
                self.values.note(value, number);
            }
        }
        self.orders.insert(number, &self.rows);
    }

    /// Gives back memory that was taken ahead.
    pub fn settle(&mut self) {
        self.rows.shrink_to_fit();
        self.sold.shrink_to_fit();
        self.values_by_row.settle();
        self.options_by_row.settle();
        self.variants_by_row.settle();
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
        self.note_sold(number);
    }

    /// Takes over prices and stock; whether the product is there.
    pub fn take(&mut self, id: ProductId, live: &Live) -> bool {
        let Some(number) = self.find(id) else { return false };
        let is_listed = self.row(number).is_some_and(|row| row.on_shelf);
        self.generation = self.generation.saturating_add(1);
        if is_listed {
            self.orders.remove_price(number, &self.rows);
        }
        let variants = self.variants_by_row.get_mut(number);
        for change in &live.variants {
            for variant in variants.iter_mut().filter(|variant| variant.id == change.id) {
                variant.price = change.price;
                variant.in_stock = change.in_stock;
            }
        }
        let Some(row) = self.rows.get_mut(index(number)) else { return false };
        row.price_min = variants.iter().map(|variant| variant.price).min().unwrap_or_default();
        row.price_max = variants.iter().map(|variant| variant.price).max().unwrap_or_default();
        row.in_stock = variants.iter().any(|variant| variant.in_stock);
        if is_listed {
            self.orders.insert_price(number, &self.rows);
        }
        is_listed
    }

    /// Prices and stock of a product as they are now.
    pub fn live(&self, id: ProductId) -> Option<Live> {
        let variants = self.variants_by_row.get(self.find(id)?).iter().map(|variant| LiveVariant {
            id: variant.id,
            price: variant.price,
            in_stock: variant.in_stock,
        });
        Some(Live { variants: variants.collect() })
    }

    fn put_variants(&mut self, number: u32, document: &SearchDocument) {
        let mut of_variant = |variant: &SearchVariant| -> Vec<ValueId> {
            variant.options.iter().map(|option| self.option(option)).collect()
        };
        let each: Vec<Vec<ValueId>> = document.variants.iter().map(&mut of_variant).collect();
        let mut options: Vec<ValueId> = each.concat();
        options.sort_unstable();
        options.dedup();
        let mut variants = Vec::with_capacity(each.len());
        for (variant, own) in document.variants.iter().zip(each) {
            let options_start = u32::try_from(options.len()).unwrap_or(u32::MAX);
            let own = own.get(..own.len().min(usize::from(u16::MAX))).unwrap_or_default();
            options.extend_from_slice(own);
            variants.push(VariantRow {
                id: variant.id,
                price: variant.price,
                options_start,
                options_len: u16::try_from(own.len()).unwrap_or(u16::MAX),
                in_stock: variant.in_stock,
            });
        }
        self.options_by_row.put(number, &options);
        self.variants_by_row.put(number, &variants);
    }

    fn option(&mut self, option: &OptionValue) -> ValueId {
        let key = FacetKey::Option(option.name.to_lowercase());
        self.values.intern(&key, (scalar(&option.value.to_lowercase()), &option.value), None)
    }

    fn values_of(&mut self, document: &SearchDocument) -> Vec<ValueId> {
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
        found
    }
}

/// What is known of a product that is put on the shelf.
fn row(document: &SearchDocument) -> Row {
    Row {
        id: document.id,
        on_shelf: true,
        in_stock: document.variants.iter().any(|variant| variant.in_stock),
        title_sort: document.title_sort.as_str().into(),
        price_min: document.prices().map(|(min, _)| min).unwrap_or_default(),
        price_max: document.prices().map(|(_, max)| max).unwrap_or_default(),
        published_at_us: document.published_at.as_microsecond(),
        popularity: document.popularity,
        rating: document.rating_hundredths,
    }
}

/// What [`Table::sold`] is kept as of a product that is off the shelf.
const OFF_SHELF: f32 = -1.0;

/// A count as a number of ranking; it need not be exact.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a weight, not a count any more")]
pub fn narrow(count: i64) -> f32 {
    count as f32
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
