//! Configuration of search: in the memory of each process, or on a server.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tradepost_port::search::ShelfMaker;
use tradepost_search::embedded::EmbeddedShelves;
use tradepost_search::opensearch::{OpenSearchError, OpenSearchShelves, Settings};

use super::{ConfigError, Layers};

/// Where search stands.
#[derive(Clone, Debug)]
pub struct SearchConfig {
    /// The server; `None` for the memory of each process.
    opensearch: Option<OpenSearchShelves>,
}

/// The same as it stands in the file.
#[derive(Deserialize)]
pub(super) struct RawOpenSearch {
    url: SecretString,
    prefix: String,
    authorities_file: String,
    search_timeout_milliseconds: u64,
    searches_at_once: usize,
}

impl SearchConfig {
    /// Checks what is in force; the server is not asked anything.
    pub(super) fn read(layers: &Layers, raw: &RawOpenSearch) -> Result<Self, ConfigError> {
        let url = raw.url.expose_secret();
        if url.is_empty() {
            return Ok(Self { opensearch: None });
        }
        let refused =
            |error: OpenSearchError| layers.invalid("opensearch.url", format!("is refused: {error}"));
        let authorities = (!raw.authorities_file.is_empty())
            .then(|| std::fs::read_to_string(&raw.authorities_file))
            .transpose()
            .map_err(|error| {
                layers.invalid("opensearch.authorities_file", format!("cannot be read: {error}"))
            })?;
        let settings = Settings {
            prefix: raw.prefix.clone(),
            authorities,
            search_timeout_ms: raw.search_timeout_milliseconds,
            ..Settings::read(url).map_err(refused)?
        };
        let shelves = OpenSearchShelves::new(settings, raw.searches_at_once).map_err(refused)?;
        Ok(Self { opensearch: Some(shelves) })
    }

    /// What makes the shelves of the shop.
    pub fn shelves(&self) -> Arc<dyn ShelfMaker> {
        match &self.opensearch {
            Some(shelves) => Arc::new(shelves.clone()),
            None => Arc::new(EmbeddedShelves),
        }
    }
}
