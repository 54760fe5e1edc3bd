//! The catalogue's tables: what staff write, and the read model that is made of it.

pub mod projection;

use crate::sql::Sql;

/// Every statement of the catalogue.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    projection::statements()
}
