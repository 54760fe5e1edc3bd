//! The catalogue's tables: what staff write, and the read model that is made of it.

pub mod category;
pub mod fragment;
pub mod listing;
pub mod projection;
pub mod redirect;
pub mod review;

use crate::sql::Sql;

/// Every statement of the catalogue.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    [category::STATEMENTS, fragment::STATEMENTS, redirect::STATEMENTS, review::STATEMENTS]
        .into_iter()
        .flatten()
        .copied()
        .chain(projection::statements())
}
