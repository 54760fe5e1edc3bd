//! Deletes a channel that nothing names.

use tradepost_domain::kernel::ids::ChannelId;
use tradepost_store::channel::{self, ChannelUses};

use super::default_required;
use super::view::ChannelView;
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_version, missing, no_payload};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Deletes the channel, unless it is the default, a key that works names it, or products are shown in it by name.
pub async fn delete_channel(
    context: &StaffContext,
    wanted: &Reference<ChannelId>,
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let work = context.begin("delete_channel").await?;
    let channel = channel::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<ChannelView>)?;
    check_version(version, channel.version)?;
    if channel.is_default {
        return Err(default_required("channel"));
    }
    let ChannelUses { keys, products } = channel::uses(&work.tx, channel.id).await?;
    if keys {
        let detail = "publishable keys name this channel: revoke them first";
        return Err(WriteError::conflict("channel_has_keys", detail, Some("channel")));
    }
    if products {
        let detail = "products name this channel: take it out of their channels first";
        return Err(WriteError::conflict("channel_has_products", detail, Some("channel")));
    }
    channel::delete(&work.tx, channel.id).await?;
    work.finish_deleted(&ChannelView::from(channel), no_payload()).await
}
