//! One try of a delivery: sign, post, write down what came of it.

use std::time::Instant;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tradepost_domain::kernel::ids::{EntityId, EventId, WebhookEndpointId};
use tradepost_domain::webhook::event_type::{MOVED_EVENT, TEST_EVENT};
use tradepost_domain::webhook::schedule::{FAILING_DAYS_MAX, TRIES_BEFORE_DISABLING};
use tradepost_domain::webhook::{DeliveryState, DisabledReason, Verdict, judge};
use tradepost_port::{EgressError, EgressRequest, EgressResponse};
use tradepost_store::webhook::endpoint;
use tradepost_store::webhook::sending::{self, TakenDelivery, TryResult};

use super::envelope::write_envelope;
use super::sealed;
use super::signature::{WebhookSecret, sign};
use crate::crash::CrashPoint;
use crate::error::WriteError;
use crate::mail::{StaffMail, tell_staff};
use crate::seal::UnsealError;
use crate::shop::Shop;
use crate::work::{Actor, Origin, StaffContext};

/// How long a delivery is somebody's to send: a try takes fifteen seconds at most, and what came of it waits for a
/// connection ten. Who is killed meanwhile is followed by another try.
const LEASE: SignedDuration = SignedDuration::from_secs(45);
/// How long deliveries wait that cannot be signed.
const PARKED: SignedDuration = SignedDuration::from_mins(5);
/// Bytes of an answer that are kept.
const EXCERPT_BYTES_MAX: usize = 1_024;

/// Until when what is taken now is to be sent.
pub(super) fn lease_from(now: Timestamp) -> Timestamp {
    now.saturating_add(LEASE).unwrap_or(now)
}

/// Tries a delivery that was taken until `lease`, and gives it back.
pub(super) async fn try_delivery(
    caller: &StaffContext,
    endpoint: WebhookEndpointId,
    taken: &TakenDelivery,
    lease: Timestamp,
) -> Result<(), WriteError> {
    let shop = &*caller.shop;
    let (at, begun) = (shop.clock.now(), Instant::now());
    let (answer, unreadable) = match secrets(shop, endpoint, taken, at) {
        Ok(secrets) => match request(taken, &secrets, at)? {
            Some(request) => (Some(shop.egress.call().post(request).await), None),
            None => (None, None),
        },
        // Staff who try it are told; what happened in the shop waits for the key.
        Err(error) if taken.event_type == TEST_EVENT => (None, Some(error)),
        Err(error) => return park(shop, (endpoint, taken.event_id), lease, &error).await,
    };
    shop.checkout.crash.point(CrashPoint::DeliveryAfterPost);
    let duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let tries = u32::try_from(taken.step).unwrap_or(0).saturating_add(1);
    let status = match &answer {
        Some(Ok(response)) => Some(response.status),
        _ => None,
    };
    let verdict = match judge(status, tries, chance(shop)) {
        Verdict::Again { .. } if answer.is_none() => Verdict::GiveUp,
        // Nobody wanted it told: it is not tried again, and says nothing of what the endpoint was made for.
        Verdict::Again { .. } | Verdict::Gone if taken.event_type == TEST_EVENT => Verdict::GiveUp,
        Verdict::Gone if taken.event_type == MOVED_EVENT => Verdict::GiveUp,
        verdict => verdict,
    };
    let (state, next_at) = outcome(verdict, shop.clock.now());
    let (response, error) = match unreadable {
        Some(error) => (None, Some(format!("the secret that signs cannot be read: {error}"))),
        None => told(answer.as_ref()),
    };
    let result = TryResult {
        state: state.as_str(),
        next_at,
        finished_at: next_at.is_none().then(|| shop.clock.now()),
        at,
        duration_ms,
        status_code: status.map(i32::from),
        response,
        error,
    };
    let conn = shop.store.worker().conn().await?;
    // What a former address answers says nothing of the present one.
    let is_farewell = taken.event_type == MOVED_EVENT;
    let is_counted = taken.event_type != TEST_EVENT && !is_farewell && answer.is_some();
    let noted = async {
        match verdict {
            // Whether or not it failed when this was taken: others of it may have failed since.
            Verdict::Delivered if !is_farewell => endpoint::recover(&conn, endpoint).await.map(|()| None),
            _ if is_counted => endpoint::fail(&conn, endpoint, at).await,
            _ => Ok(None),
        }
    };
    let recorded = sending::record(&conn, (endpoint, taken.event_id), lease, &result);
    let (recorded, since) = futures_util::future::join(recorded, noted).await;
    recorded?;
    let since = since?;
    shop.webhooks.note(state);
    drop(conn);
    if let Some(reason) = reason_to_disable(verdict, since, (tries, at)) {
        disable(caller, endpoint, reason).await?;
    }
    Ok(())
}

/// What signs a delivery: the endpoint's secret, and its former one for as long as that does.
fn secrets(
    shop: &Shop,
    endpoint: WebhookEndpointId,
    taken: &TakenDelivery,
    now: Timestamp,
) -> Result<Vec<WebhookSecret>, UnsealError> {
    let former = taken.former_secret.iter().filter(|(_, until)| *until > now).map(|(secret, _)| secret);
    let sealed = std::iter::once(&taken.secret).chain(former);
    sealed.map(|secret| sealed::open(shop, endpoint, secret)).collect()
}

/// Puts aside what is due to an endpoint whose secret cannot be read: no try of it, and nothing that counts against the
/// endpoint. It is looked at again every few minutes, and goes out when the key is back.
async fn park(
    shop: &Shop,
    (endpoint, event): (WebhookEndpointId, EventId),
    lease: Timestamp,
    error: &UnsealError,
) -> Result<(), WriteError> {
    tracing::error!(webhook_endpoint.id = %endpoint, %error, "deliveries wait: the secret that signs them cannot be read");
    let now = shop.clock.now();
    let until = now.saturating_add(PARKED).unwrap_or(now);
    let conn = shop.store.worker().conn().await?;
    Ok(sending::park(&conn, (endpoint, event), lease, (now, until)).await?)
}

/// What is posted; `None` when the event is no longer kept.
fn request(
    taken: &TakenDelivery,
    secrets: &[WebhookSecret],
    now: Timestamp,
) -> Result<Option<EgressRequest>, WriteError> {
    let Some(event) = &taken.event else { return Ok(None) };
    let body = write_envelope(taken.event_id, &taken.event_type, event)?;
    let (id, seconds) = (taken.event_id.to_string(), now.as_second());
    let signature = sign(secrets, (&id, seconds), &body);
    let headers = vec![
        ("webhook-id", id),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signature),
    ];
    Ok(Some(EgressRequest { url: taken.url.clone(), headers, body: body.into() }))
}

fn chance(shop: &Shop) -> u64 {
    let drawn = shop.ids.next_secret();
    drawn.iter().rev().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

fn outcome(verdict: Verdict, now: Timestamp) -> (DeliveryState, Option<Timestamp>) {
    match verdict {
        Verdict::Delivered => (DeliveryState::Delivered, None),
        Verdict::GiveUp | Verdict::Gone => (DeliveryState::Dead, None),
        Verdict::Again { delay_ms } => {
            let delay = SignedDuration::from_millis(i64::try_from(delay_ms).unwrap_or(i64::MAX));
            (DeliveryState::Failed, Some(now.saturating_add(delay).unwrap_or(now)))
        }
    }
}

/// The beginning of the answer, and why there is none.
fn told(answer: Option<&Result<EgressResponse, EgressError>>) -> (Option<String>, Option<String>) {
    match answer {
        None => (None, Some("the event is no longer kept".to_owned())),
        Some(Ok(response)) => (Some(excerpt(&response.body)), None),
        Some(Err(error)) => (None, Some(excerpt(&Bytes::from(error.to_string())))),
    }
}

/// The beginning of a text that anybody may have written: valid, and without what PostgreSQL does not store.
fn excerpt(body: &Bytes) -> String {
    let beginning = body.get(..EXCERPT_BYTES_MAX).unwrap_or(body);
    let mut text = String::from_utf8_lossy(beginning).replace('\0', " ");
    text.truncate(text.floor_char_boundary(EXCERPT_BYTES_MAX));
    text
}

fn reason_to_disable(
    verdict: Verdict,
    failing_since: Option<Timestamp>,
    (tries, now): (u32, Timestamp),
) -> Option<DisabledReason> {
    if verdict == Verdict::Gone {
        return Some(DisabledReason::Gone);
    }
    let patience = SignedDuration::from_hours(FAILING_DAYS_MAX * 24);
    let is_over = failing_since.is_some_and(|since| now.duration_since(since) >= patience);
    (is_over && tries >= TRIES_BEFORE_DISABLING).then_some(DisabledReason::Failing)
}

/// Disables an endpoint, unless somebody has done so meanwhile, and tells the other endpoints.
async fn disable(
    caller: &StaffContext,
    id: WebhookEndpointId,
    reason: DisabledReason,
) -> Result<(), WriteError> {
    let mut work = caller.begin_in(caller.shop.store.worker(), "disable_webhook_endpoint").await?;
    let Some(mut row) =
        endpoint::get_for_update(&work.tx, id).await?.filter(endpoint::EndpointRow::is_enabled)
    else {
        return Ok(());
    };
    row.disabled = Some((reason.as_str().to_owned(), work.now));
    row.version = row.version.saturating_add(1);
    row.updated_at = work.now;
    endpoint::update(&work.tx, &row).await?;
    let payload = json!({"url": row.url, "reason": reason.as_str(), "failing_since": row.failing_since});
    work.event("webhook_endpoint.disabled", id.as_uuid(), row.version, payload.clone());
    work.audit("webhook_endpoint.disable", ("webhook_endpoint", id.as_uuid()), None, Some(payload));
    let (url, why) = (row.url, reason.as_str().to_owned());
    tell_staff(&mut work, &StaffMail::WebhookEndpointDisabled { endpoint: id, url, reason: why });
    work.commit().await?;
    tracing::warn!(webhook_endpoint.id = %id, reason = reason.as_str(), "a webhook endpoint is disabled");
    Ok(())
}

/// The shop itself.
pub(super) fn system(shop: std::sync::Arc<Shop>) -> StaffContext {
    StaffContext { shop, actor: Actor::System, origin: Origin::default(), claim: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_valid_and_without_nul() {
        assert_eq!(excerpt(&Bytes::from_static(b"a\0b")), "a b");
        for body in [vec![0xff; 5_000], "ä".repeat(5_000).into_bytes(), vec![b'x'; 1_024]] {
            assert!(excerpt(&Bytes::from(body)).len() <= EXCERPT_BYTES_MAX);
        }
    }

    #[test]
    fn an_endpoint_is_disabled_when_it_is_gone_or_took_nothing_for_five_days() {
        let now: Timestamp = "2026-11-06T12:00:00Z".parse().unwrap();
        let ago = |hours: i64| now.checked_sub(SignedDuration::from_hours(hours)).ok();
        let again = Verdict::Again { delay_ms: 1 };
        assert_eq!(reason_to_disable(Verdict::Gone, None, (1, now)), Some(DisabledReason::Gone));
        assert_eq!(reason_to_disable(again, ago(120), (3, now)), Some(DisabledReason::Failing));
        assert_eq!(reason_to_disable(Verdict::GiveUp, ago(120), (8, now)), Some(DisabledReason::Failing));
        assert_eq!(reason_to_disable(again, ago(119), (3, now)), None);
        assert_eq!(reason_to_disable(again, ago(500), (2, now)), None);
        assert_eq!(reason_to_disable(Verdict::Delivered, None, (9, now)), None);
    }
}
