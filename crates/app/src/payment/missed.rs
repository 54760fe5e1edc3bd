//! Finds what a provider would have told by webhook and nobody heard: refunds and disputes that were made on its own pages
//! while our endpoint was away, successes of orders that we no longer ask about.
//!
//! The provider's own list of events is read on from where it was left, and what is not in the inbox is put there. From
//! then on it is an event like any other: worked off by the inbox, once, under the provider's id of it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tradepost_domain::payment::PaymentProvider;
use tradepost_port::payment::{EventMeaning, ListedEvent, PaymentGateway, Since};
use tradepost_store::payment::{read, webhook_inbox};

use super::{WITHIN, inconsistent};
use crate::error::WriteError;
use crate::outside::Outside;
use crate::shop::Shop;

/// Rest between two looks at the lists.
pub(super) const EVERY: Duration = Duration::from_mins(5);
/// The newest are left alone: their webhooks may still be on their way.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);
/// So much of the time before is read again: our clock may be ahead of the provider's by as much as a signature allows, and
/// what happened is not in the list at once.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// The longest stretch of time that is listed at once: pages go back in time, and a stretch is done when its first is read.
const STRETCH: SignedDuration = SignedDuration::from_hours(6);
/// A provider forgets its events after thirty days (<https://docs.stripe.com/api/events>).
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a look at the lists came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Missed {
    /// Events that nobody had told.
    pub found: usize,
    /// Whether there is more to list at once.
    pub more_is_due: bool,
}

/// Reads on in the list of every provider that keeps one. A provider that cannot be asked is asked again the next time.
pub(super) async fn take_missed_events(shop: &Shop) -> Result<Missed, WriteError> {
    let mut missed = Missed::default();
    for (provider, gateway) in &shop.checkout.gateways {
        if gateway.call().keeps_books() {
            let of_one = list_on(shop, *provider, gateway).await?;
            missed.found = missed.found.saturating_add(of_one.found);
            missed.more_is_due |= of_one.more_is_due;
        }
    }
    if missed.found > 0 {
        shop.inbox_arrivals.notify_one();
    }
    Ok(missed)
}

/// Reads the next stretch of a provider's list, and notes it as read when all of it is stored.
async fn list_on(
    shop: &Shop,
    provider: PaymentProvider,
    gateway: &Outside<dyn PaymentGateway>,
) -> Result<Missed, WriteError> {
    let newest = before(shop.clock.now(), MARGIN);
    let listed = webhook_inbox::listed_until(&*shop.store.worker().conn().await?, provider).await?;
    // A shop that never looked has missed nothing that it could know of.
    let listed = listed.unwrap_or(newest).max(before(newest, REMEMBERED));
    let until = listed.saturating_add(STRETCH).unwrap_or(newest).min(newest);
    let mut since = Since { from: before(listed, OVERLAP), until: Some(until), after: None };
    let mut found = 0_usize;
    loop {
        let page = match gateway.call().events(&since, WITHIN).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%provider, %error, "the events of a payment provider could not be listed");
                return Ok(Missed { found, more_is_due: false });
            }
        };
        found = found.saturating_add(store(shop, provider, gateway, page.items).await?);
        since.after = page.next;
        if since.after.is_none() {
            break;
        }
    }
    webhook_inbox::list_on(&*shop.store.worker().conn().await?, provider, until).await?;
    if found > 0 {
        tracing::warn!(%provider, found, "events of a payment provider came by no webhook");
    }
    Ok(Missed { found, more_is_due: until < newest })
}

/// Stores those of a page that are not stored and are about payments of ours; answers how many.
async fn store(
    shop: &Shop,
    provider: PaymentProvider,
    gateway: &Outside<dyn PaymentGateway>,
    page: Vec<ListedEvent>,
) -> Result<usize, WriteError> {
    let conn = shop.store.worker().conn().await?;
    let ids: Vec<&str> = page.iter().map(|event| event.envelope.id.as_str()).collect();
    let known = webhook_inbox::known(&conn, provider, &ids).await?;
    let mut stored = 0_usize;
    for event in page.iter().filter(|event| !known.contains(&event.envelope.id)) {
        let body = serde_json::to_vec(&event.body).map_err(inconsistent)?;
        let concerns_us = match gateway.call().read_event(&body).map(|event| event.meaning) {
            Ok(EventMeaning::Nothing) => false,
            Ok(EventMeaning::LookAt { intent_id }) => {
                read::order_of_intent(&conn, provider, &intent_id, None).await?.is_some()
            }
            // The list is that of the account, on which others may sell besides.
            Ok(EventMeaning::Facts(facts)) => {
                let Some(fact) = facts.first() else { continue };
                read::order_of_intent(&conn, provider, &fact.intent_id, fact.attempt_id).await?.is_some()
            }
            // The inbox tries it again for a day, and puts it aside for people.
            Err(_) => true,
        };
        if concerns_us {
            let names = (event.envelope.id.as_str(), event.envelope.kind.as_str());
            let is_new =
                webhook_inbox::receive(&conn, provider, names, &event.body, shop.clock.now()).await?;
            stored = stored.saturating_add(usize::from(is_new));
        }
    }
    Ok(stored)
}

fn before(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.saturating_sub(by).unwrap_or(moment)
}
