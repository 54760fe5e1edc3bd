//! The limits of an import: plain COPY of the file's very bytes into a table of one column, and plain COPY of the rows
//! that the import makes of them, into the same tables with the same indexes and keys.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tradepost_store::sql::Sql;
use tradepost_store::{Store, StoreError};

use crate::LabError;

/// Bytes sent at once.
const CHUNK_BYTES: usize = 256 * 1024;

// A delimiter and a quote that no text holds make a line one value, as it stands.
const COPY: Sql = Sql {
    name: "lab::COPY",
    text: "copy lab_line (line) from stdin with (format csv, delimiter e'\\x02', quote e'\\x01')",
};
const FRESH: Sql = Sql {
    name: "lab::FRESH",
    text: "drop table if exists lab_line; create table lab_line (line text not null)",
};

fn failed(error: &StoreError) -> LabError {
    LabError::Preparation(error.to_string())
}

/// Copies the lines of a file into an empty table in one transaction; answers how many.
pub async fn copy_lines(store: &Store, file: &Path) -> Result<u64, LabError> {
    let tx = store.worker().begin("lab_copy").await.map_err(|error| failed(&error))?;
    tx.batch(FRESH).await.map_err(|error| failed(&error))?;
    let mut broken = None;
    let chunks = Chunks { reader: BufReader::with_capacity(CHUNK_BYTES, std::fs::File::open(file)?) };
    let chunks = chunks.map_while(|chunk| chunk.map_err(|error| broken = Some(error)).ok());
    let lines = tx.copy_in(COPY, chunks).await.map_err(|error| failed(&error))?;
    if let Some(error) = broken {
        return Err(error.into());
    }
    tx.commit().await.map_err(|error| failed(&error))?;
    Ok(lines)
}

/// A file in pieces of whole buffers.
struct Chunks {
    reader: BufReader<std::fs::File>,
}

impl Iterator for Chunks {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        match self.reader.fill_buf() {
            Ok([]) => None,
            Ok(buffer) => {
                let chunk = Bytes::copy_from_slice(buffer);
                self.reader.consume(chunk.len());
                Some(Ok(chunk))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

const FORGET: Sql = Sql {
    name: "lab::FORGET",
    // Movements are for ever in a shop: here those of the turn before would be copied with this one's.
    text: "alter table stock_movement disable trigger user;
           truncate product, product_view, brand, product_type, category, collection, import_run, outbox, handle_history,
                    stock_movement cascade;
           alter table stock_movement enable trigger user;
           checkpoint",
};

/// Empties the catalogue, so that the next import begins as the first did.
pub async fn forget_catalog(store: &Store) -> Result<(), LabError> {
    let conn = store.worker().conn().await.map_err(|error| failed(&error))?;
    conn.batch(FORGET).await.map_err(|error| failed(&error))
}

macro_rules! tables {
    ($($table:literal),*) => {
        /// What an import writes for its products, each table after those that it refers to.
        const TABLES: &[(Sql, Sql)] = &[$((
            Sql { name: "lab::DUMP", text: concat!("copy ", $table, " to stdout (format binary)") },
            Sql { name: "lab::RESTORE", text: concat!("copy ", $table, " from stdin (format binary)") },
        )),*];
    };
}
tables!(
    "product",
    "product_category",
    "product_media",
    "variant",
    "price",
    "stock_level",
    "stock_movement",
    "outbox"
);

// Movements are copied as they are, not written anew by the levels that come back.
const FORGET_PRODUCTS: Sql = Sql {
    name: "lab::FORGET_PRODUCTS",
    text: "alter table stock_level disable trigger user; alter table stock_movement disable trigger user;
           truncate product, product_view, stock_movement, outbox cascade; checkpoint",
};
const KEEP_MOVEMENTS: Sql = Sql {
    name: "lab::KEEP_MOVEMENTS",
    text: "alter table stock_movement enable trigger user;
           alter table stock_level enable trigger user;
           alter table stock_level enable always trigger stock_level_moved;
           alter table stock_level enable always trigger stock_level_promised",
};

/// Takes the products' rows out and copies them in again, all in one transaction; answers how long that took.
pub async fn copy_rows(store: &Store) -> Result<Duration, LabError> {
    let error = |error: StoreError| failed(&error);
    let conn = store.worker().conn().await.map_err(error)?;
    let mut dumped = Vec::with_capacity(TABLES.len());
    for (dump, restore) in TABLES {
        dumped.push((*restore, conn.copy_out(*dump).await.map_err(error)?));
    }
    conn.batch(FORGET_PRODUCTS).await.map_err(error)?;
    drop(conn);
    let started = Instant::now();
    let tx = store.worker().begin("lab_rows").await.map_err(error)?;
    for (restore, chunks) in dumped {
        tx.copy_in(restore, chunks).await.map_err(error)?;
    }
    tx.commit().await.map_err(error)?;
    let elapsed = started.elapsed();
    store.worker().conn().await.map_err(error)?.batch(KEEP_MOVEMENTS).await.map_err(error)?;
    Ok(elapsed)
}
