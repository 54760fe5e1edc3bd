//! The catalogue's tables: what staff write, and the read model that is made of it.

pub mod export;
mod row_format;
pub mod staging;
pub mod staging_refs;

use crate::sql::Sql;

/// Every statement of the catalogue.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    [export::STATEMENTS, staging::STATEMENTS, staging_refs::STATEMENTS].into_iter().flatten().copied()
}
