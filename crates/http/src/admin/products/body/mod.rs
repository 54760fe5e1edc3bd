//! What staff send to write products, and how it becomes a change. Unknown fields are refused, at every depth.

mod media;
mod product;
mod variant;

pub use media::{ProductMediaAdd, ProductMediaPatch};
pub use product::{ProductCreate, ProductPatch, ProductStatusWrite};
pub(crate) use product::{stored_time, too_early};
pub use variant::{PriceWrite, VariantPatch};

use tradepost_app::catalog::product::changes::Clearable;

use crate::extract::patch::Patch;

/// A field of a body as a field of a change.
fn clearable<T>(patch: Patch<T>) -> Clearable<T> {
    match patch {
        Patch::Absent => None,
        Patch::Null => Some(None),
        Patch::Value(value) => Some(Some(value)),
    }
}

/// A list for which null is the empty one.
fn list<T>(patch: Patch<Vec<T>>) -> Option<Vec<T>> {
    clearable(patch).map(Option::unwrap_or_default)
}
