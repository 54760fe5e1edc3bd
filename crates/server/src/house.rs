//! The shop with everything that it stands on: its database (private or elsewhere), its files, its clock.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tradepost_adapters::{
    BlobDirectory, GuardedEgress, ImageCodec, MailDirectory, RandomIds, Reach, SmtpMailer, StripeGateway,
    SystemClock, TestPayments,
};
use tradepost_app::crash::CrashPoints;
use tradepost_app::outside::Outside;
use tradepost_app::seal::Seals;
use tradepost_app::system::{FirstChannel, set_up_shop};
use tradepost_app::{Actor, Checkout, Origin, Shop, ShopParts, StaffContext};
use tradepost_domain::kernel::{Currency, Locale};
use tradepost_port::Mailer;
use tradepost_port::payment::PaymentGateway;
use tradepost_port::{ShippingRates, TaxProvider};
use tradepost_store::local::{Durability, LocalServer, LocalServerConfig, LocalServerError};
use tradepost_store::{Store, StoreSettings, migrate};

use crate::config::{CheckoutConfig, Config, Webhooks};
use crate::failure::Failure;

/// Connections of the private PostgreSQL beyond those of the pools: tools, `psql`, the superuser's own.
const SPARE_CONNECTIONS: u32 = 40;
/// How long a command waits for a folder whose shop seems to run.
const GUEST_PATIENCE: Duration = Duration::from_secs(1);
/// Where the address of a private PostgreSQL stands for tools while it runs.
const ADDRESS_FILE: &str = "address";
/// Where the key is that secrets are sealed with, where the configuration has none.
const KEY_FILE: &str = "encryption.key";
/// Names the crash point, and which of its hits, at which the process ends: `after_order_commit:3`.
const CRASH_AT: &str = tradepost_lab::torture::CRASH_AT;

/// A shop and what it stands on. Dropped, the private PostgreSQL stops.
#[derive(Debug)]
pub struct House {
    /// The shop.
    pub shop: Arc<Shop>,
    /// Its pictures, as files.
    pub blobs: BlobDirectory,
    /// Where its database is.
    pub database_url: SecretString,
    /// Whether its database is its own.
    pub is_private: bool,
    server: Option<LocalServer>,
}

/// Whether a command needs the private PostgreSQL for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tenancy {
    /// It serves the shop.
    Owner,
    /// It works beside a process that may be serving the shop.
    Guest,
}

impl House {
    /// Opens the shop: starts the private PostgreSQL if there is no other, and brings its schema up to date.
    pub async fn open(config: &Config, tenancy: Tenancy) -> Result<Self, Failure> {
        let (database_url, server) = match &config.database_url {
            Some(url) => (url.clone(), None),
            None => private_database(config, tenancy).await?,
        };
        let is_private = config.database_url.is_none();
        let mut settings = StoreSettings::new(database_url.expose_secret());
        settings.storefront.size = config.pools.storefront;
        settings.admin.size = config.pools.admin;
        settings.worker.size = config.pools.worker;
        let blobs = BlobDirectory::new(config.data_dir.join("media"));
        let ids = Arc::new(RandomIds::default());
        let shop = Arc::new(Shop::new(ShopParts {
            store: Store::new(&settings)?,
            clock: Arc::new(SystemClock),
            ids: ids.clone(),
            blobs: Arc::new(blobs.clone()),
            images: Arc::new(ImageCodec::default()),
            uploads: config.data_dir.join("uploads"),
            exports: config.data_dir.join("exports"),
            cache_bytes: config.cache_bytes,
            checkout: checkout(&config.checkout)?,
            mailer: mailer(config, ids),
            staff_mail: config.mail.staff.clone(),
            mail_templates: config.mail.templates().map_err(Failure::new)?,
            public_url: config.public_url.clone().unwrap_or_else(|| base_url(config.listen)),
            rate_limits: config.rate_limit_enabled.then_some(config.rate_limits),
            egress: Arc::new(GuardedEgress::new(reach(config.webhooks)).map_err(Failure::new)?),
            search: config.search_engine.shelves(),
            seals: seals(config)?,
        }));
        let house = Self { shop, blobs, database_url, is_private, server };
        if house.server.is_some() {
            house.migrate().await?;
        }
        Ok(house)
    }

    /// Brings the schema up to date and gives a new shop what it needs.
    pub async fn migrate(&self) -> Result<migrate::MigrationReport, Failure> {
        let report = migrate::migrate(self.database_url.expose_secret()).await?;
        set_up_shop(&self.shop, first_channel()).await?;
        Ok(report)
    }

    /// What use cases are given when the shop itself acts.
    pub fn staff(&self) -> StaffContext {
        StaffContext { shop: self.shop.clone(), actor: Actor::System, origin: Origin::default(), claim: None }
    }

    /// Closes the pools and stops the private PostgreSQL.
    pub async fn close(mut self) -> Result<(), Failure> {
        self.shop.store.close();
        let Some(server) = self.server.take() else { return Ok(()) };
        let stopped = tokio::task::spawn_blocking(move || server.stop()).await;
        stopped.map_err(Failure::new)?.map_err(Failure::from)
    }
}

/// The key of the configuration, or the one that was drawn at the first start.
fn seals(config: &Config) -> Result<Seals, Failure> {
    if let Some(key) = &config.encryption_key {
        return Seals::read(key.expose_secret()).map_err(Failure::new);
    }
    let path = config.data_dir.join(KEY_FILE);
    let key = crate::files::read_or_write_privately(&path, || Seals::draw(&RandomIds::default()))?;
    Seals::read(key.trim()).map_err(|error| Failure::new(format!("{} holds no key: {error}", path.display())))
}

/// Stripe first, where its key is set; the built-in provider only where no real money is taken.
fn checkout(config: &CheckoutConfig) -> Result<Checkout, Failure> {
    let mut gateways: Vec<Arc<dyn PaymentGateway>> = Vec::new();
    if let Some(settings) = &config.stripe {
        gateways.push(Arc::new(StripeGateway::new(settings).map_err(Failure::new)?));
    }
    if !config.live_mode {
        gateways.push(Arc::new(TestPayments::new(Arc::new(SystemClock))));
    }
    let usual = Checkout::new(gateways);
    Ok(Checkout {
        cart_ttl: config.cart_ttl,
        reservation_ttl: config.reservation_ttl,
        capture: config.capture,
        tax: config.tax.clone().map(|service| Outside::<dyn TaxProvider>::new(service)),
        shipping: config.shipping.clone().map(|service| Outside::<dyn ShippingRates>::new(service)),
        key_lease: config.key_lease,
        read_back_after: config.read_back_after,
        crash: crash_points()?,
        ..usual
    })
}

/// The mail server, or a folder where there is none.
fn mailer(config: &Config, ids: Arc<RandomIds>) -> Arc<dyn Mailer> {
    match &config.mail.smtp {
        Some(settings) => Arc::new(SmtpMailer::new(settings.clone())),
        None => Arc::new(MailDirectory::new(config.data_dir.join("mail"), ids)),
    }
}

/// Whom the shop may call at addresses that people give.
fn reach(config: Webhooks) -> Reach {
    if config.allow_private_addresses { Reach::Private } else { Reach::Public }
}

/// Armed by `tradepost lab torture` alone, in the shop that it starts and kills (docs/adr/0017).
fn crash_points() -> Result<CrashPoints, Failure> {
    let Some(plan) = std::env::var(CRASH_AT).ok().filter(|plan| !plan.is_empty()) else {
        return Ok(CrashPoints::default());
    };
    tracing::warn!(plan, "this process will end itself: it is being proved");
    CrashPoints::armed(&plan, Box::new(end_at_once)).map_err(Failure::new)
}

/// `kill -9` by its own hand: nothing is unwound, flushed or said.
fn end_at_once() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    // The signal is there before this thread goes on; should it not be, this ends the process all the same.
    std::process::abort();
}

/// Where a program on this machine finds what listens on an address.
pub fn base_url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

fn first_channel() -> FirstChannel {
    #[expect(clippy::expect_used, reason = "a word of lower-case letters is a handle")]
    let handle = "web".parse().expect("a handle");
    FirstChannel {
        handle,
        name: "Web".to_owned(),
        currency: Currency::EUR,
        locales: std::iter::once(Locale::english()).chain("de".parse()).collect(),
    }
}

/// The folder of the private PostgreSQL.
pub fn private_folder(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres")
}

async fn private_database(
    config: &Config,
    tenancy: Tenancy,
) -> Result<(SecretString, Option<LocalServer>), Failure> {
    let folder = private_folder(&config.data_dir);
    let mut local = LocalServerConfig::new(&folder, Durability::Durable);
    let pools = [config.pools.storefront, config.pools.admin, config.pools.worker];
    let wanted = pools
        .iter()
        .fold(SPARE_CONNECTIONS, |sum, size| sum.saturating_add(u32::try_from(*size).unwrap_or(u32::MAX)));
    local.max_connections = wanted.clamp(60, 10_000);
    let address_file = folder.join(ADDRESS_FILE);
    if tenancy == Tenancy::Guest && address_file.exists() {
        // A living shop is the usual case, and not waited for: its server is used.
        local.lock_patience = GUEST_PATIENCE;
    }
    // The server ends with the thread that starts it, so the launcher keeps one of its own.
    let started = tokio::task::spawn_blocking(move || LocalServer::start(&local)).await;
    match started.map_err(Failure::new)? {
        Ok(server) => {
            let url = server.uri("postgres");
            crate::files::write_privately(&address_file, url.as_bytes())?;
            Ok((url.into(), Some(server)))
        }
        Err(LocalServerError::InUse { .. }) if tenancy == Tenancy::Guest && address_file.exists() => {
            Ok((std::fs::read_to_string(&address_file)?.into(), None))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_means_every_address_is_shown_as_one_that_can_be_opened() {
        assert_eq!(base_url("0.0.0.0:8080".parse().unwrap()), "http://127.0.0.1:8080");
        assert_eq!(base_url("[::]:80".parse().unwrap()), "http://[::1]:80");
        assert_eq!(base_url("192.168.1.5:1".parse().unwrap()), "http://192.168.1.5:1");
    }
}
