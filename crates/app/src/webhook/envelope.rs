//! The body of a delivery: the same bytes at every try.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tradepost_domain::kernel::ids::{EventId, wire_id};
use tradepost_domain::webhook::find_event_type;
use tradepost_store::webhook::sending::TakenEvent;

/// What an endpoint is sent.
#[derive(Debug, Serialize)]
struct Envelope<'a> {
    /// The event; also in the header `webhook-id`.
    id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    kind: &'a str,
    /// When, as Standard Webhooks calls it.
    timestamp: Timestamp,
    /// When.
    created_at: Timestamp,
    /// Version of the thing that it happened to: of two events of one thing, the higher tells the later state.
    version: i64,
    /// Facts, as they were in the transaction of the change.
    data: Value,
}

/// Writes the body.
pub(super) fn write_envelope(
    id: EventId,
    kind: &str,
    event: &TakenEvent,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut data = event.payload.clone();
    if let (Some(fields), Some(found)) = (data.as_object_mut(), find_event_type(kind)) {
        let thing = || wire_id(found.id_prefix, event.aggregate_id).into();
        fields.entry("id").or_insert_with(thing);
    }
    let created_at = event.created_at;
    serde_json::to_vec(&Envelope {
        id,
        kind,
        timestamp: created_at,
        created_at,
        version: event.version,
        data,
    })
}
