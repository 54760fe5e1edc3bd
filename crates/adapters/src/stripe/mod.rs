//! Stripe as a payment gateway: a thin client of its HTTP API.
//!
//! Requests are forms, answers the few fields that are read; the version of the API is pinned. Nothing is tried again
//! here: whoever asks knows how much time is left and what was tried. An answer that did not come, came in half or came
//! as a 5xx is `Unknown`; only a request that cannot have reached Stripe is `NotDone`.

mod books;
mod client;
mod customers;
mod facts;
mod intents;
mod object;
mod settings;
mod signature;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tradepost_domain::kernel::ids::PaymentAttemptId;
use tradepost_domain::payment::PaymentProvider;
use tradepost_port::BoxFuture;
use tradepost_port::payment::{
    BalanceEntry, CaptureIntent, ConfirmIntent, CreateIntent, EventEnvelope, Intent, IntentRef, ListedEvent,
    NewCustomer, Outcome, Page, PaymentGateway, ProviderEvent, ProviderRefund, ReadError, RefundIntent,
    SavedPaymentMethod, Since, WebhookError,
};

pub use client::API_VERSION;
pub use settings::{DEFAULT_API_BASE, StripeSettings, StripeSettingsError};
pub use signature::{TOLERANCE_SECONDS, WEBHOOK_BYTES_MAX, verify};

use client::StripeClient;

/// Stripe.
pub struct StripeGateway {
    client: StripeClient,
    webhook_secrets: Vec<SecretString>,
}

impl fmt::Debug for StripeGateway {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StripeGateway").finish_non_exhaustive()
    }
}

impl StripeGateway {
    /// A gateway with these settings; connects when it is first used.
    pub fn new(settings: &StripeSettings) -> Result<Self, StripeSettingsError> {
        let client = StripeClient::new(settings)?;
        Ok(Self { client, webhook_secrets: settings.webhook_secrets.clone() })
    }
}

impl PaymentGateway for StripeGateway {
    fn provider(&self) -> PaymentProvider {
        PaymentProvider::Stripe
    }

    fn keeps_books(&self) -> bool {
        true
    }

    fn create<'a>(&'a self, request: &'a CreateIntent, within: Duration) -> BoxFuture<'a, Outcome<Intent>> {
        Box::pin(intents::create(&self.client, request, within))
    }

    fn confirm<'a>(&'a self, request: &'a ConfirmIntent, within: Duration) -> BoxFuture<'a, Outcome<Intent>> {
        Box::pin(intents::confirm(&self.client, request, within))
    }

    fn capture<'a>(&'a self, request: &'a CaptureIntent, within: Duration) -> BoxFuture<'a, Outcome<Intent>> {
        Box::pin(intents::capture(&self.client, request, within))
    }

    fn cancel<'a>(&'a self, intent: &'a IntentRef, within: Duration) -> BoxFuture<'a, Outcome<Intent>> {
        Box::pin(intents::cancel(&self.client, intent, within))
    }

    fn refund<'a>(
        &'a self,
        request: &'a RefundIntent,
        within: Duration,
    ) -> BoxFuture<'a, Outcome<ProviderRefund>> {
        Box::pin(intents::refund(&self.client, request, within))
    }

    fn retrieve<'a>(
        &'a self,
        intent: &'a IntentRef,
        within: Duration,
    ) -> BoxFuture<'a, Result<Intent, ReadError>> {
        Box::pin(intents::retrieve(&self.client, &intent.intent_id, within))
    }

    fn find(
        &self,
        attempt: PaymentAttemptId,
        from: Timestamp,
        within: Duration,
    ) -> BoxFuture<'_, Result<Option<Intent>, ReadError>> {
        Box::pin(intents::find(&self.client, attempt, from, within))
    }

    fn dispute<'a>(
        &'a self,
        dispute_id: &'a str,
        within: Duration,
    ) -> BoxFuture<'a, Result<ProviderEvent, ReadError>> {
        Box::pin(books::dispute(&self.client, dispute_id, within))
    }

    fn events<'a>(
        &'a self,
        since: &'a Since,
        within: Duration,
    ) -> BoxFuture<'a, Result<Page<ListedEvent>, ReadError>> {
        Box::pin(books::events(&self.client, since, within))
    }

    fn balance<'a>(
        &'a self,
        since: &'a Since,
        within: Duration,
    ) -> BoxFuture<'a, Result<Page<BalanceEntry>, ReadError>> {
        Box::pin(books::balance(&self.client, since, within))
    }

    fn create_customer<'a>(
        &'a self,
        customer: &'a NewCustomer,
        within: Duration,
    ) -> BoxFuture<'a, Outcome<String>> {
        Box::pin(customers::create(&self.client, customer, within))
    }

    fn payment_method<'a>(
        &'a self,
        provider_customer: &'a str,
        payment_method: &'a str,
        within: Duration,
    ) -> BoxFuture<'a, Result<SavedPaymentMethod, ReadError>> {
        Box::pin(customers::payment_method(&self.client, (provider_customer, payment_method), within))
    }

    fn forget_payment_method<'a>(
        &'a self,
        payment_method: &'a str,
        within: Duration,
    ) -> BoxFuture<'a, Outcome<()>> {
        Box::pin(customers::forget(&self.client, payment_method, within))
    }

    fn signature_header(&self) -> &'static str {
        "stripe-signature"
    }

    fn verify_webhook(
        &self,
        signature: Option<&str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<EventEnvelope, WebhookError> {
        verify(signature, body, &self.webhook_secrets, now)?;
        let event = serde_json::from_slice(body).map_err(|_| WebhookError::MalformedBody)?;
        facts::envelope(&event).map_err(|_| WebhookError::MalformedBody)
    }

    fn read_event(&self, body: &[u8]) -> Result<ProviderEvent, ReadError> {
        let event = serde_json::from_slice(body).map_err(|error| ReadError::Malformed(error.to_string()))?;
        facts::event(event)
    }
}
