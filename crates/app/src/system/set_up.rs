//! What a new shop has: a default channel and a place where its stock lies.

use tradepost_domain::catalog::Channel;
use tradepost_domain::kernel::ids::{EntityId, StockLocationId};
use tradepost_domain::kernel::{Currency, Handle, Locale};
use tradepost_store::{StoreError, channel, system};

use crate::shop::Shop;

/// The channel of a shop that has none yet.
#[derive(Debug, Clone)]
pub struct FirstChannel {
    /// Its handle.
    pub handle: Handle,
    /// What staff call it.
    pub name: String,
    /// What it sells in.
    pub currency: Currency,
    /// The locales it speaks, the default first.
    pub locales: Vec<Locale>,
}

/// Makes what is missing; run again, it changes nothing. Answers the default channel.
pub async fn set_up_shop(shop: &Shop, first: FirstChannel) -> Result<Option<Channel>, StoreError> {
    let now = shop.clock.now();
    let tx = shop.store.admin().begin("set_up_shop").await?;
    let location: StockLocationId = shop.ids.next();
    system::insert_default_location(&tx, location.as_uuid(), ("main", "Main warehouse"), now).await?;
    let channels = channel::list(&tx).await?;
    let found = channels.iter().find(|channel| channel.is_default).cloned();
    let made = match (channels.is_empty(), first.locales.first()) {
        (true, Some(default_locale)) => {
            let channel = Channel {
                id: shop.ids.next(),
                handle: first.handle,
                name: first.name,
                currency: first.currency,
                default_locale: default_locale.clone(),
                locales: first.locales.clone(),
                is_default: true,
                active: true,
                version: 1,
            };
            channel::insert(&tx, &channel, now).await?;
            Some(channel)
        }
        _ => found,
    };
    tx.commit().await?;
    Ok(made)
}
