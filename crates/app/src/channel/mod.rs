//! Channels, as staff keep them.

mod create;
mod delete;
mod patch;
mod read;
mod view;

pub use create::{ChannelCreate, create_channel};
pub use delete::delete_channel;
pub use patch::{ChannelPatch, patch_channel};
pub use read::{find_channel, list_channels};
pub use view::ChannelView;

use serde_json::json;
use tradepost_domain::catalog::Channel;
use tradepost_domain::kernel::ids::{ChannelId, EntityId};
use tradepost_store::{StoreError, channel};

use crate::error::WriteError;
use crate::work::Work;

/// What a refused write means.
fn conflict(error: StoreError) -> WriteError {
    WriteError::from_constraint(
        error,
        &[
            ("channel_handle_key", "handle_taken", "another channel has this handle", "$.handle"),
            (
                "channel_default_key",
                "default_changed",
                "another channel became the default meanwhile: try again",
                "$.is_default",
            ),
        ],
    )
}

/// That there is always a default, and that it is one that shoppers can use.
fn default_required(param: &str) -> WriteError {
    WriteError::conflict(
        "default_required",
        "this is the default channel: make another the default first",
        Some(param),
    )
}

/// Makes room for a new default among all channels, which are locked.
async fn take_default(work: &mut Work<'_>, all: &[Channel], id: ChannelId) -> Result<(), StoreError> {
    channel::clear_default(&work.tx, id, work.now).await?;
    for former in all.iter().filter(|channel| channel.is_default && channel.id != id) {
        let (before, after) = (json!({"is_default": true}), json!({"is_default": false}));
        work.audit("channel.update", ("channel", former.id.as_uuid()), Some(before), Some(after));
    }
    Ok(())
}
