//! Payments: what collects the money of an order, holds it and gives it back.
//!
//! Every answer is told as facts, and only [`tradepost_domain::payment::Payment::apply`] decides what they mean. An answer
//! that did not come is [`Outcome::Unknown`] and never a failure: money may have moved. The same request may then be
//! sent again with the same key, or be read back; a new attempt waits until the old one is known to be dead.

mod answer;
mod event;
mod request;

use std::time::Duration;

use jiff::Timestamp;
use tradepost_domain::kernel::ids::PaymentAttemptId;
use tradepost_domain::payment::PaymentProvider;

pub use answer::{
    ClientAction, Decline, Intent, Outcome, ProviderRefund, ReadError, Refusal, SavedPaymentMethod,
};
pub use event::{
    BalanceEntry, BalanceKind, EventEnvelope, EventMeaning, ListedEvent, Page, ProviderEvent, Since,
    WebhookError,
};
pub use request::{
    CaptureIntent, CaptureMethod, ConfirmIntent, CreateIntent, IntentRef, NewCustomer, RefundIntent,
};

use crate::BoxFuture;

/// Collects money through one provider.
///
/// `within` is what is left of the caller's time; an adapter takes the smaller of it and its own limit.
pub trait PaymentGateway: Send + Sync + 'static {
    /// Which provider this is.
    fn provider(&self) -> PaymentProvider;

    /// Whether the provider keeps books of its own to compare ours with.
    fn keeps_books(&self) -> bool;

    /// Makes the provider's object for an attempt; no money moves. Sent twice, it is the same object.
    fn create<'a>(&'a self, request: &'a CreateIntent, within: Duration) -> BoxFuture<'a, Outcome<Intent>>;

    /// Tries to collect. Sent twice with the same number of the confirmation, it is tried once.
    fn confirm<'a>(&'a self, request: &'a ConfirmIntent, within: Duration) -> BoxFuture<'a, Outcome<Intent>>;

    /// Takes what was set aside, in whole or in part, once; the rest is given up.
    fn capture<'a>(&'a self, request: &'a CaptureIntent, within: Duration) -> BoxFuture<'a, Outcome<Intent>>;

    /// Gives the attempt up, and with it what was set aside. Money that was captured stays.
    fn cancel<'a>(&'a self, intent: &'a IntentRef, within: Duration) -> BoxFuture<'a, Outcome<Intent>>;

    /// Gives captured money back.
    fn refund<'a>(
        &'a self,
        request: &'a RefundIntent,
        within: Duration,
    ) -> BoxFuture<'a, Outcome<ProviderRefund>>;

    /// What the provider knows of an attempt now.
    fn retrieve<'a>(
        &'a self,
        intent: &'a IntentRef,
        within: Duration,
    ) -> BoxFuture<'a, Result<Intent, ReadError>>;

    /// Finds an attempt whose object's id we never learned, made at `from` or later; `None` when the provider has none.
    fn find(
        &self,
        attempt: PaymentAttemptId,
        from: Timestamp,
        within: Duration,
    ) -> BoxFuture<'_, Result<Option<Intent>, ReadError>>;

    /// Facts about a dispute, as it stands now.
    fn dispute<'a>(
        &'a self,
        dispute_id: &'a str,
        within: Duration,
    ) -> BoxFuture<'a, Result<ProviderEvent, ReadError>>;

    /// What the provider would have told by webhook, newest first.
    fn events<'a>(
        &'a self,
        since: &'a Since,
        within: Duration,
    ) -> BoxFuture<'a, Result<Page<ListedEvent>, ReadError>>;

    /// The provider's book of what moved, newest first.
    fn balance<'a>(
        &'a self,
        since: &'a Since,
        within: Duration,
    ) -> BoxFuture<'a, Result<Page<BalanceEntry>, ReadError>>;

    /// Makes a customer under which payment methods can be saved; gives the provider's id.
    fn create_customer<'a>(
        &'a self,
        customer: &'a NewCustomer,
        within: Duration,
    ) -> BoxFuture<'a, Outcome<String>>;

    /// One of the payment methods that a customer saved; [`ReadError::NotFound`] where the customer has no such one.
    fn payment_method<'a>(
        &'a self,
        provider_customer: &'a str,
        payment_method: &'a str,
        within: Duration,
    ) -> BoxFuture<'a, Result<SavedPaymentMethod, ReadError>>;

    /// Forgets a saved payment method. One that is forgotten already is refused.
    fn forget_payment_method<'a>(
        &'a self,
        payment_method: &'a str,
        within: Duration,
    ) -> BoxFuture<'a, Outcome<()>>;

    /// Name of the header that carries the signature of a webhook, in lower case.
    fn signature_header(&self) -> &'static str;

    /// Checks who sent a webhook and reads its envelope, no more: the event is stored before anything is made of it.
    fn verify_webhook(
        &self,
        signature: Option<&str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<EventEnvelope, WebhookError>;

    /// Reads what a stored event means.
    fn read_event(&self, body: &[u8]) -> Result<ProviderEvent, ReadError>;
}
