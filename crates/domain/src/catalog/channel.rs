//! Channels: one currency, the locales it speaks, and what it shows.

use crate::kernel::ids::ChannelId;
use crate::kernel::{Currency, Handle, Locale};

/// A sales channel, such as the German web shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Id.
    pub id: ChannelId,
    /// Name in configuration and URLs.
    pub handle: Handle,
    /// Name as shown.
    pub name: String,
    /// Currency of its prices; what has no price in it is not shown.
    pub currency: Currency,
    /// Locale that is served when none is asked for, and that others fall back to.
    pub default_locale: Locale,
    /// All locales it speaks, the default among them.
    pub locales: Vec<Locale>,
    /// Whether requests without a publishable key belong to it.
    pub is_default: bool,
    /// Whether shoppers can use it.
    pub active: bool,
    /// Grows by one with every change.
    pub version: i64,
}

impl Channel {
    /// The locale to serve for the one asked for: itself, its language, or `None` when the channel does not speak it.
    pub fn serve_locale(&self, wanted: Option<&Locale>) -> Option<&Locale> {
        let Some(wanted) = wanted else { return Some(&self.default_locale) };
        let exact = self.locales.iter().find(|locale| *locale == wanted);
        exact.or_else(|| self.locales.iter().find(|locale| locale.as_str() == wanted.language()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::EntityId;

    #[test]
    fn a_channel_serves_the_locale_or_its_language_and_says_when_it_has_neither() {
        let locale = |tag: &str| tag.parse::<Locale>().unwrap();
        let channel = Channel {
            id: ChannelId::from_uuid(uuid::Uuid::from_u128(1)),
            handle: "web".parse().unwrap(),
            name: "Web".to_owned(),
            currency: Currency::EUR,
            default_locale: locale("en"),
            locales: vec![locale("en"), locale("de")],
            is_default: true,
            active: true,
            version: 1,
        };
        assert_eq!(channel.serve_locale(None), Some(&locale("en")));
        assert_eq!(channel.serve_locale(Some(&locale("de-AT"))), Some(&locale("de")));
        assert_eq!(channel.serve_locale(Some(&locale("fr"))), None);
    }
}
