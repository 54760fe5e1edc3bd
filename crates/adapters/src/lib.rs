//! Implementations of the ports over the machine we run on and the services around us, one module each.

pub mod blob_dir;
pub mod image_codec;
pub mod system;

pub use blob_dir::BlobDirectory;
pub use image_codec::ImageCodec;
pub use system::{RandomIds, SystemClock};
