//! Who reads the storefront: the channel of the publishable key (or the default one) and the locale asked for.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use std::sync::Arc;
use tradepost_app::catalog::Shopper;
use tradepost_app::catalog::channels::{FindChannelError, find_channel};
use tradepost_domain::catalog::Channel;
use tradepost_domain::kernel::Locale;

use crate::extract::ListParams;
use crate::problem::Problem;
use crate::state::ApiState;

/// Names the channel; carries no authority.
pub const PUBLISHABLE_KEY: &str = "publishable-key";

/// The channel that a request is served in.
#[derive(Debug)]
pub struct Storefront {
    channel: Arc<Channel>,
}

impl FromRequestParts<ApiState> for Storefront {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let key = match parts.headers.get(PUBLISHABLE_KEY) {
            None => None,
            Some(value) => Some(value.to_str().map_err(|_| unknown_key())?),
        };
        match find_channel(&state.shop.catalog, key).await {
            Ok(channel) => Ok(Self { channel }),
            Err(FindChannelError::UnknownKey) => Err(unknown_key()),
            Err(FindChannelError::NoDefaultChannel) => {
                let detail = "the shop has no open default channel: send a Publishable-Key";
                Err(Problem::new(StatusCode::NOT_FOUND, "channel_not_found", detail))
            }
            Err(FindChannelError::Store(error)) => Err(error.into()),
        }
    }
}

fn unknown_key() -> Problem {
    let detail = "no open channel has this publishable key";
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_publishable_key", detail).param("Publishable-Key")
}

impl Storefront {
    /// The channel.
    pub fn into_channel(self) -> Arc<Channel> {
        self.channel
    }

    /// The shopper, with the locale that the query asks for.
    pub fn shopper(self, params: &mut ListParams) -> Result<Shopper, Problem> {
        let wanted: Option<Locale> = params.take_parsed("locale", "a locale such as en or de-AT")?;
        let channel = self.channel.clone();
        Shopper::new(self.channel, wanted.as_ref()).ok_or_else(|| {
            let locales: Vec<String> = channel.locales.iter().map(ToString::to_string).collect();
            let detail = format!("the channel speaks {}", locales.join(", "));
            Problem::malformed("unsupported_locale", "locale", detail).fact("supported", locales)
        })
    }
}
