//! What handlers are given: authority, bodies, paths and headers, each checked before the handler runs.

pub mod body;
pub mod customer;
pub mod headers;
pub mod list;
pub mod once;
pub mod page;
pub mod patch;
pub mod path;
pub mod shopper;
pub mod staff;
pub mod strict_json;
pub mod upload;

pub use body::Body;
pub use customer::{Customer, Recognised, Visitor};
pub use headers::{IfMatch, WriteRequest};
pub use list::{ListParams, NoParams};
pub use once::run_once;
pub use page::{CursorQuery, PageQuery, take_page, take_uncounted_page};
pub use path::{BlobName, IdOrHandle, Path, Path2, Word};
pub use shopper::{Arriving, Buyer, required_key};
pub use staff::{Permission, Staff};
pub use upload::UploadedImage;
