//! Implementations of the ports over the machine we run on and the services around us, one module each.

pub mod blob_dir;
pub mod egress;
pub mod image_codec;
pub mod mail_directory;
pub mod rates_service;
pub mod smtp;
pub mod stripe;
pub mod system;
pub mod test_payments;
mod tls;

pub use blob_dir::BlobDirectory;
pub use egress::{GuardedEgress, Reach};
pub use image_codec::ImageCodec;
pub use mail_directory::MailDirectory;
pub use rates_service::{RatesService, RatesServiceError};
pub use smtp::{Sender, SmtpMailer, SmtpSettings};
pub use stripe::{StripeGateway, StripeSettings};
pub use system::{RandomIds, SystemClock};
pub use test_payments::TestPayments;
