//! Import of products from files: Shopify's product CSV and JSON lines.
//!
//! A file passes through: [`source`] (bytes) → [`shopify_csv`] or [`jsonl`] (records) → [`normalise`] (drafts: checked, cleaned)
//! → [`chunk`] → [`write`] (found in the shop or not, laid over what is there) → PostgreSQL. [`run`] leads it. What comes
//! through the API is an [`upload`] first, which the [`worker`] takes up; [`cancel`] and [`resume`] are for staff.

mod ahead;
pub mod cancel;
mod category_refs;
pub mod chunk;
pub mod columns;
pub mod draft;
pub mod error;
mod fields;
mod findings;
pub mod format;
mod handles;
pub mod jsonl;
pub(crate) mod members;
pub mod normalise;
pub mod open;
mod parts;
pub(crate) mod pictures;
mod preamble;
mod quotes;
pub mod record;
pub mod refs;
pub mod resume;
mod retention;
pub mod run;
mod shopify_cells;
pub mod shopify_csv;
mod shopify_header;
pub mod source;
pub mod upload;
pub mod view;
pub mod weight;
pub mod worker;
pub mod write;

pub use cancel::cancel_import;
pub use error::ImportError;
pub use format::Format;
pub use record::{ReadError, RowError};
pub use resume::resume_import;
pub use run::{ImportContext, ImportOptions, ImportReport, OnProgress, Progress, run_import};
pub use source::{BytesSource, FileSource, ImportSource};
pub use upload::{ImportCreate, UPLOAD_BYTES_MAX, Upload, UploadWriter, create_import};
pub use view::{ImportErrorView, ImportView, find_import, list_import_errors, list_imports};
pub use worker::{ImportRetention, ImportWorker};
