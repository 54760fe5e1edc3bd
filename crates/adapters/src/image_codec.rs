//! Pictures, decoded and encoded anew on threads of their own, a few at a time.
//!
//! What comes out holds pixels and nothing else: no EXIF (where the camera stood), no colour profile, no comment, no
//! second file behind the first (CWE-434). A picture is unpacked only after its own header has said that it is small
//! enough (CWE-409).

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use fast_image_resize::images::Image;
use fast_image_resize::{PixelType, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use tokio::sync::Semaphore;
use tradepost_port::image::{EncodedImage, IMAGE_PIXELS_MAX, ProcessedImage, RENDITION_WIDTHS};
use tradepost_port::{BoxFuture, ImageError, ImageProcessor};

/// Pictures at work at the same time: each takes a thread and up to the bytes below.
const PARALLEL: usize = 2;
/// Bytes that one picture may unpack to: 25 megapixels of 16-bit RGBA, and room to work.
const ALLOC_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Quality of JPEG, of 100: at 88 nobody sees the difference on a page.
const JPEG_QUALITY: u8 = 88;

/// Decodes and encodes with the `image` crate, resizes with `fast_image_resize`.
#[derive(Debug, Clone)]
pub struct ImageCodec {
    slots: Arc<Semaphore>,
}

impl Default for ImageCodec {
    fn default() -> Self {
        Self { slots: Arc::new(Semaphore::new(PARALLEL)) }
    }
}

impl ImageProcessor for ImageCodec {
    fn process(&self, content: Bytes) -> BoxFuture<'_, Result<ProcessedImage, ImageError>> {
        Box::pin(async move {
            let slot = self.slots.clone().acquire_owned().await;
            let slot = slot.map_err(|error| ImageError::Failed(error.to_string()))?;
            let work = tokio::task::spawn_blocking(move || {
                // Held by the thread, not by the request: one that is given up still works to its end.
                let _slot = slot;
                process(&content)
            });
            work.await.map_err(|error| ImageError::Failed(error.to_string()))?
        })
    }
}

fn process(content: &[u8]) -> Result<ProcessedImage, ImageError> {
    let (picture, format) = decode(content)?;
    let picture = plain(picture);
    let original = encode(&picture, format)?;
    let mut renditions = Vec::new();
    for width in RENDITION_WIDTHS.into_iter().filter(|width| *width < picture.width()) {
        renditions.push(encode(&narrow(&picture, width)?, ImageFormat::WebP)?);
    }
    Ok(ProcessedImage { original, renditions })
}

fn broken(error: &image::ImageError) -> ImageError {
    ImageError::Broken(error.to_string())
}

/// Reads a picture upright, after its header has been believed to be small enough.
fn decode(content: &[u8]) -> Result<(DynamicImage, ImageFormat), ImageError> {
    let reader = ImageReader::new(Cursor::new(content));
    let mut reader = reader.with_guessed_format().map_err(|error| ImageError::Broken(error.to_string()))?;
    let taken = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];
    let format = reader.format().filter(|format| taken.contains(format)).ok_or(ImageError::UnknownFormat)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(ALLOC_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| broken(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > IMAGE_PIXELS_MAX {
        return Err(ImageError::TooLarge { width, height });
    }
    let orientation = decoder.orientation().map_err(|error| broken(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| broken(&error))?;
    picture.apply_orientation(orientation);
    Ok((picture, format))
}

/// Eight bits a channel, with transparency only where some pixel is transparent.
fn plain(picture: DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return DynamicImage::ImageRgb8(picture.into_rgb8());
    }
    let rgba = picture.into_rgba8();
    if rgba.pixels().all(|pixel| pixel.0[3] == u8::MAX) {
        DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(rgba).into_rgb8())
    } else {
        DynamicImage::ImageRgba8(rgba)
    }
}

/// JPEG for photographs; PNG for what came as PNG; WebP (which we write without loss) for what JPEG cannot hold.
fn encode(picture: &DynamicImage, format: ImageFormat) -> Result<EncodedImage, ImageError> {
    let failed = |error: image::ImageError| ImageError::Failed(error.to_string());
    let mut content = Cursor::new(Vec::new());
    let ending = if format == ImageFormat::Png {
        picture.write_to(&mut content, ImageFormat::Png).map_err(failed)?;
        "png"
    } else if picture.color().has_alpha() {
        picture.write_to(&mut content, ImageFormat::WebP).map_err(failed)?;
        "webp"
    } else {
        JpegEncoder::new_with_quality(&mut content, JPEG_QUALITY).encode_image(picture).map_err(failed)?;
        "jpg"
    };
    let content = content.into_inner().into();
    Ok(EncodedImage { ending, content, width: picture.width(), height: picture.height() })
}

/// A copy of the given width, its height in proportion.
fn narrow(picture: &DynamicImage, width: u32) -> Result<DynamicImage, ImageError> {
    let failed = |error: &dyn std::fmt::Display| ImageError::Failed(error.to_string());
    let (old_width, old_height) = (picture.width().max(1), picture.height());
    let scaled = u64::from(old_height) * u64::from(width) / u64::from(old_width);
    let height = u32::try_from(scaled).unwrap_or(u32::MAX).max(1);
    let (pixels, kind) = match picture {
        DynamicImage::ImageRgba8(rgba) => (rgba.as_raw().clone(), PixelType::U8x4),
        other => (other.to_rgb8().into_raw(), PixelType::U8x3),
    };
    let source = Image::from_vec_u8(old_width, old_height, pixels, kind).map_err(|error| failed(&error))?;
    let mut target = Image::new(width, height, kind);
    Resizer::new().resize(&source, &mut target, None).map_err(|error| failed(&error))?;
    let pixels = target.into_vec();
    let copy = if kind == PixelType::U8x4 {
        image::RgbaImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8)
    } else {
        image::RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    };
    copy.ok_or_else(|| failed(&"the resized picture does not have its size"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut content = Cursor::new(Vec::new());
        picture.write_to(&mut content, format).unwrap();
        content.into_inner()
    }

    /// Left half red, right half blue.
    fn two_halves(width: u32, height: u32) -> DynamicImage {
        let colour = |x| if x < width / 2 { Rgb([220, 0, 0]) } else { Rgb([0, 0, 220]) };
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, _| colour(x)))
    }

    /// A JPEG with an EXIF segment that says how the camera was held, and where.
    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        exif.extend(b"SECRET-PLACE");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
    }

    #[test]
    fn a_picture_is_turned_upright_and_loses_its_metadata() {
        let content = with_exif(&encoded(&two_halves(64, 32), ImageFormat::Jpeg), 6);
        assert!(content.windows(12).any(|part| part == b"SECRET-PLACE"));
        let made = process(&content).unwrap().original;
        assert_eq!((made.ending, made.width, made.height), ("jpg", 32, 64));
        assert!(!made.content.windows(4).any(|part| part == b"Exif"));
        assert!(!made.content.windows(12).any(|part| part == b"SECRET-PLACE"));
        let upright = image::load_from_memory(&made.content).unwrap().into_rgb8();
        assert!(upright.get_pixel(16, 8).0[0] > 150, "what was left is above after a quarter turn");
    }

    #[test]
    fn copies_are_made_of_the_widths_that_are_narrower() {
        let made = process(&encoded(&two_halves(700, 350), ImageFormat::Png)).unwrap();
        assert_eq!(made.original.ending, "png");
        let sizes: Vec<_> =
            made.renditions.iter().map(|copy| (copy.width, copy.height, copy.ending)).collect();
        assert_eq!(sizes, [(320, 160, "jpg"), (640, 320, "jpg")]);
        let copy = image::load_from_memory(&made.renditions[0].content).unwrap().into_rgb8();
        assert!(copy.get_pixel(10, 80).0[0] > 150 && copy.get_pixel(310, 80).0[2] > 150);
    }

    #[test]
    fn transparency_is_kept_where_there_is_some() {
        let glass = DynamicImage::ImageRgba8(RgbaImage::from_pixel(400, 10, Rgba([9, 9, 9, 100])));
        let made = process(&encoded(&glass, ImageFormat::WebP)).unwrap();
        assert_eq!((made.original.ending, made.renditions[0].ending), ("webp", "webp"));
        let opaque = DynamicImage::ImageRgba8(RgbaImage::from_pixel(400, 10, Rgba([9, 9, 9, 255])));
        assert_eq!(process(&encoded(&opaque, ImageFormat::WebP)).unwrap().original.ending, "jpg");
    }

    #[test]
    fn what_hides_behind_a_picture_is_gone() {
        let mut content = encoded(&two_halves(8, 8), ImageFormat::Png);
        content.extend(b"<?php system($_GET['c']); ?>");
        let made = process(&content).unwrap().original;
        assert!(!made.content.windows(5).any(|part| part == b"<?php"));
    }

    #[test]
    fn what_is_no_picture_is_refused_by_its_content() {
        for content in
            [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"GIF89a<?php ?>", b"PK\x03\x04", b""]
        {
            assert_eq!(process(content).unwrap_err(), ImageError::UnknownFormat);
        }
        let cut = encoded(&two_halves(64, 64), ImageFormat::Png);
        assert!(matches!(process(&cut[..cut.len() / 2]), Err(ImageError::Broken(_))));
    }

    #[test]
    fn a_picture_that_says_it_is_huge_is_not_unpacked() {
        // The header of a PNG of 50,000 by 50,000 pixels; the checksum of the header is right, the rest is missing.
        let mut content = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        content.extend(50_000_u32.to_be_bytes());
        content.extend(50_000_u32.to_be_bytes());
        content.extend([8, 2, 0, 0, 0]);
        content.extend(crc32(&content[12..]).to_be_bytes());
        content.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
        assert_eq!(process(&content).unwrap_err(), ImageError::TooLarge { width: 50_000, height: 50_000 });
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
            })
        })
    }
}
