//! The header of Shopify's product CSV: what its columns are, and what the file calls them where something is wrong in one.

use csv::StringRecord;

use super::columns::{Column, KNOWN, Known, PassedThrough, classify};
use super::record::{Labels, ReadError};
use crate::export::formula::unescape;

/// The header as the file writes it.
#[derive(Debug)]
pub(super) struct Headers {
    /// What each column is.
    pub(super) columns: Vec<Column>,
    /// What the file calls it.
    pub(super) names: Vec<String>,
}

impl Headers {
    /// Finds out what the columns are.
    pub(super) fn read(header: &StringRecord) -> Result<Self, ReadError> {
        let headers: Vec<&str> = header.iter().map(unescape).collect();
        let names = headers.iter().map(|name| name.trim().to_owned()).collect();
        Ok(Self { columns: columns(&headers)?, names })
    }

    fn label_of_field(&self, field: &str) -> String {
        let name = field.strip_prefix("variants.").unwrap_or(field);
        let is_it = |column: &Column| match column {
            Column::ProductField(own) => *own == field,
            Column::VariantField(own) => field != name && *own == name,
            _ => false,
        };
        let place = self.columns.iter().position(is_it);
        place.and_then(|place| self.names.get(place)).cloned().unwrap_or_else(|| field.to_owned())
    }

    pub(super) fn label_of(&self, known: Known) -> String {
        let place = self.columns.iter().position(|column| *column == Column::Known(known));
        let usual =
            || KNOWN.iter().find(|(other, ..)| *other == known).map(|(_, name, _)| (*name).to_owned());
        place.and_then(|place| self.names.get(place).cloned()).or_else(usual).unwrap_or_default()
    }
}

impl Labels for Headers {
    fn label(&self, field: &str, _index: Option<usize>) -> String {
        let known = match field {
            "handle" => Known::Handle,
            "title" => Known::Title,
            "description" => Known::Body,
            "brand" => Known::Vendor,
            "type" => Known::Type,
            "category" => Known::Category,
            "tags" => Known::Tags,
            "status" => Known::Status,
            "published" => Known::Published,
            "seo.title" => Known::SeoTitle,
            "seo.description" => Known::SeoDescription,
            "media" => Known::ImageSrc,
            "options" | "variants.options" => Known::OptionValue(0),
            "variants.sku" => Known::Sku,
            "variants.price" => Known::Price,
            "variants.compare_at" => Known::CompareAt,
            "variants.stock" => Known::Quantity,
            "variants.weight_grams" => Known::Grams,
            "variants.barcode" => Known::Barcode,
            "variants.image" => Known::VariantImage,
            other => return self.label_of_field(other),
        };
        self.label_of(known)
    }
}

/// What the columns are. Of two that mean the same one would be lost, so there must not be two; those that are passed
/// through get a number.
fn columns(headers: &[&str]) -> Result<Vec<Column>, ReadError> {
    let mut columns: Vec<Column> = Vec::with_capacity(headers.len());
    for (place, header) in headers.iter().enumerate() {
        let mut column = classify(header);
        let first = columns.iter().position(|other| *other == column);
        match (&mut column, first) {
            (Column::Nameless, _) | (_, None) => {}
            (Column::PassedThrough(PassedThrough { name, .. }), Some(_)) => {
                *name = format!("{name} ({})", place.saturating_add(1));
            }
            (_, Some(first)) => {
                let first = headers.get(first).copied().unwrap_or_default();
                let message = format!(
                    "the columns `{}` and `{}` mean the same: leave one of them out",
                    first.trim(),
                    header.trim()
                );
                return Err(ReadError::Format(message));
            }
        }
        columns.push(column);
    }
    for (known, name) in [(Known::Title, "Title"), (Known::Price, "Variant Price")] {
        if !columns.contains(&Column::Known(known)) {
            let message = format!("this is no product CSV of Shopify: it has no column `{name}`");
            return Err(ReadError::Format(message));
        }
    }
    Ok(columns)
}
