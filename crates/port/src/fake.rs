//! Fakes of the ports, for tests: a clock that is moved by hand, ids that count, blobs in memory, pictures untouched,
//! mails kept, rates as told, a world outside that answers by a script.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tradepost_domain::kernel::place::Destination;
use uuid::Uuid;

use crate::blob::is_blob_name;
use crate::image::{EncodedImage, ProcessedImage};
use crate::rates::{ShippingAsk, ShippingRateAnswer, TaxAsk, TaxRateAnswer};
use crate::{
    BlobError, BlobStore, BoxFuture, Clock, Egress, EgressError, EgressRequest, EgressResponse, IdSource,
    ImageError, ImageProcessor, Mail, MailError, Mailer, RatesError, ShippingRates, TaxProvider,
};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FakeClock {
    milliseconds: AtomicI64,
}

impl FakeClock {
    /// A clock that stands at a moment.
    pub fn at(now: Timestamp) -> Self {
        Self { milliseconds: AtomicI64::new(now.as_millisecond()) }
    }

    /// Moves it on.
    pub fn advance(&self, by: SignedDuration) {
        let milliseconds = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.milliseconds.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.milliseconds.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

/// Ids that count from one: the same in every run, and in order as UUIDv7 are.
#[derive(Debug, Default)]
pub struct CountingIds {
    next: AtomicU64,
}

impl IdSource for CountingIds {
    fn next_uuid(&self) -> Uuid {
        let number = self.next.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        Uuid::from_u128((0x0190_0000_0000_7000_8000_u128 << 48) | u128::from(number))
    }

    fn next_secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        let number = self.next.fetch_add(1, Ordering::SeqCst).saturating_add(1).to_be_bytes();
        secret.iter_mut().rev().zip(number.iter().rev()).for_each(|(place, byte)| *place = *byte);
        secret
    }
}

/// Blobs in memory.
#[derive(Debug, Default)]
pub struct MemoryBlobs {
    blobs: Mutex<BTreeMap<String, Bytes>>,
}

impl BlobStore for MemoryBlobs {
    fn put(&self, name: String, content: Bytes) -> BoxFuture<'_, Result<(), BlobError>> {
        Box::pin(async move {
            if !is_blob_name(&name) {
                return Err(BlobError::InvalidName(name));
            }
            self.blobs.lock().unwrap_or_else(PoisonError::into_inner).insert(name, content);
            Ok(())
        })
    }

    fn get(&self, name: String) -> BoxFuture<'_, Result<Option<Bytes>, BlobError>> {
        Box::pin(async move {
            if !is_blob_name(&name) {
                return Err(BlobError::InvalidName(name));
            }
            Ok(self.blobs.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned())
        })
    }

    fn delete(&self, name: String) -> BoxFuture<'_, Result<(), BlobError>> {
        Box::pin(async move {
            self.blobs.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
            Ok(())
        })
    }
}

/// Takes every PNG as a picture of one pixel and keeps its bytes.
#[derive(Debug, Default, Clone, Copy)]
pub struct UntouchedImages;

impl ImageProcessor for UntouchedImages {
    fn process(&self, content: Bytes) -> BoxFuture<'_, Result<ProcessedImage, ImageError>> {
        Box::pin(async move {
            if !content.starts_with(b"\x89PNG") {
                return Err(ImageError::UnknownFormat);
            }
            let original = EncodedImage { ending: "png", content, width: 1, height: 1 };
            Ok(ProcessedImage { original, renditions: Vec::new() })
        })
    }
}

/// Keeps mails instead of sending them; refuses while it is told to.
#[derive(Debug, Default)]
pub struct RecordedMails {
    sent: Mutex<Vec<Mail>>,
    failure: Mutex<Option<MailError>>,
    panics_at: Mutex<Option<String>>,
}

impl RecordedMails {
    /// Takes out what was sent so far.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on every mail fails so, or none does.
    pub fn fail_with(&self, failure: Option<MailError>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// From now on a mail to this address panics.
    pub fn panic_at(&self, address: &str) {
        *self.panics_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(address.to_owned());
    }
}

impl Mailer for RecordedMails {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), MailError>> {
        Box::pin(async move {
            if let Some(failure) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone() {
                return Err(failure);
            }
            let panics_at = self.panics_at.lock().unwrap_or_else(PoisonError::into_inner).clone();
            assert!(panics_at.is_none_or(|address| address != mail.to.as_str()), "told to panic");
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
            Ok(())
        })
    }
}

/// A tax service and carriers that answer what they are told to, and note what they are asked.
#[derive(Debug, Default)]
pub struct ToldRates {
    taxes: Mutex<Option<Vec<TaxRateAnswer>>>,
    shipping: Mutex<Option<Vec<ShippingRateAnswer>>>,
    asked: Mutex<Vec<Destination>>,
}

impl ToldRates {
    /// From now on these are the taxes everywhere; `None`: there is no answer.
    pub fn tell_taxes(&self, taxes: Option<Vec<TaxRateAnswer>>) {
        *self.taxes.lock().unwrap_or_else(PoisonError::into_inner) = taxes;
    }

    /// From now on this is what carriers charge; `None`: there is no answer.
    pub fn tell_shipping(&self, shipping: Option<Vec<ShippingRateAnswer>>) {
        *self.shipping.lock().unwrap_or_else(PoisonError::into_inner) = shipping;
    }

    /// For which places they were asked since the last time.
    pub fn take_asked(&self) -> Vec<Destination> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer<T: Clone>(&self, of: &Mutex<Option<Vec<T>>>, to: &Destination) -> Result<Vec<T>, RatesError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(to.clone());
        let told = of.lock().unwrap_or_else(PoisonError::into_inner).clone();
        told.ok_or_else(|| RatesError("told to be away".to_owned()))
    }
}

impl TaxProvider for ToldRates {
    fn rates<'a>(&'a self, ask: &'a TaxAsk) -> BoxFuture<'a, Result<Vec<TaxRateAnswer>, RatesError>> {
        Box::pin(async move { self.answer(&self.taxes, &ask.destination) })
    }
}

impl ShippingRates for ToldRates {
    fn rates<'a>(
        &'a self,
        ask: &'a ShippingAsk,
    ) -> BoxFuture<'a, Result<Vec<ShippingRateAnswer>, RatesError>> {
        Box::pin(async move { self.answer(&self.shipping, &ask.destination) })
    }
}

/// How the world outside answers a request; `None` never does.
type Script = Box<dyn Fn(&EgressRequest) -> Option<Result<EgressResponse, EgressError>> + Send>;

/// A world outside that keeps what it was sent, and answers 204 or by a script. Addresses that begin with
/// `https://10.` are refused.
pub struct ScriptedEgress {
    sent: Mutex<Vec<EgressRequest>>,
    script: Mutex<Script>,
}

impl Default for ScriptedEgress {
    fn default() -> Self {
        let script: Script = Box::new(|_| Some(Ok(EgressResponse { status: 204, body: Bytes::new() })));
        Self { sent: Mutex::default(), script: Mutex::new(script) }
    }
}

impl std::fmt::Debug for ScriptedEgress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ScriptedEgress").finish_non_exhaustive()
    }
}

impl ScriptedEgress {
    /// From now on requests are answered so; `None` leaves one without an answer for ever.
    pub fn answer(
        &self,
        script: impl Fn(&EgressRequest) -> Option<Result<EgressResponse, EgressError>> + Send + 'static,
    ) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(script);
    }

    /// From now on requests are answered with this status.
    pub fn answer_status(&self, status: u16) {
        self.answer(move |_| Some(Ok(EgressResponse { status, body: Bytes::from_static(b"scripted") })));
    }

    /// What was sent so far.
    pub fn sent(&self) -> Vec<EgressRequest> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Egress for ScriptedEgress {
    fn check(&self, url: String) -> BoxFuture<'_, Result<(), EgressError>> {
        Box::pin(async move {
            let refused = EgressError::Refused("the address is not public".to_owned());
            if url.starts_with("https://10.") { Err(refused) } else { Ok(()) }
        })
    }

    fn post(&self, request: EgressRequest) -> BoxFuture<'_, Result<EgressResponse, EgressError>> {
        Box::pin(async move {
            let answer = self.script.lock().unwrap_or_else(PoisonError::into_inner)(&request);
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(request);
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_ids_are_uuids_of_version_7_in_order() {
        let ids = CountingIds::default();
        let (first, second) = (ids.next_uuid(), ids.next_uuid());
        assert_eq!(first.get_version_num(), 7);
        assert!(first < second);
    }

    #[test]
    fn the_fake_clock_moves_only_by_hand() {
        let clock = FakeClock::at(Timestamp::UNIX_EPOCH);
        clock.advance(SignedDuration::from_secs(60));
        assert_eq!(clock.now(), Timestamp::from_second(60).unwrap());
    }
}
