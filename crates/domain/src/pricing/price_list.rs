//! Price lists: other prices for a channel, a group of customers, a time or a quantity.

use std::cmp::Reverse;

use super::explain::Reason;
use super::unit::Setting;
use crate::kernel::ids::{ChannelId, CustomerGroupId, PriceListId, VariantId};
use crate::kernel::{Currency, Money, Quantity};
use crate::promotion::{Schedule, When};

/// A named set of prices with conditions for when it applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceList {
    /// Id; breaks ties of priority, the smaller first.
    pub id: PriceListId,
    /// Name, for staff and the explanation.
    pub name: String,
    /// The list with the largest priority that has a price for a variant sets it.
    pub priority: i32,
    /// Channels it is for; empty for all.
    pub channel_ids: Vec<ChannelId>,
    /// Groups of customers it is for; empty for everybody.
    pub customer_group_ids: Vec<CustomerGroupId>,
    /// When it applies.
    pub schedule: Schedule,
    /// Prices, at least those of the cart's variants.
    pub prices: Vec<PriceListPrice>,
}

/// A price of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceListPrice {
    /// Variant.
    pub variant_id: VariantId,
    /// From so many units of the variant in the cart on.
    pub min_quantity: Quantity,
    /// Price of one unit.
    pub amount: Money,
}

impl PriceList {
    /// Whether the list applies.
    pub fn holds(&self, setting: &Setting<'_>) -> bool {
        self.obstacle(setting).is_none()
    }

    /// Why the list does not apply, or `None` when it does.
    pub(super) fn obstacle(&self, setting: &Setting<'_>) -> Option<Reason> {
        match self.schedule.at(setting.now) {
            When::Early => return Some(Reason::NotStarted),
            When::Over => return Some(Reason::Ended),
            When::Running => {}
        }
        if !self.channel_ids.is_empty() && !self.channel_ids.contains(&setting.channel) {
            return Some(Reason::OtherChannel);
        }
        let groups = &self.customer_group_ids;
        if !groups.is_empty() && !groups.iter().any(|group| setting.group_ids.contains(group)) {
            return Some(Reason::OtherCustomerGroup);
        }
        None
    }

    /// The price of one unit when the cart has so many of the variant.
    pub(super) fn price_of(&self, variant: VariantId, units: u32, currency: Currency) -> Option<Money> {
        let reached = |price: &&PriceListPrice| {
            price.variant_id == variant
                && price.min_quantity.get() <= units
                && price.amount.currency() == currency
        };
        let best = self.prices.iter().filter(reached).max_by_key(|price| price.min_quantity);
        best.map(|price| price.amount)
    }

    /// The order in which lists are asked.
    pub(super) fn rank(&self) -> (Reverse<i32>, PriceListId) {
        (Reverse(self.priority), self.id)
    }
}
