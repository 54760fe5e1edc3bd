//! The formats of catalogues, and how to tell them apart.

use std::io::Read;

use super::record::ReadError;
use super::source::ImportSource;

/// A format of catalogues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub enum Format {
    /// Shopify's product CSV.
    #[serde(rename = "shopify-csv")]
    ShopifyCsv,
    /// An object a product, one a line.
    #[serde(rename = "jsonl")]
    JsonLines,
}

impl Format {
    /// The word on the command line, in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ShopifyCsv => "shopify-csv",
            Self::JsonLines => "jsonl",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::ShopifyCsv, Self::JsonLines].into_iter().find(|format| format.as_str() == word)
    }

    /// By the ending of the name, else by the first sign of the content: no CSV of products begins with `{`.
    pub fn detect(source: &dyn ImportSource) -> Result<Self, ReadError> {
        let name = source.name().to_lowercase();
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("csv") => return Ok(Self::ShopifyCsv),
            Some("jsonl" | "ndjson" | "json") => return Ok(Self::JsonLines),
            _ => {}
        }
        let mut beginning = Vec::new();
        source.open()?.take(4_096).read_to_end(&mut beginning)?;
        let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&beginning).trim_ascii_start();
        Ok(if text.starts_with(b"{") { Self::JsonLines } else { Self::ShopifyCsv })
    }
}
