//! Configuration: a documented file, the environment over it, flags over that.
//!
//! `config.default.toml` is the list of all keys, their documentation and their defaults at once: a key that is not in
//! it does not exist, and a value must have the kind of its default. `layers` finds out which value is in force and
//! where it comes from; this file turns values into types. Every error names key, value and source.

mod checkout;
mod layers;
mod mail;
mod memory;
mod search;

use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tradepost_app::import::ImportRetention;
use tradepost_app::seal::Seals;
use tradepost_app::search::popular::SearchLogRules;
use tradepost_app::throttle::ShopperLimits;
use tradepost_http::browsers::Origins;

use crate::proxies::{Network, NotANetwork, TrustedProxies};

pub use checkout::CheckoutConfig;
pub use layers::{ConfigError, DEFAULTS, Inputs, Layers};
pub use mail::MailConfig;
pub use search::SearchConfig;

/// What is in force, as types.
#[derive(Clone, Debug)]
pub struct Config {
    /// PostgreSQL elsewhere; `None` for the private one.
    pub database_url: Option<SecretString>,
    /// Whether `serve` and `worker` migrate.
    pub migrate_on_start: bool,
    /// Where the shop keeps files.
    pub data_dir: PathBuf,
    /// What secrets are sealed with; `None` for a key that the shop has drawn itself.
    pub encryption_key: Option<SecretString>,
    /// Address of the HTTP server.
    pub listen: SocketAddr,
    /// Where the shop is reached from outside, without a slash at the end.
    pub public_url: Option<String>,
    /// Whose forwarded headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// Which origins' pages may call the API.
    pub cors_origins: Origins,
    /// Filter of the log.
    pub log: String,
    /// Form of the log.
    pub log_format: LogFormat,
    /// Whether `serve` runs the background work too.
    pub workers: bool,
    /// Whether it is counted how often somebody tries.
    pub rate_limit_enabled: bool,
    /// How often shoppers may try.
    pub rate_limits: ShopperLimits,
    /// Memory for cached answers, in bytes.
    pub cache_bytes: u64,
    /// How orders are taken and paid.
    pub checkout: CheckoutConfig,
    /// Connections to PostgreSQL.
    pub pools: Pools,
    /// How mails are sent, and what stands in them.
    pub mail: MailConfig,
    /// Where search stands.
    pub search_engine: SearchConfig,
    /// How long imports are kept.
    pub imports: Imports,
    /// Whom the shop tells.
    pub webhooks: Webhooks,
    /// What is remembered of searches.
    pub search: Search,
    /// Limits of the HTTP server.
    pub limits: Limits,
}

impl Config {
    /// Whether the shop is reached by HTTPS alone, as far as it knows.
    pub fn https_only(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }
}

/// How long imports are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imports {
    /// Runs and their row errors.
    pub keep_days: u32,
    /// Uploaded files that no import needs that waits or runs.
    pub keep_upload_days: u32,
}

impl Imports {
    /// As the worker takes it.
    pub fn retention(self) -> ImportRetention {
        let days = |days: u32| SignedDuration::from_hours(i64::from(days).saturating_mul(24));
        ImportRetention { runs: days(self.keep_days), uploads: days(self.keep_upload_days) }
    }
}

/// Whom the shop tells of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Also this machine and private networks, without encryption.
    pub allow_private_addresses: bool,
}

/// What is remembered of searches, and who may see it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// How long the log of searches is kept.
    pub log_keep_days: u32,
    /// Whether anybody may see what many search for.
    pub public_analytics: bool,
    /// Browsers that must have searched for words that others are shown.
    pub shared_min_clients: u32,
    /// Words that are never suggested.
    pub never_suggest: Vec<String>,
}

impl Search {
    /// What becomes of the log of searches.
    pub fn log_rules(&self) -> SearchLogRules {
        SearchLogRules {
            keep: SignedDuration::from_hours(i64::from(self.log_keep_days).saturating_mul(24)),
            clients_min: i64::from(self.shared_min_clients),
            never: self.never_suggest.iter().map(|word| word.trim().to_lowercase()).collect(),
        }
    }

    /// Browsers that must have searched for words that the public page shows; nothing where there is no such page.
    pub fn shows(&self) -> Option<i64> {
        self.public_analytics.then_some(i64::from(self.shared_min_clients))
    }
}

/// Connections to PostgreSQL by kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pools {
    /// Shoppers' requests.
    pub storefront: usize,
    /// Staff's requests.
    pub admin: usize,
    /// Projector, jobs and imports.
    pub worker: usize,
}

/// Limits of the HTTP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Open connections.
    pub connections: usize,
    /// For the headers of a request.
    pub header_timeout_seconds: u64,
    /// For the body of a request, before what a slow one earns by progress.
    pub body_timeout_seconds: u64,
    /// For an idle connection, and for a client that does not read.
    pub keep_alive_seconds: u64,
    /// Between SIGTERM and the end of accepting.
    pub shutdown_grace_seconds: u64,
    /// For requests in flight after that.
    pub drain_deadline_seconds: u64,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// An object a line.
    Json,
    /// For a person.
    Text,
    /// [`LogFormat::Text`] on a terminal, else [`LogFormat::Json`].
    Auto,
}

/// The same as it stands in the file, where layers let no unknown key through.
#[derive(Deserialize)]
struct RawConfig {
    database_url: String,
    migrate_on_start: bool,
    data_dir: String,
    encryption_key: SecretString,
    listen: String,
    public_url: String,
    trusted_proxies: Vec<String>,
    cors_origins: Vec<String>,
    log: String,
    log_format: String,
    workers: bool,
    rate_limit_enabled: bool,
    rate_limits: ShopperLimits,
    cache_bytes: u64,
    #[serde(flatten)]
    checkout: checkout::RawCheckout,
    pools: Pools,
    mail: mail::RawMail,
    opensearch: search::RawOpenSearch,
    imports: Imports,
    webhooks: Webhooks,
    search: Search,
    limits: Limits,
}

impl Config {
    /// Checks what is in force.
    pub fn from_layers(layers: &Layers) -> Result<Self, ConfigError> {
        check_ranges(layers)?;
        let raw: RawConfig = layers.to_typed()?;
        let listen = raw.listen.parse().map_err(|_| {
            layers.invalid("listen", "must be an address and a port: 127.0.0.1:8080, 0.0.0.0:80, [::1]:8080")
        })?;
        let log_format = match raw.log_format.as_str() {
            "json" => LogFormat::Json,
            "text" => LogFormat::Text,
            "auto" => LogFormat::Auto,
            _ => return Err(layers.invalid("log_format", "must be json, text or auto")),
        };
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&raw.log) {
            return Err(layers.invalid("log", format!("is no filter ({error}); try `info`")));
        }
        Ok(Self {
            database_url: check_database_url(layers, raw.database_url)?,
            migrate_on_start: raw.migrate_on_start,
            data_dir: check_data_dir(layers, &raw.data_dir)?,
            encryption_key: check_encryption_key(layers, raw.encryption_key)?,
            listen,
            public_url: check_public_url(layers, &raw.public_url)?,
            trusted_proxies: check_networks(layers, &raw.trusted_proxies)?,
            cors_origins: Origins::read(&raw.cors_origins).map_err(|error| {
                layers.invalid("cors_origins", format!("holds what it must not: {error}"))
            })?,
            log: raw.log,
            log_format,
            workers: raw.workers,
            rate_limit_enabled: raw.rate_limit_enabled,
            rate_limits: raw.rate_limits,
            cache_bytes: memory::cache_bytes(raw.cache_bytes),
            checkout: CheckoutConfig::read(layers, &raw.checkout)?,
            pools: raw.pools,
            mail: MailConfig::read(layers, &raw.mail, !raw.public_url.is_empty())?,
            search_engine: SearchConfig::read(layers, &raw.opensearch)?,
            imports: raw.imports,
            webhooks: raw.webhooks,
            search: raw.search,
            limits: raw.limits,
        })
    }
}

/// Whole numbers with the least and the most that they may be.
const RANGES: &[(&str, i64, i64)] = &[
    ("rate_limits.carts_network", 1, 1_000_000),
    ("rate_limits.coupons_cart", 1, 10_000),
    ("rate_limits.coupons_network", 1, 1_000_000),
    ("rate_limits.confirmations_payment", 1, 10_000),
    ("rate_limits.confirmations_network", 1, 1_000_000),
    ("cache_bytes", 0, 1 << 40),
    ("reservation_ttl_seconds", 60, 86_400),
    ("cart_ttl_seconds", 3_600, 31_536_000),
    ("rates_timeout_milliseconds", 10, 10_000),
    ("idempotency_lease_seconds", 1, 600),
    ("payment_read_back_seconds", 1, 3_600),
    ("pools.storefront", 1, 1_000),
    ("pools.admin", 1, 1_000),
    ("pools.worker", 2, 1_000),
    ("opensearch.search_timeout_milliseconds", 10, 60_000),
    ("opensearch.searches_at_once", 1, 1_000),
    ("imports.keep_days", 1, 36_500),
    ("imports.keep_upload_days", 1, 3_650),
    ("search.log_keep_days", 1, 3_650),
    ("search.shared_min_clients", 2, 100_000),
    ("limits.connections", 1, 1_000_000),
    ("limits.header_timeout_seconds", 1, 600),
    ("limits.body_timeout_seconds", 1, 3_600),
    ("limits.keep_alive_seconds", 1, 3_600),
    ("limits.shutdown_grace_seconds", 0, 600),
    ("limits.drain_deadline_seconds", 0, 3_600),
];

fn check_ranges(layers: &Layers) -> Result<(), ConfigError> {
    for (key, least, most) in RANGES {
        let within = layers.integer(key).is_some_and(|value| (*least..=*most).contains(&value));
        if !within {
            return Err(layers.invalid(key, format!("must be a whole number from {least} to {most}")));
        }
    }
    Ok(())
}

fn check_database_url(layers: &Layers, url: String) -> Result<Option<SecretString>, ConfigError> {
    if url.is_empty() {
        return Ok(None);
    }
    if let Err(error) = tradepost_store::check_url(&url) {
        // The driver's words name what is wrong, never the value.
        return Err(layers.invalid(
            "database_url",
            format!("is no connection string ({error}); write postgres://user:password@host/database"),
        ));
    }
    Ok(Some(url.into()))
}

fn check_encryption_key(layers: &Layers, key: SecretString) -> Result<Option<SecretString>, ConfigError> {
    if key.expose_secret().is_empty() {
        return Ok(None);
    }
    // The words say what a key is, never what stands there.
    let read = Seals::read(key.expose_secret());
    read.map(|_| Some(key))
        .map_err(|error| layers.invalid("encryption_key", format!("holds no keys: {error}")))
}

fn check_data_dir(layers: &Layers, dir: &str) -> Result<PathBuf, ConfigError> {
    if dir.is_empty() {
        return Err(layers.invalid("data_dir", "must name a folder"));
    }
    Ok(PathBuf::from(dir))
}

fn check_public_url(layers: &Layers, url: &str) -> Result<Option<String>, ConfigError> {
    if url.is_empty() {
        return Ok(None);
    }
    let parsed = url.parse::<http::Uri>().ok().filter(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && uri.query().is_none()
    });
    if parsed.is_none() {
        return Err(layers.invalid("public_url", "must be an address such as https://shop.example.com"));
    }
    Ok(Some(url.trim_end_matches('/').to_owned()))
}

fn check_networks(layers: &Layers, networks: &[String]) -> Result<TrustedProxies, ConfigError> {
    let read: Result<Vec<Network>, _> = networks.iter().map(|network| network.parse()).collect();
    read.map(TrustedProxies::new).map_err(|error: NotANetwork| {
        layers.invalid("trusted_proxies", format!("holds what it must not: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_layers(&Layers::read(&Inputs::of_variables(variables))?)
    }

    fn refusal(variables: &[(&str, &str)]) -> String {
        load(variables).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_valid_and_are_those_of_the_file() {
        let config = load(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert!(config.database_url.is_none() && config.public_url.is_none());
        assert_eq!(config.pools, Pools { storefront: 8, admin: 4, worker: 6 });
        assert_eq!((config.limits.header_timeout_seconds, config.limits.drain_deadline_seconds), (5, 25));
        assert_eq!(config.log_format, LogFormat::Auto);
        assert!(config.cache_bytes >= 64 << 20, "{}", config.cache_bytes);
    }

    #[test]
    fn every_number_of_the_file_has_a_range() {
        let layers = Layers::read(&Inputs::of_variables(&[])).unwrap();
        let numbers: Vec<&str> = layers.keys().filter(|key| layers.integer(key).is_some()).collect();
        for key in numbers {
            assert!(RANGES.iter().any(|(name, ..)| *name == key), "{key} has no range");
        }
    }

    #[test]
    fn values_that_make_no_sense_are_refused_with_key_value_and_source() {
        for (variable, value, expected) in [
            ("TRADEPOST_LISTEN", "8080", "`listen` is `8080` (environment variable TRADEPOST_LISTEN)"),
            (
                "TRADEPOST_POOLS_ADMIN",
                "0",
                "`pools.admin` is `0` (environment variable TRADEPOST_POOLS_ADMIN)",
            ),
            ("TRADEPOST_POOLS_ADMIN", "many", "must be a whole number"),
            ("TRADEPOST_RATE_LIMITS_COUPONS_CART", "0", "must be a whole number from 1 to 10000"),
            ("TRADEPOST_WORKERS", "perhaps", "must be true or false"),
            ("TRADEPOST_LOG", "tradepost=loud", "is no filter"),
            ("TRADEPOST_LOG_FORMAT", "xml", "must be json, text or auto"),
            ("TRADEPOST_PUBLIC_URL", "shop.example.com", "https://shop.example.com"),
            ("TRADEPOST_TRUSTED_PROXIES", "10.0.0.0/8,10.0.0.0/33", "`10.0.0.0/33` is no network"),
            ("TRADEPOST_CORS_ORIGINS", "*,https://shop.example", "`*` is no origin"),
            ("DATABASE_URL", "postgres://u:secretword@h:port/d", "is no connection string"),
            ("TRADEPOST_ENCRYPTION_KEY", "secretword", "a key is 32 bytes in base64"),
            ("TRADEPOST_OPENSEARCH_URL", "http://u:secretword@search.example", "a password goes over https"),
        ] {
            let message = refusal(&[(variable, value)]);
            assert!(message.contains(expected), "{variable}: {message}");
            assert!(!message.contains("secretword"), "{message}");
        }
    }

    #[test]
    fn a_url_of_the_database_never_prints() {
        let config = load(&[("DATABASE_URL", "postgres://u:secretword@h/d")]).unwrap();
        assert!(!format!("{config:?}").contains("secretword"));
        assert!(config.database_url.unwrap().expose_secret().contains("secretword"));
    }

    #[test]
    fn the_public_url_loses_its_last_slash() {
        let config = load(&[("TRADEPOST_PUBLIC_URL", "https://shop.example.com/")]).unwrap();
        assert_eq!(config.public_url.as_deref(), Some("https://shop.example.com"));
    }
}
