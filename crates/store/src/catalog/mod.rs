//! The catalogue's tables: what staff write, and the read model that is made of it.

pub mod brand;
pub mod category;
pub mod category_write;
pub mod collection;
pub mod export;
mod foreign_keys;
pub mod fragment;
pub mod handle_history;
pub mod indexing;
pub mod listing;
pub mod media;
pub mod price;
pub mod product;
pub mod product_type;
pub mod projection;
pub mod redirect;
pub mod reference;
pub mod review;
pub mod review_write;
mod row_format;
pub mod search_shelf;
pub mod sellable;
pub mod staging;
pub mod staging_refs;
mod staging_sets;
pub mod stock_level;

use crate::sql::Sql;

/// Every statement of the catalogue.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    [
        brand::STATEMENTS,
        category::STATEMENTS,
        category_write::STATEMENTS,
        collection::STATEMENTS,
        export::STATEMENTS,
        foreign_keys::STATEMENTS,
        fragment::STATEMENTS,
        handle_history::STATEMENTS,
        indexing::STATEMENTS,
        media::STATEMENTS,
        price::STATEMENTS,
        product_type::STATEMENTS,
        redirect::STATEMENTS,
        reference::STATEMENTS,
        review::STATEMENTS,
        review_write::STATEMENTS,
        search_shelf::STATEMENTS,
        sellable::STATEMENTS,
        staging::STATEMENTS,
        staging_refs::STATEMENTS,
        staging_sets::STATEMENTS,
        stock_level::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(product::statements())
    .chain(projection::statements())
}
