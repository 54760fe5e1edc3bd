//! Pictures: what staff upload is decoded, turned upright and written anew, so that nothing but pixels is kept.

use bytes::Bytes;

use crate::BoxFuture;

/// Widths in pixels of the narrower copies that are made of a picture.
pub const RENDITION_WIDTHS: [u32; 3] = [320, 640, 1280];
/// Pixels of a picture, at most.
pub const IMAGE_PIXELS_MAX: u64 = 25_000_000;

/// Why a picture was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The content is none of the formats that are taken, whatever it calls itself.
    #[error("the content is no JPEG, PNG or WebP picture")]
    UnknownFormat,
    /// More pixels than anybody looks at, or than a machine should unpack for a stranger.
    #[error("the picture has {width} x {height} pixels; at most {IMAGE_PIXELS_MAX} are taken")]
    TooLarge {
        /// Width that it has, or says it has.
        width: u32,
        /// Height that it has, or says it has.
        height: u32,
    },
    /// It begins like a picture and is none.
    #[error("the picture cannot be read: {0}")]
    Broken(String),
    /// A fault of ours: a picture that was read cannot be written.
    #[error("the picture cannot be written: {0}")]
    Failed(String),
}

/// A picture as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedImage {
    /// Ending of its file name: `jpg`, `png` or `webp`.
    pub ending: &'static str,
    /// Its bytes.
    pub content: Bytes,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// A picture and its narrower copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessedImage {
    /// The picture in its own size.
    pub original: EncodedImage,
    /// Copies of the widths in [`RENDITION_WIDTHS`] that are narrower than the picture.
    pub renditions: Vec<EncodedImage>,
}

/// Makes pictures fit to be served.
pub trait ImageProcessor: Send + Sync + 'static {
    /// Reads a picture by its content, applies its orientation, drops its metadata and makes the copies.
    fn process(&self, content: Bytes) -> BoxFuture<'_, Result<ProcessedImage, ImageError>>;
}
