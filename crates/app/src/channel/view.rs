//! A channel as staff see it.

use serde::Serialize;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::catalog::{Channel, Issue};
use tradepost_domain::kernel::ids::ChannelId;
use tradepost_domain::kernel::limits::{CHANNEL_LOCALES_MAX, TITLE_LEN_MAX};
use tradepost_domain::kernel::{Currency, Handle, Locale};
use utoipa::ToSchema;

use crate::change::resource;

/// A sales channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChannelView {
    /// Id.
    #[schema(value_type = String)]
    pub id: ChannelId,
    /// Name in configuration and URLs.
    #[schema(value_type = String)]
    pub handle: Handle,
    /// Name as shown.
    pub name: String,
    /// Currency of its prices (ISO 4217); what has no price in it is not shown.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// Locale that is served when none is asked for.
    #[schema(value_type = String)]
    pub default_locale: Locale,
    /// All locales that it speaks.
    #[schema(value_type = Vec<String>)]
    pub locales: Vec<Locale>,
    /// Whether requests without a publishable key belong to it.
    pub is_default: bool,
    /// Whether shoppers can use it.
    pub active: bool,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
}

resource!(ChannelView, ChannelId, "channel", "/api/admin/channels");

impl From<Channel> for ChannelView {
    fn from(channel: Channel) -> Self {
        let Channel { id, handle, name, currency, default_locale, locales, is_default, active, version } =
            channel;
        Self { id, handle, name, currency, default_locale, locales, is_default, active, version }
    }
}

/// What is wrong with a channel.
pub(super) fn issues(channel: &Channel) -> Vec<Issue> {
    let mut issues = Vec::from_iter(check_text("$.name", &channel.name, TITLE_LEN_MAX, true));
    if !(1..=CHANNEL_LOCALES_MAX).contains(&channel.locales.len()) {
        let message = format!("a channel speaks 1 to {CHANNEL_LOCALES_MAX} locales");
        issues.push(Issue::new("$.locales", "invalid_locales", message));
    }
    for (index, locale) in channel.locales.iter().enumerate() {
        if channel.locales.iter().take(index).any(|earlier| earlier == locale) {
            let path = format!("$.locales[{index}]");
            issues.push(Issue::new(path, "duplicate_locale", "the locale is there twice"));
        }
    }
    if !channel.locales.contains(&channel.default_locale) {
        let message = "the default locale is one of `locales`";
        issues.push(Issue::new("$.default_locale", "unknown_locale", message));
    }
    issues
}
