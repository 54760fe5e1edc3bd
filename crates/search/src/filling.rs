//! A shelf in the making, over whichever engine: it learns from all products before the first is told to the engine.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::BoxFuture;
use tradepost_port::search::{
    CatalogSearch, Change, ChangeKind, SearchDocument, SearchEngine, SearchError, ShelfFilling, ShelfName,
};

use crate::knowledge::Knowledge;
use crate::shelf::Shelf;

/// A shelf in the making.
pub struct Filling {
    name: ShelfName,
    engine: Arc<dyn SearchEngine>,
    learnt: Knowledge,
    /// Products that the engine holds from before and was not told of yet, with the versions of their rows.
    held: HashMap<ProductId, i64>,
    /// Once the first product is taken in.
    shelf: Option<Arc<Shelf>>,
}

impl Filling {
    /// Over an engine that holds nothing.
    pub fn new(name: &ShelfName, engine: Arc<dyn SearchEngine>) -> Self {
        Self::over(name, engine, HashMap::new())
    }

    /// Over an engine that holds products in these versions: it is told the others alone.
    pub fn over(name: &ShelfName, engine: Arc<dyn SearchEngine>, held: HashMap<ProductId, i64>) -> Self {
        Self { name: name.clone(), engine, learnt: Knowledge::of(&name.locale), held, shelf: None }
    }

    /// The shelf over what was learnt.
    fn shelf(&mut self) -> Arc<Shelf> {
        let made = self.shelf.get_or_insert_with(|| {
            let mut learnt = mem::replace(&mut self.learnt, Knowledge::of(&self.name.locale));
            learnt.settle();
            Arc::new(Shelf::new(self.engine.clone(), learnt, self.name.price_exponent))
        });
        made.clone()
    }
}

impl ShelfFilling for Filling {
    fn learn(&mut self, documents: &[SearchDocument]) {
        for document in documents {
            self.learnt.learn(document);
        }
    }

    fn put(&mut self, mut changes: Vec<Change<SearchDocument>>) -> BoxFuture<'_, Result<(), SearchError>> {
        Box::pin(async move {
            let filled = self.shelf();
            changes.retain(|change| {
                let is_held = self.held.remove(&change.id) == Some(change.sequence);
                if let (true, ChangeKind::Upsert(document)) = (is_held, &change.kind) {
                    filled.recall(document);
                }
                !is_held
            });
            if changes.is_empty() { Ok(()) } else { filled.fill(changes).await.map(drop) }
        })
    }

    fn finish(mut self: Box<Self>) -> BoxFuture<'static, Result<Arc<dyn CatalogSearch>, SearchError>> {
        Box::pin(async move {
            let full = self.shelf();
            // What it holds and was not told of went while nobody told it: after the version that it knows, and before any other
            // version that the product may come back with.
            let gone = mem::take(&mut self.held).into_iter().map(|(id, version)| Change {
                sequence: version.saturating_add(1),
                id,
                kind: ChangeKind::Delete,
            });
            let gone: Vec<Change> = gone.collect();
            if !gone.is_empty() {
                full.fill(gone).await?;
            }
            full.settle()?;
            let full: Arc<dyn CatalogSearch> = full;
            Ok(full)
        })
    }
}
