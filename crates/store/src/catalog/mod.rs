//! The catalogue's tables: what staff write, and the read model that is made of it.

pub mod category;
pub mod export;
pub mod fragment;
pub mod listing;
pub mod media;
pub mod product;
pub mod projection;
pub mod redirect;
pub mod reference;
pub mod review;
mod row_format;
pub mod staging;
pub mod staging_refs;
pub mod stock_level;

use crate::sql::Sql;

/// Every statement of the catalogue.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    [
        category::STATEMENTS,
        export::STATEMENTS,
        fragment::STATEMENTS,
        media::STATEMENTS,
        redirect::STATEMENTS,
        reference::STATEMENTS,
        review::STATEMENTS,
        staging::STATEMENTS,
        staging_refs::STATEMENTS,
        stock_level::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(product::statements())
    .chain(projection::statements())
}
