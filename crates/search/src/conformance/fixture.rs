//! The fixed shop: 200 products whose values follow from their number, so that every combination is there and none is special.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tradepost_domain::kernel::ids::{CategoryId, CollectionId, EntityId, ProductId, VariantId};
use tradepost_port::search::document::{CategoryNode, Named, OptionValue};
use tradepost_port::search::{SearchDocument, SearchVariant};
use uuid::Uuid;

const BRANDS: [&str; 5] = ["Acme", "Bolt & Co", "Núñez", "StarTech.com", "Zephyr"];
const KINDS: [&str; 8] = [
    "hard drive",
    "webcam",
    "mouse pad",
    "optical mouse",
    "gaming keyboard",
    "laptop case",
    "AA battery",
    "café table",
];
const COLOURS: [&str; 5] = ["Red", "Black", "Grey", "Navy Blue", "White"];
const SIZES: [&str; 3] = ["S", "M", "L"];
const MATERIALS: [&str; 3] = ["wool", "steel", "oak"];

/// Products of the shop.
const COUNT: u64 = 200;

/// Categories at the root; those of the kinds of products lie below them.
const DEPARTMENTS: [&str; 2] = ["Computers", "Home"];

/// Id of a product by its number.
pub fn product_id(number: u64) -> ProductId {
    ProductId::from_uuid(Uuid::from_u128(0x0a00_0000 | u128::from(number)))
}

/// Id of a variant by the number of its product and its place.
pub fn variant_id(number: u64, place: u64) -> VariantId {
    VariantId::from_uuid(Uuid::from_u128(0x0b00_0000 | u128::from(number << 8) | u128::from(place)))
}

/// Id of a category: departments are 100 and 101, kinds of products 0 to 7.
pub fn category(number: u64) -> CategoryId {
    CategoryId::from_uuid(Uuid::from_u128(0x0c00_0000 | u128::from(number)))
}

/// Id of a collection: 0 to 3.
pub fn collection(number: u64) -> CollectionId {
    CollectionId::from_uuid(Uuid::from_u128(0x0d00_0000 | u128::from(number)))
}

/// All products.
pub fn products() -> Vec<SearchDocument> {
    (0..COUNT).map(product).collect()
}

fn pick(names: &[&'static str], number: u64) -> &'static str {
    let count = u64::try_from(names.len()).unwrap_or(1).max(1);
    usize::try_from(number % count).ok().and_then(|place| names.get(place)).copied().unwrap_or_default()
}

/// The product of a number: brand, kind and colour are its digits to the bases of their counts.
pub fn product(number: u64) -> SearchDocument {
    let (brand, kind, colour) =
        (pick(&BRANDS, number / 40), pick(&KINDS, number / 5), pick(&COLOURS, number));
    let department = if kind == "café table" { 101 } else { 100 };
    let signed = |value: u64| i64::try_from(value).unwrap_or_default();
    let weight = signed(100 + number * 7 % 50);
    SearchDocument {
        title: format!("{brand} {kind} TN-{}{} {}", number / 40 + 2, number % 40, colour.to_lowercase()),
        // Ties on purpose: five products share a name to sort by.
        title_sort: format!("{} {kind}", brand.to_lowercase()),
        description: format!("Made for offices, weighs {weight} g. Goes with every notebok."),
        brand: Some(Named { handle: brand.to_lowercase().replace(' ', "-"), name: brand.to_owned() }),
        product_type: (!number.is_multiple_of(7))
            .then(|| Named { handle: kind.to_lowercase().replace(' ', "-"), name: kind.to_owned() }),
        categories: vec![
            CategoryNode {
                id: category(department),
                name: pick(&DEPARTMENTS, department).to_owned(),
                parent: None,
            },
            CategoryNode {
                id: category(number / 5 % 8),
                name: kind.to_owned(),
                parent: Some(category(department)),
            },
        ],
        collections: (0..4).filter(|part| number.is_multiple_of(part + 2)).map(collection).collect(),
        tags: ["new", "sale", "Büro"]
            .iter()
            .zip([3_u64, 4, 5])
            .filter(|(_, every)| number.is_multiple_of(*every))
            .map(|(tag, _)| (*tag).to_owned())
            .collect(),
        attributes: attributes(number, weight),
        variants: variants(number),
        rating_hundredths: signed(number * 13 % 6 * 100),
        popularity: signed(number * 31 % 40),
        published_at: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(signed(number * 17 % 90) * 24),
        ..SearchDocument::titled(product_id(number), "")
    }
}

fn attributes(number: u64, weight: i64) -> serde_json::Map<String, serde_json::Value> {
    let mut attributes = serde_json::Map::new();
    attributes.insert("material".to_owned(), json!(pick(&MATERIALS, number)));
    if number % 4 != 3 {
        attributes.insert("weight".to_owned(), json!(weight));
    }
    if number.is_multiple_of(2) {
        attributes.insert(
            "features".to_owned(),
            json!(["usb", pick(&["wireless", "silent", "Größe"], number / 2)]),
        );
        attributes.insert("dimensions".to_owned(), json!({"width": number % 10, "unit": "cm"}));
    }
    if number.is_multiple_of(9) {
        attributes.insert("waterproof".to_owned(), json!(number.is_multiple_of(2)));
    }
    attributes
}

/// Sizes of a colour or two; every tenth product has one variant without options, and the last one none at all.
fn variants(number: u64) -> Vec<SearchVariant> {
    let base = i64::try_from(1_000 + number * 37 % 50 * 100).unwrap_or_default();
    if number == COUNT - 1 {
        return Vec::new();
    }
    let variant = |place: u64, options: Vec<OptionValue>, more: i64| SearchVariant {
        id: variant_id(number, place),
        codes: vec![format!("SKU-{number}-{place}")],
        options,
        price: base.saturating_add(more),
        in_stock: !(number + place).is_multiple_of(3),
    };
    if number % 10 == 9 {
        return vec![variant(0, Vec::new(), 0)];
    }
    let colours = if number.is_multiple_of(3) { 2 } else { 1 };
    let mut found = Vec::new();
    for colour in 0..colours {
        for (place, size) in (0_u64..).zip(SIZES) {
            let options = [("Colour", pick(&COLOURS, number + colour)), ("Size", size)];
            let options =
                options.map(|(name, value)| OptionValue { name: name.to_owned(), value: value.to_owned() });
            let more = i64::try_from(place * 250 + colour * 40).unwrap_or_default();
            found.push(variant(colour * 3 + place, options.into(), more));
        }
    }
    found
}
