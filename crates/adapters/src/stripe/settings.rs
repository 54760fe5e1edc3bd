//! How to reach Stripe: keys that never print, and an address that can only be Stripe's or this machine's.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

/// Where Stripe listens.
pub const DEFAULT_API_BASE: &str = "https://api.stripe.com";

/// Why Stripe cannot be used with these settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StripeSettingsError {
    /// A key or a secret is there and has nothing in it: with it, anybody could sign.
    #[error("{0} is empty: give it a value, or leave it out")]
    Empty(&'static str),
    /// The address is none.
    #[error("the address of Stripe's API `{0}` is not a URL without path, query or user")]
    MalformedBase(String),
    /// The key would travel in the open.
    #[error("the address of Stripe's API `{0}` must begin with https:// unless it is on this machine")]
    InsecureBase(String),
    /// The HTTP client cannot be made.
    #[error("the HTTP client for Stripe cannot be made: {0}")]
    Client(String),
}

/// How to reach Stripe.
#[derive(Debug, Clone)]
pub struct StripeSettings {
    /// The secret key, `sk_…` or a restricted `rk_…`.
    pub secret_key: SecretString,
    /// Secrets of the webhook endpoint, `whsec_…`; two while one is being replaced by another.
    pub webhook_secrets: Vec<SecretString>,
    /// Where the API is; [`DEFAULT_API_BASE`] but for tests.
    pub api_base: String,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a call may take in all.
    pub total_timeout: Duration,
    /// Calls at the same time, so that a slow Stripe cannot take all of the server with it (case C88).
    pub calls_at_once: usize,
}

impl StripeSettings {
    /// The usual limits around a key.
    pub fn new(secret_key: SecretString, webhook_secrets: Vec<SecretString>) -> Self {
        Self {
            secret_key,
            webhook_secrets,
            api_base: DEFAULT_API_BASE.to_owned(),
            connect_timeout: Duration::from_secs(2),
            total_timeout: Duration::from_secs(8),
            calls_at_once: 32,
        }
    }

    /// Refuses what would be unsafe, and gives the address of the API.
    pub(super) fn checked_base(&self) -> Result<Url, StripeSettingsError> {
        if self.secret_key.expose_secret().trim().is_empty() {
            return Err(StripeSettingsError::Empty("the secret key of Stripe"));
        }
        if self.webhook_secrets.iter().any(|secret| secret.expose_secret().trim().is_empty()) {
            return Err(StripeSettingsError::Empty("a webhook secret of Stripe"));
        }
        let malformed = || StripeSettingsError::MalformedBase(self.api_base.clone());
        let base = Url::parse(&self.api_base).map_err(|_| malformed())?;
        let plain = base.path() == "/"
            && base.query().is_none()
            && base.fragment().is_none()
            && base.username().is_empty()
            && base.password().is_none();
        let host = base.host_str().filter(|_| plain).ok_or_else(malformed)?;
        let here = ["127.0.0.1", "[::1]", "localhost"].contains(&host);
        if base.scheme() == "https" || (base.scheme() == "http" && here) {
            Ok(base)
        } else {
            Err(StripeSettingsError::InsecureBase(self.api_base.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(key: &str, webhook: &[&str], base: &str) -> Result<Url, StripeSettingsError> {
        let webhook = webhook.iter().map(|secret| SecretString::from(*secret)).collect();
        let settings = StripeSettings::new(SecretString::from(key), webhook);
        StripeSettings { api_base: base.to_owned(), ..settings }.checked_base()
    }

    #[test]
    fn empty_secrets_are_refused() {
        assert!(settings("sk_test_1", &["whsec_1"], DEFAULT_API_BASE).is_ok());
        assert!(matches!(settings(" ", &["whsec_1"], DEFAULT_API_BASE), Err(StripeSettingsError::Empty(_))));
        for webhook in [&[""][..], &["whsec_1", " "]] {
            assert!(matches!(
                settings("sk_test_1", webhook, DEFAULT_API_BASE),
                Err(StripeSettingsError::Empty(_))
            ));
        }
    }

    #[test]
    fn keys_travel_in_the_open_on_this_machine_only() {
        for base in
            ["http://127.0.0.1:12111", "http://localhost:1", "http://[::1]:1", "https://stripe.example"]
        {
            assert!(settings("sk_1", &[], base).is_ok(), "{base}");
        }
        for base in ["http://api.stripe.com", "http://127.0.0.1.example", "ftp://127.0.0.1"] {
            assert!(
                matches!(settings("sk_1", &[], base), Err(StripeSettingsError::InsecureBase(_))),
                "{base}"
            );
        }
        for base in ["", "api.stripe.com", "https://a/b", "https://u@a", "https://a?b"] {
            assert!(
                matches!(settings("sk_1", &[], base), Err(StripeSettingsError::MalformedBase(_))),
                "{base}"
            );
        }
    }

    #[test]
    fn settings_do_not_print_their_secrets() {
        let settings =
            StripeSettings::new(SecretString::from("sk_live_x1"), vec![SecretString::from("whsec_x2")]);
        let printed = format!("{settings:?}");
        assert!(!printed.contains("x1") && !printed.contains("x2"), "{printed}");
    }
}
