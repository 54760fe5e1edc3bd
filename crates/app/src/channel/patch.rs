//! Changes a channel.

use serde::Deserialize;
use tradepost_domain::kernel::ids::ChannelId;
use tradepost_domain::kernel::{Currency, Handle, Locale};
use tradepost_store::channel;
use utoipa::ToSchema;

use super::view::{self, ChannelView};
use super::{conflict, default_required, take_default};
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_handle, check_version, missing, no_payload, refuse};
use crate::error::WriteError;
use crate::patch::{present, set};
use crate::work::StaffContext;

/// What to change of a channel; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelPatch {
    /// Name as shown.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// Name in configuration and URLs.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    pub handle: Option<Handle>,
    /// Currency of its prices (ISO 4217).
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    pub currency: Option<Currency>,
    /// Locale that is served when none is asked for.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    pub default_locale: Option<Locale>,
    /// All locales that it speaks, the default among them.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>, required = false)]
    pub locales: Option<Vec<Locale>>,
    /// `true` makes it the default in the place of the present one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    pub is_default: Option<bool>,
    /// Whether shoppers can use it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    pub active: Option<bool>,
}

/// Changes the channel if it still has the version that was read.
pub async fn patch_channel(
    context: &StaffContext,
    wanted: &Reference<ChannelId>,
    version: Option<Versions>,
    patch: ChannelPatch,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("patch_channel").await?;
    let all = match patch.is_default {
        Some(_) => channel::lock_all(&work.tx).await?,
        None => Vec::new(),
    };
    let before = channel::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<ChannelView>)?;
    check_version(version, before.version)?;
    let mut after = before.clone();
    if let Some(handle) = &patch.handle {
        check_handle::<ChannelId>(handle)?;
    }
    set(&mut after.handle, patch.handle);
    set(&mut after.name, patch.name);
    set(&mut after.currency, patch.currency);
    set(&mut after.default_locale, patch.default_locale);
    set(&mut after.locales, patch.locales);
    set(&mut after.is_default, patch.is_default);
    set(&mut after.active, patch.active);
    refuse(view::issues(&after))?;
    if before.is_default && !after.is_default {
        return Err(default_required("$.is_default"));
    }
    if after.is_default && !after.active {
        return Err(default_required("$.active"));
    }
    if after == before {
        return work.finish_unchanged(&ChannelView::from(before)).await;
    }
    after.version += 1;
    if after.is_default && !before.is_default {
        take_default(&mut work, &all, before.id).await?;
    }
    channel::update(&work.tx, &after, work.now).await.map_err(conflict)?;
    work.finish_updated(&ChannelView::from(before), &ChannelView::from(after), no_payload()).await
}
