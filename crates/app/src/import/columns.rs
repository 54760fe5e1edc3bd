//! Columns of Shopify's product CSV under all the names that they have had, in any case and spelling of signs.
//!
//! Shopify's own list: <https://help.shopify.com/en/manual/products/import-export/using-csv>.

/// A column that the shop understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// Handle.
    Handle,
    /// Title.
    Title,
    /// Description.
    Body,
    /// Brand.
    Vendor,
    /// Path of the category.
    Category,
    /// Product type.
    Type,
    /// Tags, by commas.
    Tags,
    /// Whether it is on the shelf.
    Published,
    /// `active`, `draft` or `archived`.
    Status,
    /// Name of the option of this number, from 0.
    OptionName(usize),
    /// Value of the option of this number, from 0.
    OptionValue(usize),
    /// SKU.
    Sku,
    /// Weight in grams, whatever the unit for display.
    Grams,
    /// Weight in the unit of the next column; not Shopify's own, seen in exports of tools.
    Weight,
    /// Who counts the stock.
    Tracker,
    /// Units.
    Quantity,
    /// `deny` or `continue`.
    Policy,
    /// Whether it has to be sent.
    RequiresShipping,
    /// Price.
    Price,
    /// Compare-at price.
    CompareAt,
    /// Barcode.
    Barcode,
    /// Address of a picture.
    ImageSrc,
    /// Its place.
    ImagePosition,
    /// What it shows.
    ImageAlt,
    /// Address of the variant's picture.
    VariantImage,
    /// Title for search engines.
    SeoTitle,
    /// Description for search engines.
    SeoDescription,
}

/// Each column that is understood: what it is, the name that exports write, other names without spaces and signs.
pub const KNOWN: &[(Known, &str, &[&str])] = &[
    (Known::Handle, "Handle", &["urlhandle"]),
    (Known::Title, "Title", &[]),
    (Known::Body, "Body (HTML)", &["body", "description"]),
    (Known::Vendor, "Vendor", &[]),
    (Known::Category, "Product Category", &["standardproducttype", "standardizedproducttype"]),
    (Known::Type, "Type", &[]),
    (Known::Tags, "Tags", &[]),
    (Known::Published, "Published", &["publishedononlinestore"]),
    (Known::OptionName(0), "Option1 Name", &[]),
    (Known::OptionValue(0), "Option1 Value", &[]),
    (Known::OptionName(1), "Option2 Name", &[]),
    (Known::OptionValue(1), "Option2 Value", &[]),
    (Known::OptionName(2), "Option3 Name", &[]),
    (Known::OptionValue(2), "Option3 Value", &[]),
    (Known::Sku, "Variant SKU", &["sku"]),
    (Known::Grams, "Variant Grams", &["grams", "weightvaluegrams"]),
    (Known::Tracker, "Variant Inventory Tracker", &["inventorytracker"]),
    (Known::Quantity, "Variant Inventory Qty", &["variantinventoryquantity", "inventoryquantity"]),
    (Known::Policy, "Variant Inventory Policy", &["continuesellingwhenoutofstock"]),
    (Known::RequiresShipping, "Variant Requires Shipping", &["requiresshipping"]),
    (Known::Price, "Variant Price", &["price"]),
    (Known::CompareAt, "Variant Compare At Price", &["compareatprice"]),
    (Known::Barcode, "Variant Barcode", &["barcode"]),
    (Known::ImageSrc, "Image Src", &["productimageurl"]),
    (Known::ImagePosition, "Image Position", &[]),
    (Known::ImageAlt, "Image Alt Text", &[]),
    (Known::SeoTitle, "SEO Title", &[]),
    (Known::SeoDescription, "SEO Description", &[]),
    (Known::VariantImage, "Variant Image", &["variantimageurl"]),
    (Known::Weight, "Variant Weight", &["weight"]),
    (Known::Status, "Status", &[]),
];

/// A column that the shop passes through: kept in metadata, given back by exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedThrough {
    /// Name that exports write.
    pub name: String,
    /// Whether each variant has one, or the product.
    pub of_variant: bool,
    /// Value that is not worth keeping: exports write it where nothing is kept.
    pub usual: &'static str,
}

/// Columns of Shopify that are passed through: name, whether each variant has one, usual value, other names.
pub const PASSED_THROUGH: &[(&str, bool, &str, &[&str])] = &[
    ("Variant Fulfillment Service", true, "manual", &["variantfullfilmentservice", "fulfillmentservice"]),
    ("Variant Taxable", true, "TRUE", &["chargetax"]),
    ("Gift Card", false, "FALSE", &[]),
    ("Google Shopping / Google Product Category", false, "", &[]),
    ("Google Shopping / Gender", false, "", &[]),
    ("Google Shopping / Age Group", false, "", &[]),
    ("Google Shopping / MPN", false, "", &[]),
    ("Google Shopping / AdWords Grouping", false, "", &[]),
    ("Google Shopping / AdWords Labels", false, "", &[]),
    ("Google Shopping / Condition", false, "", &[]),
    ("Google Shopping / Custom Product", false, "", &[]),
    ("Google Shopping / Custom Label 0", false, "", &[]),
    ("Google Shopping / Custom Label 1", false, "", &[]),
    ("Google Shopping / Custom Label 2", false, "", &[]),
    ("Google Shopping / Custom Label 3", false, "", &[]),
    ("Google Shopping / Custom Label 4", false, "", &[]),
    ("Variant Weight Unit", true, "g", &["weightunitfordisplay"]),
    ("Variant Tax Code", true, "", &["taxcode"]),
    ("Cost per item", true, "", &[]),
    ("Price / International", true, "", &[]),
    ("Compare At Price / International", true, "", &[]),
];

/// What a column of a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// One that the shop understands.
    Known(Known),
    /// An attribute of ours, by its key.
    Attribute(String),
    /// A field of the product that Shopify has no column for, in the words and the form of JSON lines.
    ProductField(&'static str),
    /// One of the variant.
    VariantField(&'static str),
    /// One that it passes through.
    PassedThrough(PassedThrough),
    /// One without a name.
    Nameless,
}

/// Fields of a product that stand in columns of their own, where Shopify has none or one that cannot hold all: a name whose
/// handle is another, a tag with a comma.
pub const PRODUCT_FIELDS: &[&str] = &[
    "id",
    "brand",
    "type",
    "category",
    "categories",
    "tags",
    "options",
    "channels",
    "collections",
    "publish_at",
    "published_at",
    "popularity",
    "translations",
    "metadata",
];

/// Fields of a variant, likewise.
pub const VARIANT_FIELDS: &[&str] = &["prices", "metadata"];

/// End of the header of an attribute's column, in the manner of Shopify's metafields: `colour (product.metafields.tradepost.colour)`.
const ATTRIBUTE_MARK: &str = " (product.metafields.tradepost.";
const PRODUCT_FIELD_MARK: &str = " (product.metafields.tradepost_field.";
const VARIANT_FIELD_MARK: &str = " (variant.metafields.tradepost_field.";

fn marked_header(key: &str, mark: &str) -> String {
    format!("{key}{mark}{key})")
}

/// The key of a header with this mark. It stands there twice and may hold anything, the mark too.
fn marked_key<'a>(header: &'a str, mark: &str) -> Option<&'a str> {
    let keys = header.strip_suffix(')')?.len().checked_sub(mark.len())?;
    let key = header.get(..keys / 2)?;
    (marked_header(key, mark) == header).then_some(key)
}

/// The header under which exports write an attribute.
pub fn attribute_header(key: &str) -> String {
    marked_header(key, ATTRIBUTE_MARK)
}

/// The headers under which exports write the fields that Shopify has no column for: of products, then of variants.
pub fn field_headers() -> impl Iterator<Item = String> {
    let of_product = PRODUCT_FIELDS.iter().map(|field| marked_header(field, PRODUCT_FIELD_MARK));
    of_product.chain(VARIANT_FIELDS.iter().map(|field| marked_header(field, VARIANT_FIELD_MARK)))
}

fn field(header: &str) -> Option<Column> {
    let find = |mark, fields: &[&'static str]| {
        let key = marked_key(header, mark)?;
        fields.iter().find(|field| **field == key).copied()
    };
    let of_product = find(PRODUCT_FIELD_MARK, PRODUCT_FIELDS).map(Column::ProductField);
    of_product.or_else(|| find(VARIANT_FIELD_MARK, VARIANT_FIELDS).map(Column::VariantField))
}

/// A header without case, spaces and signs.
fn simplified(header: &str) -> String {
    header.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Finds out what a column is by its header.
pub fn classify(header: &str) -> Column {
    let simple = simplified(header);
    if header.trim().is_empty() {
        return Column::Nameless;
    }
    let named = |name: &str, others: &[&str]| simplified(name) == simple || others.contains(&simple.as_str());
    if let Some((known, ..)) = KNOWN.iter().find(|(_, name, others)| named(name, others)) {
        return Column::Known(*known);
    }
    if let Some(field) = field(header.trim()) {
        return field;
    }
    // Not trimmed: a key may begin with a space.
    if let Some(key) =
        marked_key(header, ATTRIBUTE_MARK).or_else(|| marked_key(header.trim(), ATTRIBUTE_MARK))
    {
        return Column::Attribute(key.to_owned());
    }
    let header = header.trim();
    let usual = PASSED_THROUGH.iter().find(|(name, _, _, others)| named(name, others));
    Column::PassedThrough(match usual {
        Some((name, of_variant, usual, _)) => {
            PassedThrough { name: (*name).to_owned(), of_variant: *of_variant, usual }
        }
        None => PassedThrough {
            name: header.to_owned(),
            of_variant: simple.starts_with("variant") || header.contains(" / "),
            usual: "",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_under_all_their_names() {
        for (header, known) in [
            ("Body (HTML)", Known::Body),
            ("Body", Known::Body),
            ("Option1 name", Known::OptionName(0)),
            ("OPTION3 VALUE", Known::OptionValue(2)),
            ("Variant inventory quantity", Known::Quantity),
            ("Compare-at price", Known::CompareAt),
            ("URL handle", Known::Handle),
        ] {
            assert_eq!(classify(header), Column::Known(known), "{header}");
        }
        assert_eq!(classify(&attribute_header("colour")), Column::Attribute("colour".to_owned()));
        for key in ["colour", " =a", "a) (product.metafields.tradepost.b", "é"] {
            assert_eq!(classify(&attribute_header(key)), Column::Attribute(key.to_owned()));
        }
        let fields = PRODUCT_FIELDS.iter().copied().map(Column::ProductField);
        let fields = fields.chain(VARIANT_FIELDS.iter().copied().map(Column::VariantField));
        assert!(field_headers().map(|header| classify(&header)).eq(fields));
        assert_eq!(classify(" "), Column::Nameless);
        let Column::PassedThrough(mpn) = classify("Google shopping mpn") else { panic!("passed through") };
        assert_eq!((mpn.name.as_str(), mpn.of_variant), ("Google Shopping / MPN", false));
        let Column::PassedThrough(own) = classify("Shelf no.") else { panic!("passed through") };
        assert_eq!(own.name, "Shelf no.");
    }
}
