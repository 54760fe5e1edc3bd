//! Shelves over the embedded engine, in the memory of the process.

use std::sync::Arc;

use tradepost_port::BoxFuture;
use tradepost_port::search::{
    CatalogSearch, Change, SearchDocument, SearchEngine, SearchError, ShelfFilling, ShelfMaker, ShelfName,
};

use crate::engine::Engine;
use crate::knowledge::Knowledge;
use crate::shelf::Shelf;

/// Makes shelves in memory. They are gone with the process, and filled anew from the database by the next.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmbeddedShelves;

impl ShelfMaker for EmbeddedShelves {
    fn begin(&self, name: &ShelfName) -> Result<Box<dyn ShelfFilling>, SearchError> {
        let engine = Arc::new(Engine::in_memory()?);
        let learning = Learning { knowledge: Knowledge::of(&name.locale), engine };
        Ok(Box::new(Filling { price_exponent: name.price_exponent, stage: Stage::Learning(learning) }))
    }
}

struct Filling {
    price_exponent: u32,
    stage: Stage,
}

enum Stage {
    Learning(Learning),
    Putting(Shelf),
    /// Between the two; nobody sees it.
    Turning,
}

struct Learning {
    knowledge: Knowledge,
    engine: Arc<dyn SearchEngine>,
}

impl Filling {
    /// The shelf over what was learnt.
    fn shelf(&mut self) -> Result<&Shelf, SearchError> {
        let turned = match std::mem::replace(&mut self.stage, Stage::Turning) {
            Stage::Learning(Learning { mut knowledge, engine }) => {
                knowledge.settle();
                Stage::Putting(Shelf::new(engine, knowledge, self.price_exponent))
            }
            putting => putting,
        };
        self.stage = turned;
        match &self.stage {
            Stage::Putting(shelf) => Ok(shelf),
            Stage::Learning(_) | Stage::Turning => Err(SearchError::Failed("a shelf was lost".into())),
        }
    }
}

impl ShelfFilling for Filling {
    fn learn(&mut self, documents: &[SearchDocument]) {
        if let Stage::Learning(learning) = &mut self.stage {
            documents.iter().for_each(|document| learning.knowledge.learn(document));
        }
    }

    fn put(&mut self, changes: Vec<Change<SearchDocument>>) -> BoxFuture<'_, Result<(), SearchError>> {
        Box::pin(async move { self.shelf()?.fill(changes).await.map(drop) })
    }

    fn finish(mut self: Box<Self>) -> Result<Arc<dyn CatalogSearch>, SearchError> {
        self.shelf()?.settle()?;
        match self.stage {
            Stage::Putting(shelf) => Ok(Arc::new(shelf)),
            Stage::Learning(_) | Stage::Turning => Err(SearchError::Failed("a shelf was lost".into())),
        }
    }
}
