//! Shelves over indexes on a server, one for each channel and locale, that all processes of a shop stand on.
//!
//! What is in the process is what was learnt and what is suggested; the products are on the server. Whoever begins a shelf compares the
//! versions that the index has with the rows: a restart writes only what nobody wrote meanwhile.

use std::collections::HashMap;
use std::sync::Arc;

use tradepost_domain::kernel::ids::EntityId;
use tradepost_port::BoxFuture;
use tradepost_port::search::{IndexLook, SearchError, ShelfFilling, ShelfMaker, ShelfName, WriterSeat};

use super::client::{OpenSearchError, Server, Settings};
use super::shared::{CHECK_TIME, SharedIndex, in_time};
use super::{OpenSearch, layout};
use crate::filling::Filling;

/// Makes shelves on a server.
#[derive(Debug, Clone)]
pub struct OpenSearchShelves {
    server: Server,
    settings: Settings,
    searches_at_once: usize,
}

impl OpenSearchShelves {
    /// On the server of the settings, which is not asked anything yet; it is asked so many searches at once at most.
    ///
    /// # Errors
    /// When the settings are not right.
    pub fn new(settings: Settings, searches_at_once: usize) -> Result<Self, OpenSearchError> {
        if !layout::is_name(&settings.prefix) {
            return Err(OpenSearchError::Settings(format!(
                "`{}` begins no name of an index",
                settings.prefix
            )));
        }
        Ok(Self { server: Server::new(&settings)?, settings, searches_at_once })
    }

    fn index(&self, name: &ShelfName) -> Result<OpenSearch, OpenSearchError> {
        let locale = name.locale.as_str().to_lowercase();
        let name = format!("{locale}-{}", name.channel_id.as_uuid().simple());
        OpenSearch::behind(self.server.clone(), self.settings.clone(), &name)
    }

    async fn fill(
        &self,
        name: &ShelfName,
        generation: i64,
        seat: Arc<dyn WriterSeat>,
    ) -> Result<Filling, OpenSearchError> {
        let index = self.index(name)?;
        let number = u64::try_from(generation).unwrap_or_default();
        let current = in_time(CHECK_TIME, index.number()).await?;
        let is_good = current.is_some_and(|current| current >= number);
        let (shared, held) = if !is_good && seat.take().await {
            (SharedIndex::new(index.begin_number(number).await?, seat, true), HashMap::new())
        } else if current.is_some() {
            index.refresh().await?;
            let held = index.versions().await?;
            (SharedIndex::new(index, seat, false), held)
        } else {
            return Err(OpenSearchError::Away(
                "another process makes the index, and has not filled it yet".into(),
            ));
        };
        shared.note_identity().await?;
        Ok(Filling::over(name, Arc::new(shared), held))
    }
}

impl ShelfMaker for OpenSearchShelves {
    fn begin<'a>(
        &'a self,
        name: &'a ShelfName,
        generation: i64,
        seat: Arc<dyn WriterSeat>,
    ) -> BoxFuture<'a, Result<Box<dyn ShelfFilling>, SearchError>> {
        Box::pin(async move {
            let filling: Box<dyn ShelfFilling> = Box::new(self.fill(name, generation, seat).await?);
            Ok(filling)
        })
    }

    fn searches_at_once(&self) -> usize {
        self.searches_at_once
    }

    fn look<'a>(&'a self, name: &'a ShelfName) -> BoxFuture<'a, Result<Option<IndexLook>, SearchError>> {
        Box::pin(async move { Ok(Some(self.index(name)?.look().await?)) })
    }
}
