//! Which channel a request belongs to: the one its publishable key names, or the default.

use std::sync::Arc;

use tradepost_domain::catalog::Channel;
use tradepost_domain::kernel::ids::ChannelId;
use tradepost_store::{StoreError, api_key, channel};

use super::Catalog;
use super::cache::{ChannelList, KnownKey};

/// Characters of a publishable key, at most.
const KEY_LEN_MAX: usize = 200;

/// Why a request belongs to no channel.
#[derive(Debug, thiserror::Error)]
pub enum FindChannelError {
    /// No live publishable key is this text, or its channel is closed.
    #[error("the publishable key is not known")]
    UnknownKey,
    /// There is no default channel, or it is closed.
    #[error("the shop has no open default channel")]
    NoDefaultChannel,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The channel that a publishable key names, or the default one without a key.
pub async fn find_channel(catalog: &Catalog, key: Option<&str>) -> Result<Arc<Channel>, FindChannelError> {
    let Some(key) = key else {
        let channels = channels(catalog).await?;
        let default = channels.iter().find(|channel| channel.is_default && channel.active);
        return default.cloned().ok_or(FindChannelError::NoDefaultChannel);
    };
    if !key.starts_with("pk_") || key.len() > KEY_LEN_MAX {
        return Err(FindChannelError::UnknownKey);
    }
    let known = find_key(catalog, key).await?.ok_or(FindChannelError::UnknownKey)?;
    get_channel(catalog, known.channel_id).await?.ok_or(FindChannelError::UnknownKey)
}

/// An open channel by its id.
pub async fn get_channel(catalog: &Catalog, id: ChannelId) -> Result<Option<Arc<Channel>>, StoreError> {
    let channels = channels(catalog).await?;
    Ok(channels.iter().find(|channel| channel.id == id && channel.active).cloned())
}

async fn channels(catalog: &Catalog) -> Result<ChannelList, StoreError> {
    let load = async || {
        let conn = catalog.store.storefront().conn().await?;
        channel::list(&conn).await
    };
    catalog.cache.channels(load).await
}

async fn find_key(catalog: &Catalog, key: &str) -> Result<Option<KnownKey>, StoreError> {
    let digest = ring::digest::digest(&ring::digest::SHA256, key.as_bytes());
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest.as_ref()).for_each(|(place, byte)| *place = *byte);
    let load = async || {
        let conn = catalog.store.storefront().conn().await?;
        let now = catalog.clock.now();
        let row = api_key::find_live(&conn, &hash, now).await?;
        // Only publishable keys name a channel.
        let known = row.and_then(|row| {
            let expires_at_ms = row.expires_at.map_or(i64::MAX, jiff::Timestamp::as_millisecond);
            let channel_id = row.channel_id?;
            // Noted when it is loaded, which is every few seconds, and not on the way of every request.
            catalog.key_uses.note(row.id, row.last_used_at, now);
            Some(KnownKey { channel_id, expires_at_ms })
        });
        Ok::<_, StoreError>(known)
    };
    catalog.cache.key(&hash, load).await
}
