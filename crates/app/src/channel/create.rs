//! Makes a channel. Keys that name it are made by themselves.

use serde::Deserialize;
use tradepost_domain::catalog::Channel;
use tradepost_domain::kernel::ids::ChannelId;
use tradepost_domain::kernel::{Currency, Handle, Locale};
use tradepost_store::channel;
use utoipa::ToSchema;

use super::{conflict, default_required, take_default, view};
use crate::answer::Answer;
use crate::change::{choose_handle, no_payload, refuse};
use crate::error::WriteError;
use crate::work::StaffContext;

/// A channel to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelCreate {
    /// Name as shown.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in configuration and URLs; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// Currency of its prices (ISO 4217).
    #[schema(value_type = String)]
    pub currency: Currency,
    /// Locale that is served when none is asked for.
    #[schema(value_type = String)]
    pub default_locale: Locale,
    /// All locales that it speaks, the default among them; that one alone when absent.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub locales: Option<Vec<Locale>>,
    /// Whether it becomes the default in the place of the present one. The first channel always does.
    #[serde(default)]
    pub is_default: bool,
    /// Whether shoppers can use it.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
}

fn yes() -> bool {
    true
}

/// Makes a channel.
pub async fn create_channel(context: &StaffContext, create: ChannelCreate) -> Result<Answer, WriteError> {
    let mut work = context.begin("create_channel").await?;
    let all = channel::lock_all(&work.tx).await?;
    let channel = Channel {
        id: work.next_id(),
        handle: choose_handle::<ChannelId>(create.handle, &create.name)?,
        name: create.name,
        currency: create.currency,
        locales: create.locales.unwrap_or_else(|| vec![create.default_locale.clone()]),
        default_locale: create.default_locale,
        is_default: create.is_default || !all.iter().any(|other| other.is_default),
        active: create.active,
        version: 1,
    };
    refuse(view::issues(&channel))?;
    if channel.is_default && !channel.active {
        return Err(default_required("$.active"));
    }
    if channel.is_default {
        take_default(&mut work, &all, channel.id).await?;
    }
    channel::insert(&work.tx, &channel, work.now).await.map_err(conflict)?;
    work.finish_created(&view::ChannelView::from(channel), no_payload()).await
}
