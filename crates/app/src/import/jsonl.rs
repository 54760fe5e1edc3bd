//! Reads a catalogue of JSON lines: an object a product, prices in major units, fields that are not known as attributes.
//!
//! Numbers of money are taken from their text: they are never floats on the way.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use tradepost_domain::catalog::{JsonMap, ProductOption};

use super::record::{
    IMPORT_KEY, Labels, MediaRecord, ProductRecord, ReadError, RecordReader, RowError, VariantRecord,
};
use super::source::RECORD_BYTES_MAX;

/// The fields that are understood; all others are attributes, and attributes of these names stand under `attributes`.
pub const FIELDS: &[&str] = &[
    "id",
    "handle",
    "title",
    "description",
    "brand",
    "type",
    "category",
    "tags",
    "status",
    "published",
    "price",
    "prices",
    "compare_at",
    "stock",
    "sku",
    "barcode",
    "weight_grams",
    "tracked",
    "backorder",
    "image",
    "media",
    "options",
    "variants",
    "attributes",
    "metadata",
    "seo",
    "popularity",
    "published_at",
    "translations",
];

/// Reads products from JSON lines.
#[derive(Debug)]
pub struct JsonLinesReader<R> {
    source: BufReader<R>,
    line: u64,
    offset: u64,
    buffer: Vec<u8>,
}

/// The members of an object in the order of the text, their values unread.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members: Vec<(String, &'de RawValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if members.iter().any(|(other, _)| *other == name) {
                        return Err(serde::de::Error::custom(format!("`{name}` is there twice")));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Reads the members of one line into a record, collecting what is wrong.
struct LineParser {
    line: u64,
    errors: Vec<RowError>,
}

impl LineParser {
    fn fail(&mut self, field: &str, expected: &'static str) {
        self.errors.push(RowError::new(self.line, Some(field.to_owned()), "invalid_type", expected));
    }

    fn value<T: DeserializeOwned>(
        &mut self,
        field: &str,
        raw: &RawValue,
        expected: &'static str,
    ) -> Option<T> {
        let value: Option<Option<T>> = serde_json::from_str(raw.get()).ok();
        if value.is_none() {
            self.fail(field, expected);
        }
        value.flatten()
    }

    /// A text; null clears it as an empty text does.
    fn text(&mut self, field: &str, raw: &RawValue) -> String {
        self.value(field, raw, "expected a text").unwrap_or_default()
    }

    /// A number as it is written, or as a text holds it.
    fn number(&mut self, field: &str, raw: &RawValue) -> Option<String> {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'0'..=b'9' | b'-') => Some(text.to_owned()),
            Some(b'"') => self.value(field, raw, "expected a number"),
            Some(b'n') => None,
            _ => {
                self.fail(field, "expected a number");
                None
            }
        }
    }

    fn members<'a>(&mut self, field: &str, raw: &'a RawValue) -> Vec<(String, &'a RawValue)> {
        match serde_json::from_str::<Option<Members<'a>>>(raw.get()) {
            Ok(members) => members.map(|members| members.0).unwrap_or_default(),
            Err(error) => {
                let expected = if raw.get().starts_with('{') {
                    Cow::Owned(reason(&error))
                } else {
                    Cow::Borrowed("expected an object")
                };
                let field = Some(field.to_owned());
                self.errors.push(RowError::new(self.line, field, "invalid_type", expected));
                Vec::new()
            }
        }
    }

    /// Adds the members of an object to a map.
    fn values(&mut self, field: &str, raw: &RawValue, map: &mut JsonMap) {
        for (key, raw) in self.members(field, raw) {
            let value = self.value(&format!("{field}.{key}"), raw, "expected JSON");
            map.insert(key, value.unwrap_or(Value::Null));
        }
    }

    fn items<'a>(&mut self, field: &str, raw: &'a RawValue) -> Vec<&'a RawValue> {
        if let Ok(items) = serde_json::from_str::<Option<Vec<&'a RawValue>>>(raw.get()) {
            items.unwrap_or_default()
        } else {
            self.fail(field, "expected a list");
            Vec::new()
        }
    }

    fn variant_member(
        &mut self,
        variant: &mut VariantRecord,
        path: &str,
        name: &str,
        raw: &RawValue,
    ) -> bool {
        let field = format!("{path}{name}");
        match name {
            "sku" => variant.sku = Some(self.text(&field, raw)),
            "price" => variant.price = self.number(&field, raw),
            "compare_at" => variant.compare_at = Some(self.number(&field, raw).unwrap_or_default()),
            "prices" => {
                for (code, raw) in self.members(&field, raw) {
                    let field = format!("{field}.{code}");
                    let (mut price, mut compare_at) = (None, None);
                    for (name, raw) in self.members(&field, raw) {
                        let place = format!("{field}.{name}");
                        match name.as_str() {
                            "price" => price = self.number(&place, raw),
                            "compare_at" => compare_at = self.number(&place, raw),
                            _ => self.fail(&place, "expected `price` and `compare_at`"),
                        }
                    }
                    variant.prices.push((code, price.unwrap_or_default(), compare_at));
                }
            }
            "stock" => variant.stock = self.number(&field, raw),
            "weight_grams" => {
                variant.weight = Some((self.number(&field, raw).unwrap_or_default(), "g".to_owned()));
            }
            "barcode" => variant.barcode = Some(self.text(&field, raw)),
            "tracked" => variant.tracked = self.value(&field, raw, "expected true or false"),
            "backorder" => variant.backorder = self.value(&field, raw, "expected true or false"),
            _ => return false,
        }
        true
    }

    fn variant(&mut self, index: usize, raw: &RawValue) -> VariantRecord {
        let path = format!("variants[{index}].");
        let mut variant = VariantRecord { line: self.line, ..VariantRecord::default() };
        for (name, raw) in self.members(path.trim_end_matches('.'), raw) {
            if self.variant_member(&mut variant, &path, &name, raw) {
                continue;
            }
            let field = format!("{path}{name}");
            match name.as_str() {
                "options" => {
                    for (option, raw) in self.members(&field, raw) {
                        let value = self.text(&format!("{field}.{option}"), raw);
                        variant.options.push((option, value));
                    }
                }
                "image" => variant.image = Some(self.text(&field, raw)),
                "metadata" => {
                    variant.metadata = self.value(&field, raw, "expected an object").unwrap_or_default();
                }
                // An id of the file's own, or a field of a later version: kept, not understood.
                _ => {
                    if let Some(value) = self.value(&field, raw, "expected JSON") {
                        variant.metadata.insert(name, value);
                    }
                }
            }
        }
        variant
    }

    fn media(&mut self, raw: &RawValue) -> Vec<MediaRecord> {
        let mut media = Vec::new();
        for (index, raw) in self.items("media", raw).into_iter().enumerate() {
            let field = format!("media[{index}]");
            let mut found = MediaRecord { line: self.line, ..MediaRecord::default() };
            if raw.get().starts_with('"') {
                found.url = self.text(&field, raw);
            } else {
                for (name, raw) in self.members(&field, raw) {
                    let text = self.text(&format!("{field}.{name}"), raw);
                    match name.as_str() {
                        "url" => found.url = text,
                        "alt" => found.alt = text,
                        _ => self.fail(&format!("{field}.{name}"), "expected `url` and `alt`"),
                    }
                }
            }
            media.push(found);
        }
        media
    }

    fn member(&mut self, record: &mut ProductRecord, own: &mut VariantRecord, name: String, raw: &RawValue) {
        match name.as_str() {
            "handle" => record.handle = Some(self.text(&name, raw)).filter(|text| !text.is_empty()),
            "title" => record.title = Some(self.text(&name, raw)),
            "description" => record.description = Some(self.text(&name, raw)),
            "brand" => record.brand = Some(self.text(&name, raw)),
            "type" => record.product_type = Some(self.text(&name, raw)),
            "category" => record.category = Some(self.category(raw)),
            "tags" => {
                record.tags = Some(self.value(&name, raw, "expected a list of texts").unwrap_or_default());
            }
            "status" => record.status = Some(self.text(&name, raw)),
            "published" => {
                let published: Option<bool> = self.value(&name, raw, "expected true or false");
                record.published = published.map(|published| published.to_string());
            }
            "id" | "image" => {
                let text = self.text(&name, raw);
                if text.is_empty() {
                    return;
                }
                if name == "id" {
                    let kept =
                        record.metadata.entry(IMPORT_KEY).or_insert_with(|| Value::Object(JsonMap::new()));
                    kept.as_object_mut().map(|kept| kept.insert(name, Value::from(text)));
                } else if record.media.is_none() {
                    let media = MediaRecord { line: self.line, url: text, alt: String::new() };
                    record.media = Some(vec![media]);
                }
            }
            "media" => record.media = Some(self.media(raw)),
            "options" => {
                let options: Option<Vec<ProductOption>> =
                    self.value(&name, raw, "expected a list of `{name, values}`");
                record.options = options
                    .map(|options| options.into_iter().map(|option| (option.name, option.values)).collect());
            }
            "variants" => {
                record.lists_variants = true;
                let items = self.items(&name, raw).into_iter().enumerate();
                record.variants = items.map(|(index, raw)| self.variant(index, raw)).collect();
            }
            "attributes" => self.values(&name, raw, &mut record.attributes),
            "metadata" => self.values(&name, raw, &mut record.metadata),
            "seo" => {
                for (name, raw) in self.members("seo", raw) {
                    let text = Some(self.text(&format!("seo.{name}"), raw));
                    match name.as_str() {
                        "title" => record.seo_title = text,
                        "description" => record.seo_description = text,
                        _ => self.fail(&format!("seo.{name}"), "expected `title` and `description`"),
                    }
                }
            }
            "translations" => {
                record.translations = self.value(&name, raw, "expected an object").unwrap_or_default();
            }
            "published_at" => {
                record.published_at = Some(self.text(&name, raw)).filter(|text| !text.is_empty());
            }
            "popularity" => record.popularity = self.number(&name, raw),
            _ if self.variant_member(own, "", &name, raw) => {}
            _ => {
                // Null says that there is no such attribute.
                let value = self.value(&name, raw, "expected JSON").unwrap_or(Value::Null);
                record.attributes.insert(name, value);
            }
        }
    }

    fn category(&mut self, raw: &RawValue) -> Vec<String> {
        if raw.get().starts_with('"') {
            let path = self.text("category", raw);
            return path
                .split('>')
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty())
                .collect();
        }
        self.value("category", raw, "expected a list of names from the root").unwrap_or_default()
    }

    fn record(mut self, members: Members<'_>) -> ProductRecord {
        let mut record = ProductRecord { line: self.line, ..ProductRecord::default() };
        let mut own = VariantRecord { line: self.line, ..VariantRecord::default() };
        for (name, raw) in members.0 {
            self.member(&mut record, &mut own, name, raw);
        }
        if record.lists_variants {
            // The price of the product stands for variants that tell none.
            for variant in &mut record.variants {
                if variant.price.is_none() && variant.prices.is_empty() {
                    variant.price.clone_from(&own.price);
                }
            }
        } else {
            record.variants.push(own);
        }
        record.errors = self.errors;
        record
    }
}

impl<R: Read> JsonLinesReader<R> {
    /// Begins at the first line.
    pub fn new(source: R) -> Self {
        Self { source: BufReader::with_capacity(64 * 1024, source), line: 0, offset: 0, buffer: Vec::new() }
    }

    /// Reads a line into the buffer; `false` at the end. Of a line that is too long only the beginning is kept.
    fn read_line(&mut self) -> Result<bool, ReadError> {
        self.buffer.clear();
        let limit = RECORD_BYTES_MAX.saturating_add(1);
        let mut count = (&mut self.source).take(limit).read_until(b'\n', &mut self.buffer)?;
        self.offset = self.offset.saturating_add(u64::try_from(count).unwrap_or(0));
        if count == 0 {
            return Ok(false);
        }
        self.line = self.line.saturating_add(1);
        let too_long = u64::try_from(count).unwrap_or(u64::MAX) == limit;
        let mut rest = Vec::new();
        while too_long && count > 0 && rest.last() != Some(&b'\n') {
            rest.clear();
            count = (&mut self.source).take(64 * 1024).read_until(b'\n', &mut rest)?;
            self.offset = self.offset.saturating_add(u64::try_from(count).unwrap_or(0));
        }
        Ok(true)
    }

    fn parse(&self) -> Result<ProductRecord, RowError> {
        let failed = |column, code, message: String| RowError::new(self.line, column, code, message);
        if u64::try_from(self.buffer.len()).unwrap_or(u64::MAX) > RECORD_BYTES_MAX {
            return Err(failed(
                None,
                "line_too_long",
                format!("a line has at most {RECORD_BYTES_MAX} bytes"),
            ));
        }
        let text = std::str::from_utf8(&self.buffer).map_err(|error| {
            failed(None, "invalid_utf8", format!("the text is not UTF-8 at byte {}", error.valid_up_to()))
        })?;
        let text = text.trim_start_matches('\u{feff}').trim_end();
        let members = serde_json::from_str(text).map_err(|error| {
            let reason = if text.contains("}\r") {
                "lines end with LF or CR LF, not with CR alone".to_owned()
            } else {
                reason(&error)
            };
            failed(Some(error.column().to_string()), "invalid_json", reason)
        })?;
        Ok(LineParser { line: self.line, errors: Vec::new() }.record(members))
    }
}

/// What is wrong with a text, without the place in it: a line of the file has its own.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}

/// Fields are called by their path.
#[derive(Debug)]
struct JsonLabels;

impl Labels for JsonLabels {
    fn label(&self, field: &str, index: Option<usize>) -> String {
        match (field.split_once('.'), index) {
            (Some((list, rest)), Some(index)) => format!("{list}[{index}].{rest}"),
            _ => field.to_owned(),
        }
    }
}

impl<R: Read> RecordReader for JsonLinesReader<R> {
    fn labels(&self) -> std::sync::Arc<dyn Labels> {
        std::sync::Arc::new(JsonLabels)
    }

    fn next_record(&mut self) -> Result<Option<ProductRecord>, ReadError> {
        while self.read_line()? {
            if self.buffer.trim_ascii().is_empty() {
                continue;
            }
            return Ok(Some(self.parse().unwrap_or_else(|error| ProductRecord {
                line: self.line,
                errors: vec![error],
                ..ProductRecord::default()
            })));
        }
        Ok(None)
    }

    fn byte_offset(&self) -> u64 {
        self.offset
    }
}
