//! Writes products as Shopify exports them: a row a variant, pictures beside them, further pictures in rows of their own.

use std::borrow::Cow;

use serde_json::Value;
use tradepost_domain::catalog::{JsonMap, ProductStatus, Variant};
use tradepost_store::catalog::export::StoredProduct;

use super::fields::{of_product_beside_shopify, of_variant_beside_shopify};
use super::formula::escape;
use super::{ExportError, Surroundings, part};
use crate::import::columns::{
    Column, KNOWN, Known, PASSED_THROUGH, PassedThrough, attribute_header, classify, field_headers,
};
use crate::import::record::SHOPIFY_KEY;

/// Options that the format has columns for.
const OPTIONS_MAX: usize = 3;

/// A column of the export.
#[derive(Debug)]
pub(super) struct OutColumn {
    header: String,
    kind: Column,
}

/// The columns in the order in which Shopify writes them, then fields that it does not have, then attributes, then what other files brought along.
pub(super) fn columns(passed_through: &[String], attributes: &[String]) -> Vec<OutColumn> {
    let column = |header: &str| OutColumn { header: header.to_owned(), kind: classify(header) };
    let known = KNOWN.iter().filter(|(known, ..)| *known != Known::Weight).map(|(_, name, _)| column(name));
    let usual = PASSED_THROUGH.iter().map(|(name, ..)| column(name));
    let attributes = attributes.iter().map(|key| column(&attribute_header(key)));
    let others = passed_through.iter().filter(|name| PASSED_THROUGH.iter().all(|(known, ..)| known != name));
    // A name that reads as one of the columns above would be taken for it when the file comes back.
    let others = others.map(|name| column(name)).filter(
        |column| matches!(&column.kind, Column::PassedThrough(passed) if passed.name == column.header),
    );
    let fields = field_headers().map(|header| column(&header));
    known.chain(usual).chain(fields).chain(attributes).chain(others).collect()
}

/// The first line.
pub(super) fn header(columns: &[OutColumn]) -> Result<Vec<u8>, ExportError> {
    rows(std::iter::once(columns.iter().map(|column| escape(&column.header)).collect()))
}

fn rows<'a>(rows: impl Iterator<Item = Vec<Cow<'a, str>>>) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(|cell| cell.as_bytes())).map_err(std::io::Error::from)?;
    }
    writer.into_inner().map_err(|error| ExportError::Io(error.into_error()))
}

/// Whether a text does not read as JSON, so that it needs no quotation marks to be told from it.
fn stands_for_itself(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_err() && !text.is_empty()
}

/// The cell of a field; a single text without quotation marks, where that is the same.
fn json_cell<'a>(json: Option<Vec<u8>>) -> Cow<'a, str> {
    let Some(json) = json else { return Cow::Borrowed("") };
    let text: Option<String> = serde_json::from_slice(&json).ok();
    let text = text.filter(|text| stands_for_itself(text) && text.trim() == text);
    let cell = text.unwrap_or_else(|| String::from_utf8_lossy(&json).into_owned());
    Cow::Owned(escape(&cell).into_owned())
}

/// One product and where its row stands.
struct Row<'a> {
    stored: &'a StoredProduct,
    surroundings: &'a Surroundings,
    pictures: &'a [(String, String)],
    place: usize,
}

/// The rows of a product; `None` when the format cannot hold it.
pub(super) fn write(
    stored: &StoredProduct,
    columns: &[OutColumn],
    surroundings: &Surroundings,
) -> Result<Option<Vec<u8>>, ExportError> {
    if stored.product.options.len() > OPTIONS_MAX {
        return Ok(None);
    }
    let pictures = surroundings.pictures(&stored.product);
    let count = stored.product.variants.len().max(pictures.len()).max(1);
    let lines = (0..count).map(|place| {
        let row = Row { stored, surroundings, pictures: &pictures, place };
        columns.iter().map(|column| row.cell(&column.kind)).collect()
    });
    rows(lines).map(Some)
}

impl<'a> Row<'a> {
    fn variant(&self) -> Option<&'a Variant> {
        self.stored.product.variants.get(self.place)
    }

    fn cell(&self, column: &Column) -> Cow<'a, str> {
        match column {
            Column::Known(known) => {
                let first = self.place == 0;
                let of_product = if first { self.product_cell(*known) } else { None };
                let text =
                    of_product.or_else(|| self.picture_cell(*known)).or_else(|| self.variant_cell(*known));
                text.unwrap_or_default()
            }
            Column::Attribute(key) if self.place == 0 => self.attribute_cell(key),
            Column::PassedThrough(passed) => self.passed_through_cell(passed),
            Column::ProductField(field) if self.place == 0 => {
                json_cell(of_product_beside_shopify(field, self.stored, self.surroundings))
            }
            Column::VariantField(field) => {
                let variant = self.variant().map(|variant| (variant, self.place == 0));
                let json = |variant| of_variant_beside_shopify(field, variant, self.surroundings);
                json_cell(variant.and_then(json))
            }
            Column::Attribute(_) | Column::ProductField(_) | Column::Nameless => Cow::Borrowed(""),
        }
    }

    fn product_cell(&self, known: Known) -> Option<Cow<'a, str>> {
        let product = &self.stored.product;
        let text = |text: &'a str| Some(escape(text.trim()));
        match known {
            Known::Title => text(&product.title),
            // Not trimmed: HTML may end in a line end.
            Known::Body => Some(escape(&product.description)),
            Known::Vendor => text(self.stored.brand.as_ref().map_or("", |brand| &brand.name)),
            Known::Category => {
                // The sign parts the names: within one it would make two.
                let path = self.surroundings.path(product.category_id);
                let path: Vec<String> = path.iter().map(|row| row.name.replace('>', "/")).collect();
                Some(Cow::Owned(escape(&path.join(" > ")).into_owned()))
            }
            Known::Type => text(self.stored.product_type.as_ref().map_or("", |kind| &kind.name)),
            Known::Tags => {
                let tags: Vec<String> = product.tags.iter().map(|tag| tag.replace(',', " ")).collect();
                Some(Cow::Owned(escape(&tags.join(", ")).into_owned()))
            }
            Known::Published => {
                Some(if product.status == ProductStatus::Published { "TRUE" } else { "FALSE" }.into())
            }
            Known::Status => Some(
                match product.status {
                    ProductStatus::Published => "active",
                    ProductStatus::Draft => "draft",
                    ProductStatus::Archived => "archived",
                }
                .into(),
            ),
            Known::OptionName(number) => match product.options.get(number) {
                Some(option) => text(&option.name),
                None if number == 0 && product.options.is_empty() => Some("Title".into()),
                None => None,
            },
            Known::SeoTitle => text(product.seo.title.as_deref().unwrap_or_default()),
            Known::SeoDescription => text(product.seo.description.as_deref().unwrap_or_default()),
            _ => None,
        }
    }

    fn picture_cell(&self, known: Known) -> Option<Cow<'a, str>> {
        let (address, alt) = self.pictures.get(self.place)?;
        match known {
            Known::ImageSrc => Some(Cow::Owned(escape(address).into_owned())),
            Known::ImagePosition => Some(Cow::Owned(self.place.saturating_add(1).to_string())),
            Known::ImageAlt => Some(Cow::Owned(escape(alt.trim()).into_owned())),
            _ => None,
        }
    }

    fn variant_cell(&self, known: Known) -> Option<Cow<'a, str>> {
        if known == Known::Handle {
            // Handles begin with a letter or a digit, or an underscore: none is a formula.
            return Some(self.stored.product.handle.as_str().into());
        }
        let variant = self.variant()?;
        let price = variant.price_in(self.surroundings.currency);
        let owned = |text: Option<String>| Some(Cow::Owned(text.unwrap_or_default()));
        let text = |text: Option<&'a str>| Some(escape(text.unwrap_or_default().trim()));
        match known {
            Known::OptionValue(number) => match self.stored.product.options.get(number) {
                Some(option) => text(variant.options.get(&option.name).map(String::as_str)),
                None if number == 0 && self.stored.product.options.is_empty() => Some("Default Title".into()),
                None => None,
            },
            Known::Sku => text(variant.sku.as_deref()),
            Known::Barcode => text(variant.barcode.as_deref()),
            Known::Grams => owned(variant.weight_grams.map(|grams| grams.to_string())),
            Known::Tracker => Some(if variant.tracked { "shopify" } else { "" }.into()),
            Known::Quantity => {
                let on_hand = self.stored.on_hand.get(self.place).copied().flatten();
                owned(on_hand.map(|units| units.to_string()))
            }
            Known::Policy => Some(if variant.backorder { "continue" } else { "deny" }.into()),
            Known::RequiresShipping => Some(if variant.requires_shipping { "TRUE" } else { "FALSE" }.into()),
            Known::Price => owned(price.map(|price| price.price.to_major_string())),
            Known::CompareAt => {
                let compare_at = price.and_then(|price| price.compare_at);
                owned(compare_at.map(tradepost_domain::kernel::Money::to_major_string))
            }
            Known::VariantImage => {
                let address = self.surroundings.picture_of(&self.stored.product, variant)?;
                Some(Cow::Owned(escape(&address).into_owned()))
            }
            _ => None,
        }
    }

    fn attribute_cell(&self, key: &str) -> Cow<'a, str> {
        match self.stored.product.attributes.get(key) {
            None | Some(Value::Null) => Cow::Borrowed(""),
            Some(Value::String(text)) if stands_for_itself(text) => escape(text),
            Some(value) => Cow::Owned(escape(&value.to_string()).into_owned()),
        }
    }

    fn passed_through_cell(&self, passed: &PassedThrough) -> Cow<'a, str> {
        let Some(variant) = self.variant() else { return Cow::Borrowed("") };
        let of_product = !passed.of_variant && self.place == 0;
        let metadata: &JsonMap = if of_product { &self.stored.product.metadata } else { &variant.metadata };
        let usual = if passed.of_variant || of_product { passed.usual } else { "" };
        match part(metadata, SHOPIFY_KEY).and_then(|kept| kept.get(&passed.name)) {
            None => Cow::Borrowed(usual),
            Some(Value::String(text)) => escape(text),
            Some(value) => Cow::Owned(escape(&value.to_string()).into_owned()),
        }
    }
}
