//! Ports: traits for what lies outside our process and our database.
//!
//! A port exists only where there are two real implementations or where tests need to be deterministic. None may be
//! called while a transaction is open.

use std::future::Future;
use std::pin::Pin;

pub mod blob;
pub mod clock;
pub mod egress;
pub mod fake;
pub mod ids;
pub mod image;
pub mod mail;
pub mod payment;
pub mod rates;
pub mod search;

pub use blob::{BlobError, BlobStore};
pub use clock::Clock;
pub use egress::{Egress, EgressError, EgressRequest, EgressResponse};
pub use ids::IdSource;
pub use image::{ImageError, ImageProcessor};
pub use mail::{Mail, MailError, Mailer};
pub use payment::PaymentGateway;
pub use rates::{RatesError, ShippingRates, TaxProvider};

/// A future of a port's method, so that ports can stand behind `Arc<dyn …>`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
