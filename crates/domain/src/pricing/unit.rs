//! The price of one unit: that of the first price list which has one, or the variant's own.
//!
//! Carts and the storefront ask here, so that what a shopper is shown is what a shopper pays.

use jiff::Timestamp;

use super::explain::Reason;
use super::price_list::PriceList;
use super::snapshot::BasePrice;
use crate::kernel::ids::{ChannelId, CustomerGroupId, PriceListId, VariantId};
use crate::kernel::{Currency, Money};

/// Where, when and for whom a price is asked.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Channel.
    pub channel: ChannelId,
    /// Currency.
    pub currency: Currency,
    /// The present.
    pub now: Timestamp,
    /// Groups of who buys.
    pub group_ids: &'a [CustomerGroupId],
}

impl Setting<'static> {
    /// Of somebody whom nobody knows: what everybody is shown.
    pub fn of_guest(channel: ChannelId, currency: Currency, now: Timestamp) -> Self {
        Self { channel, currency, now, group_ids: &[] }
    }
}

/// The price of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitPrice {
    /// What it costs.
    pub amount: Money,
    /// The higher price to show it against: the variant's own one, or its own price where a list has a lower one.
    pub compare_at: Option<Money>,
    /// The price list that set it; none for the variant's own.
    pub price_list_id: Option<PriceListId>,
}

/// Price lists in the order in which they are asked, each with why it does not hold.
#[derive(Debug)]
pub struct AskedLists<'a> {
    currency: Currency,
    lists: Vec<(&'a PriceList, Option<Reason>)>,
}

impl<'a> AskedLists<'a> {
    /// The lists as they are asked in a setting.
    pub fn new(lists: &'a [PriceList], setting: &Setting<'_>) -> Self {
        let mut lists: Vec<_> = lists.iter().map(|list| (list, list.obstacle(setting))).collect();
        lists.sort_by_key(|(list, _)| list.rank());
        Self { currency: setting.currency, lists }
    }

    /// The price of one unit of a variant of which so many are bought, given its own price; `None` when neither it nor a list
    /// has one.
    pub fn unit_price(&self, variant: VariantId, units: u32, base: Option<BasePrice>) -> Option<UnitPrice> {
        let mut holding = self.lists.iter().filter(|(_, obstacle)| obstacle.is_none());
        let listed =
            holding.find_map(|(list, _)| Some((list.price_of(variant, units, self.currency)?, list.id)));
        let amount = listed.map(|(price, _)| price).or(base.map(|base| base.amount))?;
        let higher = base.map(BasePrice::highest).filter(|higher| higher.amount() > amount.amount());
        Some(UnitPrice { amount, compare_at: higher, price_list_id: listed.map(|(_, id)| id) })
    }

    /// The lists with what keeps each from holding, in their order.
    pub(super) fn into_outcomes(self) -> impl Iterator<Item = (&'a PriceList, Option<Reason>)> {
        self.lists.into_iter()
    }
}

impl BasePrice {
    /// The larger one of its two amounts, which are of one currency.
    fn highest(self) -> Money {
        self.compare_at.filter(|higher| higher.amount() > self.amount.amount()).unwrap_or(self.amount)
    }
}
