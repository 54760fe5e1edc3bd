//! Takes in what providers tell: checked for its sender, stored, and acknowledged only then. What it means is found out
//! by the worker, so that no fault of that can lose an event (cases C24 and C36).

use std::time::Duration;

use tradepost_domain::payment::PaymentProvider;
use tradepost_port::payment::WebhookError;
use tradepost_store::StoreError;
use tradepost_store::payment::webhook_inbox;

use crate::crash::CrashPoint;
use crate::shop::Shop;

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveWebhookError {
    /// The shop takes no payments through this provider.
    #[error("the shop takes no payments through this provider")]
    UnknownProvider,
    /// Not from the provider, or not now.
    #[error(transparent)]
    Refused(#[from] WebhookError),
    /// The database failed: the provider will try again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Stores an event of a provider; `false` when it was stored before.
pub async fn receive_webhook(
    shop: &Shop,
    provider: PaymentProvider,
    signature: impl Fn(&str) -> Option<String>,
    body: &[u8],
) -> Result<bool, ReceiveWebhookError> {
    let gateway = shop.checkout.gateways.get(&provider).ok_or(ReceiveWebhookError::UnknownProvider)?;
    let now = shop.clock.now();
    let signature = signature(gateway.call().signature_header());
    let envelope = gateway.call().verify_webhook(signature.as_deref(), body, now)?;
    if [&envelope.id, &envelope.kind].iter().any(|name| name.contains('\0')) {
        return Err(WebhookError::MalformedBody.into());
    }
    let payload = serde_json::from_slice(body).map_err(|_| WebhookError::MalformedBody)?;
    let conn = shop.store.storefront().conn().await?;
    let names = (envelope.id.as_str(), envelope.kind.as_str());
    let crash = &shop.checkout.crash;
    let stored = webhook_inbox::receive(&conn, provider, names, &payload, now);
    let is_new = crash.during(CrashPoint::WebhookBeforeCommit, Duration::ZERO, stored).await?;
    crash.point(CrashPoint::WebhookAfterCommit);
    if is_new {
        shop.inbox_arrivals.notify_one();
    }
    Ok(is_new)
}
