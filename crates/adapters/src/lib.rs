//! Implementations of the ports over the machine we run on and the services around us, one module each.

pub mod blob_dir;
pub mod system;

pub use blob_dir::BlobDirectory;
pub use system::{RandomIds, SystemClock};
