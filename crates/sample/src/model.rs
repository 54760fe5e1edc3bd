//! What the generator gives: plain values, in the words of the shop, ready to be written by whoever fills one.

use crate::picture::PictureKey;

/// One kind of thing the shop sells, with the schema of its attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleType {
    /// Slug, unique among the types: `hiking-boots`.
    pub handle: String,
    /// English name, in the plural where one speaks so: `Hiking Boots`.
    pub name: String,
    /// German name.
    pub name_de: String,
    /// Handles of its categories from the root to the leaf.
    pub category: Vec<String>,
    /// The attributes that each product of the type has.
    pub attributes: Vec<SampleAttribute>,
}

/// One typed attribute in the schema of a product type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleAttribute {
    /// Key in snake case: `upper_material`. The same key has the same kind in every type.
    pub key: String,
    /// English label.
    pub label: String,
    /// German label.
    pub label_de: String,
    /// Which values it takes.
    pub kind: AttributeKind,
    /// German words for the values of an `Enum` or `Text`, in the order of the English ones.
    pub values_de: Vec<String>,
    /// Unit in which a number is given: `mm`, `l`, `W`.
    pub unit: Option<String>,
}

/// The kind of an attribute's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeKind {
    /// Any text.
    Text,
    /// One of these texts.
    Enum(Vec<String>),
    /// A whole number.
    Integer,
    /// A number with decimals.
    Decimal,
    /// Yes or no.
    Boolean,
}

/// The value of one attribute of one product.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AttributeValue {
    /// For the kinds `Text` and `Enum`.
    Text(String),
    /// For the kind `Integer`.
    Integer(i64),
    /// For the kind `Decimal`: digits with a point, never a float.
    Decimal(String),
    /// For the kind `Boolean`.
    Boolean(bool),
}

/// A node of the category tree (three levels at most).
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct SampleCategory {
    /// Slug, unique in the tree.
    pub handle: String,
    /// English name.
    pub name: String,
    /// German name.
    pub name_de: String,
    /// Handle of the parent; none for a root. A parent comes before its children in the list.
    pub parent: Option<String>,
}

/// An invented maker.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct SampleBrand {
    /// Name as it is written in titles.
    pub name: String,
    /// Three letters that open its model numbers, unique.
    pub code: String,
    /// How it works and speaks: a key into the styles of the vocabulary.
    pub style: String,
    /// Its prices in percent of what is usual for a type.
    pub price_percent: i64,
    /// Handles of the product types it makes.
    pub types: Vec<String>,
    /// Names of its model lines.
    pub lines: Vec<String>,
}

impl SampleBrand {
    /// Slug made of the name.
    pub fn handle(&self) -> String {
        crate::code::slug(&self.name)
    }
}

/// A collection of the shop.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct SampleCollection {
    /// Slug, unique.
    pub handle: String,
    /// English name.
    pub name: String,
    /// German name.
    pub name_de: String,
    /// One English sentence.
    pub description: String,
    /// One German sentence.
    pub description_de: String,
    /// Which products belong to it.
    pub rule: SampleRule,
}

/// How products come into a collection.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleRule {
    /// By hand: about so many products of a thousand, chosen by their ordinal.
    Manual(u64),
    /// Those with the tag.
    Tag(String),
    /// Those below a category (its handle), at any depth.
    Category(String),
    /// Those whose cheapest variant costs less than so many euro cents.
    PriceBelow(i64),
}

impl SampleCollection {
    /// Whether the product belongs to the collection.
    pub fn contains(&self, product: &SampleProduct) -> bool {
        match &self.rule {
            SampleRule::Manual(per_mille) => {
                crate::rng::Rng::stream(0, product.ordinal, &self.handle).below(1000) < *per_mille
            }
            SampleRule::Tag(tag) => product.tags.contains(tag),
            SampleRule::Category(handle) => product.category_path.contains(handle),
            SampleRule::PriceBelow(cents) => product
                .variants
                .iter()
                .map(|variant| variant.price_eur_cents)
                .min()
                .is_some_and(|low| low < *cents),
        }
    }
}

/// One product with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SampleProduct {
    /// Its place in the catalogue, from 0.
    pub ordinal: u64,
    /// Slug, unique in a catalogue.
    pub handle: String,
    /// English title: brand, model, what it is.
    pub title: String,
    /// English description: sentences in `<p>`, features in `<ul>`; no other elements.
    pub description_html: String,
    /// Name of the brand.
    pub brand: String,
    /// Handle of the product type.
    pub type_handle: String,
    /// Handles of its categories from the root to the leaf.
    pub category_path: Vec<String>,
    /// Values for the attributes of the type, in the order of the schema.
    pub attributes: Vec<(String, AttributeValue)>,
    /// Tags, slugs.
    pub tags: Vec<String>,
    /// Names of the options with their values; empty where there is only one variant to choose.
    pub options: Vec<(String, Vec<String>)>,
    /// 1 to 12 variants.
    pub variants: Vec<SampleVariant>,
    /// Units sold so far; over the catalogue by Zipf's law.
    pub popularity: u64,
    /// Unique in a catalogue: `NVK-48213`.
    pub model_number: String,
    /// The main picture. The pictures of other colours are with the variants.
    pub picture: PictureKey,
    /// English title for search engines, at most 70 characters.
    pub seo_title: String,
    /// English description for search engines, at most 160 characters.
    pub seo_description: String,
    /// Age of the product in days.
    pub days_since_publication: u32,
    /// German title.
    pub title_de: String,
    /// German description, built as the English one.
    pub description_de_html: String,
    /// At most 30 reviews, newest first.
    pub reviews: Vec<SampleReview>,
}

/// One thing that can be bought.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SampleVariant {
    /// Unique in a catalogue: `NVK-48213-NAVY-42`.
    pub sku: String,
    /// A value for each option of the product.
    pub options: Vec<(String, String)>,
    /// Price with tax in euro cents.
    pub price_eur_cents: i64,
    /// The price before, always higher.
    pub compare_at_eur_cents: Option<i64>,
    /// Price in US cents.
    pub price_usd_cents: i64,
    /// The price before, always higher; there where the one in euro is.
    pub compare_at_usd_cents: Option<i64>,
    /// Units at hand; some have none, some their last ones.
    pub stock: u32,
    /// Weight in grams with packaging.
    pub weight_grams: u32,
    /// EAN-13 of the range 20-29, which GS1 leaves to shops for their own use; unique in a catalogue.
    pub barcode: String,
    /// The picture in the colour of the variant.
    pub picture: PictureKey,
}

/// What a buyer wrote.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SampleReview {
    /// First name and initial.
    pub author: String,
    /// 1 to 5.
    pub rating: u8,
    /// One line.
    pub title: String,
    /// Plain text, one to four sentences.
    pub body: String,
    /// Age in days, never more than the product's.
    pub days_ago: u32,
    /// Whether it is shown.
    pub status: ReviewStatus,
}

/// State of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewStatus {
    /// Shown in the shop.
    Approved,
    /// Waits for a moderator.
    Pending,
}
