//! What storefronts tell of searches: events in the form of User Behavior Insights
//! (<https://github.com/o19s/ubi>, schema 1.2), as far as reports need them. What else that schema has (and lets others add) is read
//! over and not kept.

use jiff::Timestamp;
use serde::Deserialize;
use tradepost_domain::kernel::ids::SearchQueryId;
use utoipa::ToSchema;

use super::log::{Deed, EventRow};
use crate::error::WriteError;
use crate::shop::Shop;

/// Events at once.
pub const EVENTS_MAX: usize = 50;
/// Places in an answer.
const POSITION_MAX: i32 = 10_000;

/// Events that happened since the last ones were told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchEvents {
    /// The events.
    #[schema(min_items = 1, max_items = 50)]
    pub events: Vec<SearchEvent>,
}

/// Something that a shopper did with what a search found. Other fields of User Behavior Insights may be there and are not kept.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SearchEvent {
    /// The search: `query_id` of its answer.
    #[schema(value_type = String, pattern = "^qry_[0-7][0-9a-hjkmnp-tv-z]{25}$", example = "qry_0000000000000000000000000a")]
    pub query_id: SearchQueryId,
    /// What was done.
    pub action_name: SearchAction,
    /// With what.
    pub event_attributes: SearchEventAttributes,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchAction {
    /// A product of the answer was opened.
    Click,
    /// It was put into the cart.
    AddToCart,
    /// An order was placed.
    Purchase,
}

/// With what it was done.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SearchEventAttributes {
    /// The thing.
    pub object: SearchEventObject,
    /// Where it stood.
    #[serde(default)]
    pub position: Option<SearchEventPosition>,
}

/// The thing.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SearchEventObject {
    /// Id of the product; of a purchase, that of the order.
    #[schema(example = "prod_0000000000000000000000000a")]
    pub object_id: String,
}

/// Where it stood in the answer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SearchEventPosition {
    /// Place, from 1.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000)]
    pub ordinal: Option<i32>,
}

impl SearchEvent {
    fn row(self, index: usize, at: Timestamp) -> Result<EventRow, WriteError> {
        let object = &self.event_attributes.object.object_id;
        let deed = match self.action_name {
            SearchAction::Click => object.parse().map(Deed::Click),
            SearchAction::AddToCart => object.parse().map(Deed::AddToCart),
            SearchAction::Purchase => object.parse().map(Deed::Purchase),
        };
        let deed = deed.map_err(|error| {
            let path = format!("$.events[{index}].event_attributes.object.object_id");
            WriteError::invalid(path, "invalid_id", error.to_string())
        })?;
        let position = self.event_attributes.position.and_then(|position| position.ordinal);
        if position.is_some_and(|place| !(1..=POSITION_MAX).contains(&place)) {
            let path = format!("$.events[{index}].event_attributes.position.ordinal");
            return Err(WriteError::invalid(path, "out_of_range", "a place is from 1 to 10000"));
        }
        Ok(deed.of(self.query_id, position, at))
    }
}

/// Takes events: all or, where one is not valid, none. Whether they are true shows when they are written.
pub fn take_events(
    shop: &Shop,
    SearchEvents { events }: SearchEvents,
    ip: Option<&str>,
) -> Result<(), WriteError> {
    shop.throttle.search_event(ip)?;
    if events.is_empty() || events.len() > EVENTS_MAX {
        return Err(WriteError::invalid("$.events", "out_of_range", "send 1 to 50 events at once"));
    }
    let now = shop.clock.now();
    let rows = events.into_iter().enumerate().map(|(index, event)| event.row(index, now));
    shop.search_log.note_events(rows.collect::<Result<_, _>>()?);
    Ok(())
}
