//! Shelves over the embedded engine, in the memory of the process.

use std::sync::Arc;

use tradepost_port::BoxFuture;
use tradepost_port::search::{SearchError, ShelfFilling, ShelfMaker, ShelfName, WriterSeat};

use crate::engine::Engine;
use crate::filling::Filling;

/// Makes shelves in memory. They are gone with the process, and filled anew from the database by the next.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmbeddedShelves;

impl ShelfMaker for EmbeddedShelves {
    fn begin<'a>(
        &'a self,
        name: &'a ShelfName,
        _generation: i64,
        _seat: Arc<dyn WriterSeat>,
    ) -> BoxFuture<'a, Result<Box<dyn ShelfFilling>, SearchError>> {
        Box::pin(async move {
            let filling: Box<dyn ShelfFilling> = Box::new(Filling::new(name, Arc::new(Engine::in_memory()?)));
            Ok(filling)
        })
    }

    fn searches_at_once(&self) -> usize {
        // Each keeps a core busy.
        std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2))
    }
}
