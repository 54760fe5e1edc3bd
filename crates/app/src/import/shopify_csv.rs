//! Reads Shopify's product CSV as it is found in the wild: headers in any case and order, products over several rows,
//! rows that hold nothing but a picture, CRLF or LF, quoted line ends, a byte order mark.
//!
//! What the rows mean: <https://help.shopify.com/en/manual/products/import-export/using-csv>.

use std::io::Read;
use std::sync::Arc;

use csv::{ByteRecord, StringRecord};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use tradepost_domain::catalog::JsonMap;

use super::columns::{Column, Known};
use super::members::MemberParser;
use super::record::{
    Labels, MediaRecord, NameRecord, ProductRecord, ReadError, RecordReader, RowError, SHOPIFY_KEY,
    VariantRecord,
};
use super::shopify_cells::{beginnings, is_too_large, line_ends, none_below_zero, with_point};
use super::shopify_header::Headers;
use super::source::{Budgeted, RECORD_BYTES_MAX};
use crate::export::formula::unescape;

/// Rows of one product: all variants and all pictures in rows of their own, and some.
const ROWS_MAX: usize = 1_000;

/// One row of the file.
#[derive(Debug)]
struct Row {
    line: u64,
    /// Bytes up to its end.
    end: u64,
    cells: StringRecord,
    error: Option<RowError>,
}

/// Reads products from a CSV.
#[derive(Debug)]
pub struct ShopifyCsvReader<R> {
    csv: csv::Reader<Budgeted<R>>,
    columns: Vec<Column>,
    labels: Arc<Headers>,
    passed_through: Arc<[String]>,
    ahead: Option<Row>,
    offset: u64,
    /// Whether numbers have a decimal comma: where commas stand in numbers, semicolons separate columns.
    decimal_comma: bool,
}

impl<R: Read> ShopifyCsvReader<R> {
    /// Reads the header.
    pub fn new(source: R, separator: u8) -> Result<Self, ReadError> {
        let mut csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .delimiter(separator)
            .flexible(true)
            .buffer_capacity(64 * 1024)
            .from_reader(Budgeted::new(source, separator));
        let mut header = ByteRecord::new();
        csv.read_byte_record(&mut header).map_err(read_error)?;
        if csv.get_mut().take_cut().is_some() {
            let message = format!("the header has more than {RECORD_BYTES_MAX} bytes");
            return Err(ReadError::Format(message));
        }
        let header = StringRecord::from_byte_record(header)
            .map_err(|_| ReadError::Format("the header is not UTF-8".to_owned()))?;
        let headers = Headers::read(&header)?;
        let columns = headers.columns.clone();
        let offset = csv.position().byte();
        let passed_through = columns.iter().filter_map(|column| match column {
            Column::PassedThrough(passed) => Some(passed.name.clone()),
            _ => None,
        });
        let passed_through = passed_through.collect();
        let labels = Arc::new(headers);
        let decimal_comma = separator == b';';
        let mut reader = Self { csv, columns, labels, passed_through, ahead: None, offset, decimal_comma };
        reader.csv.get_mut().line_of_record(offset, 0);
        reader.ahead = reader.read_row()?;
        Ok(reader)
    }

    fn read_row(&mut self) -> Result<Option<Row>, ReadError> {
        let mut bytes = ByteRecord::new();
        self.csv.get_mut().refill();
        if !self.csv.read_byte_record(&mut bytes).map_err(read_error)? {
            return Ok(None);
        }
        let end = self.csv.position().byte();
        let cut = self.csv.get_mut().take_cut();
        let (unclosed, stray) = self.csv.get_mut().quotes_of_record(end);
        let inside: u64 = bytes.iter().map(line_ends).sum();
        // The last line end of a cell that is not closed would be counted as the row's, too.
        let last = bytes.iter().next_back().unwrap_or_default().last();
        let both = unclosed && matches!(last, Some(b'\n' | b'\r'));
        let line = self.csv.get_mut().line_of_record(end, inside.saturating_sub(u64::from(both)));
        let line = cut.unwrap_or(line);
        let mut error = match cut {
            Some(line) => Some(self.cut_row(&bytes, line)),
            None => self.misshapen(&bytes, line, (unclosed, stray)),
        };
        if cut.is_some() {
            bytes = beginnings(&bytes);
        }
        let cells = match StringRecord::from_byte_record(bytes) {
            Ok(cells) => cells,
            Err(failure) => {
                let column = self.labels.names.get(failure.utf8_error().field()).cloned();
                let not_utf8 = || RowError::new(line, column, "invalid_utf8", "the text is not UTF-8");
                error = if cut.is_some() { error } else { Some(not_utf8()) };
                StringRecord::from_byte_record_lossy(failure.into_byte_record())
            }
        };
        let end = self.csv.get_ref().offset(end);
        Ok(Some(Row { line, end, cells, error }))
    }

    /// That a row is too long, and in which cell that was found.
    fn cut_row(&self, cells: &ByteRecord, line: u64) -> RowError {
        let column = self.labels.names.get(cells.len().saturating_sub(1)).cloned();
        let message =
            format!("the row has more than {RECORD_BYTES_MAX} bytes: is a quotation mark not closed?");
        RowError::new(line, column, "row_too_long", message)
    }

    /// What is wrong with the form of a row.
    fn misshapen(
        &self,
        cells: &ByteRecord,
        line: u64,
        (unclosed, stray): (bool, Option<usize>),
    ) -> Option<RowError> {
        if unclosed {
            let column = self.labels.names.get(cells.len().saturating_sub(1)).cloned();
            let message =
                "a quotation mark is opened here and never closed: all that follows was read as one cell";
            return Some(RowError::new(line, column, "unclosed_quote", message));
        }
        if let Some(place) = stray {
            let swallowing = cells.iter().position(|cell| line_ends(cell) > 0);
            let column = self.labels.names.get(swallowing.unwrap_or(place)).cloned();
            let message = match swallowing {
                Some(_) => {
                    "a quotation mark is missing or one too many here: the rows up to the next one were read as one cell"
                }
                None => {
                    "text follows the quotation mark that closes this cell: write a mark within a cell twice"
                }
            };
            return Some(RowError::new(line, column, "stray_quote", message));
        }
        if cells.len() == self.columns.len() {
            return None;
        }
        let message = format!("the row has {} columns, the header {}", cells.len(), self.columns.len());
        Some(RowError::new(line, None, "wrong_column_count", message))
    }

    fn raw_cell<'a>(&self, row: &'a Row, known: Known) -> Option<&'a str> {
        let place = self.columns.iter().position(|column| *column == Column::Known(known))?;
        Some(unescape(row.cells.get(place).unwrap_or_default()))
    }

    fn cell<'a>(&self, row: &'a Row, known: Known) -> Option<&'a str> {
        self.raw_cell(row, known).map(str::trim)
    }

    /// A cell that is there and holds something.
    fn filled<'a>(&self, row: &'a Row, known: Known) -> Option<&'a str> {
        self.cell(row, known).filter(|text| !text.is_empty())
    }

    fn continues(&self, first: &Row, row: &Row) -> bool {
        match (self.filled(first, Known::Handle), self.filled(row, Known::Handle)) {
            (Some(left), Some(right)) => left == right,
            // Without handles a title begins a product.
            _ => self.filled(row, Known::Handle).is_none() && self.filled(row, Known::Title).is_none(),
        }
    }

    fn record(&self, mut rows: Vec<Row>) -> ProductRecord {
        let media = self.media(&rows);
        let lead = self.lead(&rows);
        if let Some(above) = rows.get_mut(..=lead) {
            above.rotate_right(1);
        }
        let rows = rows.as_slice();
        let Some(first) = rows.first() else { return ProductRecord::default() };
        let text = |known| self.cell(first, known).map(str::to_owned);
        let mut record = ProductRecord {
            line: first.line,
            handle: self.filled(first, Known::Handle).map(str::to_owned),
            title: text(Known::Title),
            description: self.raw_cell(first, Known::Body).map(str::to_owned),
            brand: text(Known::Vendor).map(NameRecord::from),
            product_type: text(Known::Type).map(NameRecord::from),
            category: self
                .cell(first, Known::Category)
                .map(|path| split(path, '>').map(Into::into).collect()),
            tags: self.cell(first, Known::Tags).map(|tags| split(tags, ',').collect()),
            status: text(Known::Status),
            published: text(Known::Published),
            lists_variants: true,
            columns: Arc::clone(&self.passed_through),
            seo_title: text(Known::SeoTitle),
            seo_description: text(Known::SeoDescription),
            media: self.cell(first, Known::ImageSrc).map(|_| media),
            ..ProductRecord::default()
        };
        self.read_fields(first, &mut record);
        self.read_variants(rows, &mut record);
        self.pass_through(first, rows, &mut record);
        record.errors.extend(rows.iter().filter_map(|row| row.error.clone()));
        if rows.len() > ROWS_MAX {
            let message = format!("a product has at most {ROWS_MAX} rows");
            record.errors.push(RowError::new(first.line, None, "too_many_rows", message));
        }
        record
    }

    /// The row of the product itself: the first one, or the first with a title where only pictures stand above it.
    fn lead(&self, rows: &[Row]) -> usize {
        let titled = rows.iter().position(|row| self.filled(row, Known::Title).is_some()).unwrap_or(0);
        let pictures = |row: &Row| !self.holds_variant(row) && self.filled(row, Known::ImageSrc).is_some();
        if rows.iter().take(titled).all(pictures) { titled } else { 0 }
    }

    /// Whether a row holds a variant, not only a picture. The product's own always does.
    fn is_variant(&self, place: usize, row: &Row) -> bool {
        place == 0 || self.holds_variant(row)
    }

    fn holds_variant(&self, row: &Row) -> bool {
        let columns = [Known::OptionValue(0), Known::Sku, Known::Price];
        columns.into_iter().any(|known| self.filled(row, known).is_some())
    }

    fn media(&self, rows: &[Row]) -> Vec<MediaRecord> {
        let mut found: Vec<(u64, MediaRecord)> = Vec::new();
        for row in rows {
            let Some(url) = self.filled(row, Known::ImageSrc) else { continue };
            if found.iter().any(|(_, media)| media.url == url) {
                continue;
            }
            let position = self.cell(row, Known::ImagePosition).and_then(|text| text.parse().ok());
            let alt = self.cell(row, Known::ImageAlt).unwrap_or_default().to_owned();
            found.push((
                position.unwrap_or(u64::MAX),
                MediaRecord { line: row.line, url: url.to_owned(), alt },
            ));
        }
        // Stable: pictures without a position keep the order of their rows, behind the others.
        found.sort_by_key(|(position, _)| *position);
        found.into_iter().map(|(_, media)| media).collect()
    }

    /// Fields that stand in the form of JSON lines.
    fn read_fields(&self, first: &Row, record: &mut ProductRecord) {
        let mut own = VariantRecord::default();
        for (place, column) in self.columns.iter().enumerate() {
            let Column::ProductField(field) = column else { continue };
            let mut parser = MemberParser::new(first.line);
            // Where nothing is told in another column, nothing here says that there is nothing.
            let cleared = matches!(*field, "categories" | "channels" | "collections" | "publish_at");
            if let Some(json) = json_cell(first, place, cleared) {
                parser.member(record, &mut own, (*field).into(), &json);
            }
            record.errors.extend(self.labelled(place, parser));
        }
    }

    fn read_variant_fields(&self, row: &Row, variant: &mut VariantRecord, errors: &mut Vec<RowError>) {
        for (place, column) in self.columns.iter().enumerate() {
            let Column::VariantField(field) = column else { continue };
            let mut parser = MemberParser::new(row.line);
            if let Some(json) = json_cell(row, place, false) {
                parser.variant_member(variant, &"", field, &json);
            }
            errors.extend(self.labelled(place, parser));
        }
    }

    /// The errors of one cell, by the name of its column.
    fn labelled(&self, place: usize, parser: MemberParser) -> impl Iterator<Item = RowError> {
        let column = self.labels.names.get(place).cloned();
        parser.errors.into_iter().map(move |error| RowError { column: column.clone(), ..error })
    }

    /// Variants with their options, whose names stand in the first row alone.
    fn read_variants(&self, rows: &[Row], record: &mut ProductRecord) {
        let Some(first) = rows.first() else { return };
        let names: Vec<&str> =
            (0..3).map(|number| self.cell(first, Known::OptionName(number)).unwrap_or_default()).collect();
        record.errors.extend(self.doubled_options(first, &names));
        for (place, row) in rows.iter().enumerate() {
            if !self.is_variant(place, row) {
                continue;
            }
            record.errors.extend(self.renamed_options(row, &names));
            let mut variant = self.variant(row);
            self.read_variant_fields(row, &mut variant, &mut record.errors);
            for (number, name) in names.iter().enumerate() {
                let value = self.cell(row, Known::OptionValue(number)).unwrap_or_default();
                let unnamed_default =
                    value == "Default Title" && matches!(*name, "" | "Title") && record.options.is_none();
                if value.is_empty() && name.is_empty() || unnamed_default {
                    continue;
                }
                let failed = |known, code, message: &'static str| {
                    RowError::new(row.line, Some(self.labels.label_of(known)), code, message)
                };
                if name.is_empty() {
                    let error = failed(
                        Known::OptionName(number),
                        "option_name_missing",
                        "the option has a value and no name",
                    );
                    record.errors.push(error);
                } else if value.is_empty() {
                    let error = failed(
                        Known::OptionValue(number),
                        "option_value_missing",
                        "the variant has no value for this option",
                    );
                    record.errors.push(error);
                } else {
                    variant.options.push(((*name).to_owned(), value.to_owned()));
                }
            }
            record.variants.push(variant);
        }
    }

    /// Options of one name: a variant has one value of each, so the second one's would get lost.
    fn doubled_options(&self, first: &Row, names: &[&str]) -> Vec<RowError> {
        let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let doubled = lower.iter().enumerate().filter(|(number, name)| {
            !name.is_empty() && lower.iter().take(*number).any(|earlier| earlier == *name)
        });
        let told = doubled.map(|(number, _)| {
            let column = self.labels.label_of(Known::OptionName(number));
            RowError::new(first.line, Some(column), "duplicate_option", "the option is there twice")
        });
        told.collect()
    }

    /// Options that a row calls otherwise than the first one does.
    fn renamed_options(&self, row: &Row, names: &[&str]) -> Vec<RowError> {
        let renamed = names.iter().enumerate().filter_map(|(number, first)| {
            let known = Known::OptionName(number);
            let name = self.filled(row, known).filter(|name| name.to_lowercase() != first.to_lowercase())?;
            let message =
                format!("the first row of the product calls this option `{first}`, this one `{name}`");
            Some(RowError::new(row.line, Some(self.labels.label_of(known)), "option_name_changed", message))
        });
        renamed.collect()
    }

    fn variant(&self, row: &Row) -> VariantRecord {
        let text = |known| self.cell(row, known).map(str::to_owned);
        let number = |text: &str| if self.decimal_comma { with_point(text) } else { text.to_owned() };
        let grams = self.cell(row, Known::Grams).map(|grams| (number(grams), "g".to_owned()));
        let weighed = || {
            let unit = self.columns.iter().position(|column| {
                matches!(column, Column::PassedThrough(passed) if passed.name == "Variant Weight Unit")
            });
            let unit = unit.and_then(|place| row.cells.get(place)).map(|unit| unit.trim().to_lowercase());
            let unit = unit.filter(|unit| !unit.is_empty()).unwrap_or_else(|| "g".to_owned());
            self.cell(row, Known::Weight).map(|weight| (number(weight), unit))
        };
        VariantRecord {
            line: row.line,
            sku: text(Known::Sku),
            options: Vec::new(),
            price: self.filled(row, Known::Price).map(number),
            compare_at: self.cell(row, Known::CompareAt).map(number),
            prices: Vec::new(),
            stock: self.cell(row, Known::Quantity).map(none_below_zero),
            weight: grams.filter(|(grams, _)| !grams.is_empty()).or_else(weighed),
            barcode: text(Known::Barcode),
            tracked: self.cell(row, Known::Tracker).map(|tracker| !tracker.is_empty()),
            backorder: self.cell(row, Known::Policy).map(|policy| policy.eq_ignore_ascii_case("continue")),
            requires_shipping: self
                .filled(row, Known::RequiresShipping)
                .map(|sent| !["false", "no", "0"].iter().any(|word| sent.eq_ignore_ascii_case(word))),
            image: text(Known::VariantImage),
            metadata: JsonMap::new(),
        }
    }

    /// Keeps the columns that are not interpreted, and reads attributes.
    fn pass_through(&self, first: &Row, rows: &[Row], record: &mut ProductRecord) {
        let variant_rows: Vec<&Row> = rows
            .iter()
            .enumerate()
            .filter(|(place, row)| self.is_variant(*place, row))
            .map(|(_, row)| row)
            .collect();
        let mut of_product = JsonMap::new();
        let mut of_variants = vec![JsonMap::new(); variant_rows.len()];
        for (place, column) in self.columns.iter().enumerate() {
            match column {
                Column::Attribute(key) => {
                    let cell = unescape(first.cells.get(place).unwrap_or_default());
                    if !cell.is_empty() {
                        // What reads as JSON is meant as JSON; exports write other texts as they are.
                        let value = serde_json::from_str(cell).unwrap_or_else(|_| Value::from(cell));
                        record.attributes.insert(key.clone(), value);
                    }
                }
                Column::PassedThrough(passed) => {
                    for (number, (row, kept)) in variant_rows.iter().zip(&mut of_variants).enumerate() {
                        let cell = unescape(row.cells.get(place).unwrap_or_default());
                        let usual = if passed.of_variant || number == 0 { passed.usual } else { "" };
                        if cell == usual {
                            continue;
                        }
                        let kept = if passed.of_variant || number > 0 { kept } else { &mut of_product };
                        kept.insert(passed.name.clone(), Value::from(cell));
                    }
                }
                Column::Known(_) | Column::ProductField(_) | Column::VariantField(_) | Column::Nameless => {}
            }
        }
        keep(&mut record.metadata, of_product);
        for (variant, kept) in record.variants.iter_mut().zip(of_variants) {
            keep(&mut variant.metadata, kept);
        }
    }
}

/// Keeps columns beside what the metadata tells of them itself.
fn keep(metadata: &mut JsonMap, columns: JsonMap) {
    let kept = metadata.entry(SHOPIFY_KEY).or_insert_with(|| Value::Object(JsonMap::new()));
    if let Some(kept) = kept.as_object_mut() {
        kept.extend(columns);
    }
}

/// What a cell holds, in JSON; a text that does not read as JSON stands for itself.
fn json_cell(row: &Row, place: usize, cleared: bool) -> Option<Box<RawValue>> {
    let cell = unescape(row.cells.get(place).unwrap_or_default()).trim();
    if cell.is_empty() {
        return cleared.then(|| RawValue::NULL.to_owned());
    }
    serde_json::from_str(cell).or_else(|_| to_raw_value(cell)).ok()
}

fn read_error(error: csv::Error) -> ReadError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => ReadError::Io(error),
        _ => ReadError::Format("the file cannot be read as CSV".to_owned()),
    }
}

fn split(text: &str, separator: char) -> impl Iterator<Item = String> {
    text.split(separator).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned)
}

impl<R: Read> RecordReader for ShopifyCsvReader<R> {
    fn labels(&self) -> Arc<dyn Labels> {
        Arc::<Headers>::clone(&self.labels)
    }

    fn next_record(&mut self) -> Result<Option<ProductRecord>, ReadError> {
        let Some(first) = self.ahead.take() else { return Ok(None) };
        let mut size = first.cells.as_slice().len();
        let mut rows = vec![first];
        while let Some(mut row) = self.read_row()? {
            let Some(first) = rows.first() else { break };
            if !self.continues(first, &row) {
                self.ahead = Some(row);
                break;
            }
            // One row too many is kept as the sign that there were too many; the rest of them goes by.
            if rows.len() <= ROWS_MAX {
                let before = size;
                size = size.saturating_add(row.cells.as_slice().len());
                if is_too_large(size) {
                    row.cells = StringRecord::from_byte_record_lossy(beginnings(row.cells.as_byte_record()));
                }
                if is_too_large(size) && !is_too_large(before) {
                    let message = format!("a product has at most {RECORD_BYTES_MAX} bytes in all its rows");
                    row.error = Some(RowError::new(row.line, None, "product_too_large", message));
                }
                rows.push(row);
            }
        }
        let end = rows.last().map_or(self.offset, |row| row.end);
        let read = self.csv.position().byte();
        self.offset = if self.ahead.is_none() { self.csv.get_ref().offset(read) } else { end };
        Ok(Some(self.record(rows)))
    }

    fn byte_offset(&self) -> u64 {
        self.offset
    }
}
