//! Price lists in the storefront: which of them fragments show, and when they begin and end to.
//!
//! Fragments show what a guest pays for one unit at the moment that the database keeps (`price_moment`), not at that of a clock:
//! so two processes whose clocks differ, or one that was away, never render one product at two prices. The projector moves
//! the moment when a list begins or ends between it and now, and tells of each that does; the events lead to their products like
//! all others. Without lists nothing is written, and nothing is asked that is not asked for every batch.

use jiff::{SignedDuration, Timestamp};
use tradepost_domain::catalog::Channel;
use tradepost_domain::kernel::ids::{EntityId, EventId, PriceListId};
use tradepost_domain::kernel::with_causes;
use tradepost_domain::pricing::{PriceList, Setting};
use tradepost_domain::promotion::Turn;
use tradepost_store::catalog::projection::{
    self, CatalogSnapshot, ProductSource, ShownPriceList, StoredPriceList,
};
use tradepost_store::outbox::{self, Event};
use tradepost_store::{Client, StoreError, Tx};

use super::project::{BUSY_PAUSE, Projector};
use crate::pricing::known::price_list;
use crate::pricing::load::with_prices;
use crate::pricing::shown::turned_payload;

/// The moment of prices goes back only when it is this far ahead: a clock that was wrong has been set right. Less is how far
/// the clocks of several machines may be apart.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(1);

/// Loads what stands around products, price lists with it.
pub(super) async fn load_catalog(client: &Client) -> Result<CatalogSnapshot, StoreError> {
    let (mut catalog, lists) = projection::load_catalog(client).await?;
    let shown = |stored: &StoredPriceList| match price_list(&stored.rule) {
        Ok(list) => Some(ShownPriceList { list, version: stored.version }),
        // Its products show their other prices; the shop goes on.
        Err(error) => {
            let error = with_causes(&error);
            tracing::error!(price_list.id = %PriceListId::from_uuid(stored.rule.id), error, "a price list cannot be read");
            None
        }
    };
    catalog.price_lists = lists.iter().filter_map(shown).collect();
    Ok(catalog)
}

/// The setting in which everybody sees a price in a channel.
pub(super) fn setting(catalog: &CatalogSnapshot, channel: &Channel) -> Setting<'static> {
    Setting::of_guest(channel.id, channel.currency, catalog.priced_at)
}

/// The price lists that somebody sees at the moment: others need no prices.
pub(super) fn holding(catalog: &CatalogSnapshot) -> Vec<PriceListId> {
    let settings: Vec<_> = catalog.channels.iter().map(|channel| setting(catalog, channel)).collect();
    let seen = |list: &&PriceList| settings.iter().any(|setting| list.holds(setting));
    catalog.price_lists.iter().map(|shown| &shown.list).filter(seen).map(|list| list.id).collect()
}

/// The price lists that have a price for a product, with those prices.
pub(super) fn lists_of(product: &ProductSource, catalog: &CatalogSnapshot) -> Vec<PriceList> {
    if product.listed_prices.is_empty() {
        return Vec::new();
    }
    let lists = catalog.price_lists.iter().map(|shown| &shown.list);
    with_prices(lists, product.listed_prices.iter().copied())
}

/// A list whose time has come, or is over, with what happened to it.
type Turned<'a> = (&'a ShownPriceList, &'static str);

/// What happened to the lists between the moment of the prices and now, by their times.
fn turned(catalog: &CatalogSnapshot, now: Timestamp) -> Vec<Turned<'_>> {
    let moment = catalog.priced_at;
    let is_ahead = moment.saturating_sub(AHEAD_MAX).is_ok_and(|moment| moment > now);
    let lists = catalog.price_lists.iter();
    if is_ahead {
        // What was told too early will be told again at its time.
        let lists = lists.filter(|shown| shown.list.schedule.turns(now, moment).next().is_some());
        return lists.map(|shown| (shown, "price_list.updated")).collect();
    }
    let name = |turn| match turn {
        Turn::Start => "price_list.started",
        Turn::End => "price_list.ended",
    };
    let turns = |shown: &ShownPriceList| shown.list.schedule.turns(moment, now);
    lists.flat_map(|shown| turns(shown).map(move |turn| (shown, name(turn)))).collect()
}

impl Projector {
    /// Lets price lists begin and end whose time has come: tells of each, and moves the moment at whose prices is rendered
    /// from the next batch on. Whether there was one. Only for who is the projector.
    pub(super) async fn turn_price_lists(
        &self,
        tx: &Tx,
        catalog: &CatalogSnapshot,
    ) -> Result<bool, StoreError> {
        let now = self.shop.clock.now();
        let turned = turned(catalog, now);
        if turned.is_empty() {
            return Ok(false);
        }
        let event = |(shown, kind): &Turned<'_>| Event {
            id: self.shop.ids.next::<EventId>(),
            kind,
            aggregate_id: shown.list.id.as_uuid(),
            version: shown.version,
            payload: turned_payload(&shown.list).into(),
        };
        outbox::push(tx, &turned.iter().map(event).collect::<Vec<_>>(), now).await?;
        projection::move_price_moment(tx, now).await?;
        Ok(true)
    }

    /// The same in a transaction of its own.
    pub(super) async fn turn_due(&self) -> Result<(), StoreError> {
        loop {
            let tx = self.shop.store.worker().begin("turn_price_lists").await?;
            if projection::try_lock_projector(&tx).await?.is_some() {
                let catalog = load_catalog(&tx).await?;
                self.turn_price_lists(&tx, &catalog).await?;
                return tx.commit().await;
            }
            drop(tx);
            tokio::time::sleep(BUSY_PAUSE).await;
        }
    }
}
