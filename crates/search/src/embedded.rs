//! Shelves over the embedded engine, in the memory of the process.

use std::mem;
use std::sync::Arc;

use tradepost_port::BoxFuture;
use tradepost_port::search::{
    CatalogSearch, Change, SearchDocument, SearchError, ShelfFilling, ShelfMaker, ShelfName,
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
        let learnt = Knowledge::of(&name.locale);
        Ok(Box::new(Filling { name: name.clone(), engine, learnt, shelf: None }))
    }
}

struct Filling {
    name: ShelfName,
    engine: Arc<Engine>,
    learnt: Knowledge,
    /// Once the first product is taken in.
    shelf: Option<Arc<Shelf>>,
}

impl Filling {
    /// The shelf over what was learnt.
    fn shelf(&mut self) -> &Arc<Shelf> {
        self.shelf.get_or_insert_with(|| {
            let mut learnt = mem::replace(&mut self.learnt, Knowledge::of(&self.name.locale));
            learnt.settle();
            Arc::new(Shelf::new(self.engine.clone(), learnt, self.name.price_exponent))
        })
    }
}

impl ShelfFilling for Filling {
    fn learn(&mut self, documents: &[SearchDocument]) {
        for document in documents {
            self.learnt.learn(document);
        }
    }

    fn put(&mut self, changes: Vec<Change<SearchDocument>>) -> BoxFuture<'_, Result<(), SearchError>> {
        Box::pin(async move { self.shelf().fill(changes).await.map(drop) })
    }

    fn finish(mut self: Box<Self>) -> Result<Arc<dyn CatalogSearch>, SearchError> {
        let full = self.shelf().clone();
        full.settle()?;
        self.engine.settle();
        Ok(full)
    }
}
