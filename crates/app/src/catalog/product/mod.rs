//! Changes of products by staff, and how staff see products.
//!
//! Every change is put as [`changes::ProductChanges`] and takes one way: the row is locked and loaded, names are resolved
//! (`resolve`), the changes are applied (`apply`, `variants`, `media`), the whole is validated by the domain, and
//! `save` stores it with its event and its audit entry. One file a use case stands beside them.

mod apply;
mod audit;
mod media;
pub(crate) use media::is_picture_url;
mod resolve;
mod save;
mod variants;

pub mod batch;
pub mod change_media;
pub mod change_variants;
pub mod changes;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod patch;
pub mod prices;
pub mod transition;
pub mod view;

pub use changes::ProductChanges;
pub use tradepost_store::catalog::product::ProductKey;
pub use view::ProductAdminView;

/// Path of products in the API, which `Location` is made of.
pub const PRODUCTS_PATH: &str = "/api/admin/products";

/// Runs an attempt at a change up to three times, as long as it fails in a way that a repetition can better: two
/// writers that chose the same handle or waited for each other. Each attempt is a transaction of its own.
macro_rules! retried {
    ($attempt:expr) => {{
        let mut attempts = 1_u8;
        loop {
            match $attempt.await {
                Err(error) if attempts < 3 && $crate::catalog::product::save::is_lost_race(&error) => {
                    attempts += 1
                }
                outcome => break outcome.map_err($crate::catalog::product::save::name_conflict),
            }
        }
    }};
}
pub(crate) use retried;
