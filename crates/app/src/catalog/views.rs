//! What shoppers read of a product: the shapes of the listing's card and of the product's page.
//!
//! The renderer fills them, once a change, and the storefront hands out the finished bytes; the OpenAPI document is made
//! of the comments here. A field that has nothing to say is `null`, never absent: clients can rely on the shape.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use tradepost_domain::catalog::Availability;
use tradepost_domain::kernel::ids::{CategoryId, ProductId, VariantId};
use tradepost_domain::kernel::{Currency, Money};
use utoipa::ToSchema;

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct MoneyView {
    /// Minor units of the currency: cents for the euro, yen for the yen.
    #[schema(example = 5400)]
    pub amount: i64,
    /// Code of ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
}

impl From<Money> for MoneyView {
    fn from(money: Money) -> Self {
        Self { amount: money.amount(), currency: money.currency() }
    }
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImageView {
    /// Address of the picture, relative to the shop's own where it is stored by the shop.
    #[schema(example = "/media/2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae.jpg")]
    pub url: String,
    /// What the picture shows, for those who cannot see it.
    pub alt: String,
    /// Width in pixels, where known.
    #[schema(required = true)]
    pub width: Option<i32>,
    /// Height in pixels, where known.
    #[schema(required = true)]
    pub height: Option<i32>,
}

/// What customers think of a product: its approved reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct RatingView {
    /// Average in stars with at most two decimal places; 0 without any review.
    #[schema(value_type = f64, minimum = 0, maximum = 5, example = 4.33)]
    pub average: Hundredths,
    /// Number of reviews.
    #[schema(minimum = 0)]
    pub count: i64,
}

/// A number with two decimal places, kept whole: `433` is written as `4.33`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hundredths(pub i64);

impl Serialize for Hundredths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (whole, rest) = (self.0.div_euclid(100), self.0.rem_euclid(100));
        let text = match (rest, rest.rem_euclid(10)) {
            (0, _) => whole.to_string(),
            (_, 0) => format!("{whole}.{}", rest.div_euclid(10)),
            _ => format!("{whole}.{rest:02}"),
        };
        // The shortest decimal that reads back as this number is this text again: no digit is made up.
        let number: serde_json::Number = text.parse().map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

/// A category, as products name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CategoryRef {
    /// Id.
    #[schema(value_type = String, example = "cat_0000000000000000000000000a")]
    pub id: CategoryId,
    /// Name in URLs and in the filter `category`.
    #[schema(example = "hiking-boots")]
    pub handle: String,
    /// Name as shown, in the locale of the answer.
    #[schema(example = "Hiking boots")]
    pub name: String,
}

/// A category with the way to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CategoryPathView {
    /// The category.
    #[serde(flatten)]
    pub category: CategoryRef,
    /// From the root of the tree to the category itself, as a breadcrumb shows it.
    pub path: Vec<CategoryRef>,
}

/// Whether a product or a variant can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AvailabilityView {
    /// Enough left, or not counted at all.
    InStock,
    /// A few left.
    LowStock,
    /// None left, but it may be ordered for later.
    Backorder,
    /// None left.
    OutOfStock,
}

impl From<Availability> for AvailabilityView {
    fn from(availability: Availability) -> Self {
        match availability {
            Availability::InStock => Self::InStock,
            Availability::LowStock => Self::LowStock,
            Availability::Backorder => Self::Backorder,
            Availability::OutOfStock => Self::OutOfStock,
        }
    }
}

/// A product in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProductCard {
    /// Id.
    #[schema(value_type = String, example = "prod_0000000000000000000000000a")]
    pub id: ProductId,
    /// Name in URLs.
    #[schema(example = "trail-boot")]
    pub handle: String,
    /// Name as shown, in the locale of the answer.
    #[schema(example = "Trail boot")]
    pub title: String,
    /// Name of the brand.
    #[schema(required = true)]
    pub brand: Option<String>,
    /// The main category.
    #[schema(required = true)]
    pub category: Option<CategoryRef>,
    /// Price of the cheapest variant.
    pub price: MoneyView,
    /// Price of the dearest variant.
    pub price_max: MoneyView,
    /// What the cheapest variant cost before or is recommended at, where that is more than its price.
    #[schema(required = true)]
    pub compare_at_price: Option<MoneyView>,
    /// Of the variant that can best be had.
    pub availability: AvailabilityView,
    /// The first picture.
    #[schema(required = true)]
    pub image: Option<ImageView>,
    /// What customers think of it.
    pub rating: RatingView,
    /// Variants that are offered in the channel.
    #[schema(minimum = 1)]
    pub variant_count: usize,
    /// When the product was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A product with everything that its page shows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProductPage {
    /// What the listing shows.
    #[serde(flatten)]
    pub card: ProductCard,
    /// What only the page shows.
    #[serde(flatten)]
    pub details: ProductDetails,
}

/// What a product's page shows beyond the card.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProductDetails {
    /// Sanitised HTML, in the locale of the answer.
    pub description: String,
    /// Name of the product type.
    #[schema(required = true)]
    pub r#type: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Options to choose a variant by, each with the values that are offered, in the order of display.
    pub options: Vec<OptionView>,
    /// The variants that are offered in the channel, in the order of display.
    pub variants: Vec<VariantView>,
    /// Facts by their key: typed by the product type where it names them, free otherwise.
    #[schema(value_type = Object)]
    pub attributes: Box<RawValue>,
    /// Pictures in the order of display.
    pub media: Vec<ImageView>,
    /// The main category, then further ones.
    pub categories: Vec<CategoryPathView>,
    /// Texts for search engines, and facts that the shop itself does not interpret.
    pub metadata: MetadataView,
    /// Grows by one with every change that staff make to the product.
    pub version: i64,
}

/// An option that shoppers choose by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OptionView {
    /// Name as shown.
    #[schema(example = "Color")]
    pub name: String,
    /// Values as shown.
    pub values: Vec<String>,
}

/// What is put into the cart: one combination of option values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VariantView {
    /// Id.
    #[schema(value_type = String, example = "var_0000000000000000000000000a")]
    pub id: VariantId,
    /// Stock-keeping unit.
    #[schema(required = true)]
    pub sku: Option<String>,
    /// Barcode (EAN, UPC, ISBN).
    #[schema(required = true)]
    pub barcode: Option<String>,
    /// Its option values, or the product's title where there are no options.
    #[schema(example = "Red / M")]
    pub title: String,
    /// Value of each option by the option's name.
    pub options: BTreeMap<String, String>,
    /// Price.
    pub price: MoneyView,
    /// What it cost before or is recommended at, where that is more than the price.
    #[schema(required = true)]
    pub compare_at_price: Option<MoneyView>,
    /// Whether it can be had.
    pub availability: AvailabilityView,
    /// Whether it has to be sent: not so a download, a voucher, a service.
    pub requires_shipping: bool,
    /// Its picture, or else the product's first.
    #[schema(required = true)]
    pub image: Option<ImageView>,
}

/// Texts for search engines, and whatever else the shop keeps with the product.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MetadataView {
    /// Texts for search engines.
    pub seo: SeoView,
    /// Facts that the shop itself does not interpret.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub own: BTreeMap<String, Box<RawValue>>,
}

/// Texts for search engines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SeoView {
    /// Title of the page: the product's own where none was written for search engines.
    pub title: String,
    /// Description of the page: the beginning of the product's where none was written for search engines.
    #[schema(required = true)]
    pub description: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema;

    #[test]
    fn a_rating_is_a_number_with_at_most_two_decimal_places() {
        for (hundredths, text) in [(0, "0.0"), (433, "4.33"), (450, "4.5"), (405, "4.05"), (500, "5")] {
            let written = serde_json::to_string(&Hundredths(hundredths)).unwrap();
            assert_eq!(written.trim_end_matches(".0"), text.trim_end_matches(".0"));
        }
    }

    #[test]
    fn the_schema_of_a_page_knows_every_part() {
        let schema = serde_json::to_value(ProductPage::schema()).unwrap();
        let parts = schema.get("allOf").and_then(serde_json::Value::as_array).unwrap();
        assert_eq!(parts.len(), 2, "{schema}");
        let metadata = serde_json::to_value(MetadataView::schema()).unwrap();
        assert!(metadata.to_string().contains("additionalProperties"), "{metadata}");
    }
}
