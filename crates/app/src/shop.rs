//! A shop is a value: everything that one shop has hangs on it, and nothing hangs anywhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::Notify;
use tradepost_domain::kernel::EmailAddress;
use tradepost_domain::payment::PaymentProvider;
use tradepost_port::payment::{CaptureMethod, PaymentGateway};
use tradepost_port::search::ShelfMaker;
use tradepost_port::{
    BlobStore, Clock, Egress, IdSource, ImageProcessor, Mailer, ShippingRates, TaxProvider,
};
use tradepost_store::{Store, StoreError};

use crate::access::KeyRing;
use crate::api_key::KeyUses;
use crate::auth::{self, SecretKey};
use crate::cart::memory::CartMemory;
use crate::catalog::postgres_search::PostgresSearch;
use crate::catalog::{Catalog, CatalogCache};
use crate::crash::CrashPoints;
use crate::mail::{MailCounts, MailTemplates};
use crate::order::desk::OrderDesk;
use crate::outside::Outside;
use crate::password::Passwords;
use crate::pricing::RuleBook;
use crate::seal::Seals;
use crate::search::Shelves;
use crate::search::log::SearchLog;
use crate::system::Soundness;
use crate::throttle::{ShopperLimits, Throttle};
use crate::webhook::WebhookCounts;

/// What a shop is made of.
pub struct ShopParts {
    /// Its database.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Where its ids and secrets come from.
    pub ids: Arc<dyn IdSource>,
    /// Its pictures and files.
    pub blobs: Arc<dyn BlobStore>,
    /// What makes uploaded pictures fit for it.
    pub images: Arc<dyn ImageProcessor>,
    /// Folder of the files that are uploaded for imports, which are removed when they are done.
    pub uploads: PathBuf,
    /// Folder of the files that exports are written to.
    pub exports: PathBuf,
    /// Bytes that what shoppers read may take in memory.
    pub cache_bytes: u64,
    /// What carries its mails.
    pub mailer: Arc<dyn Mailer>,
    /// What stands in them.
    pub mail_templates: MailTemplates,
    /// Who of its staff is written to, if anybody.
    pub staff_mail: Option<EmailAddress>,
    /// Where it is reached from outside, without a slash at the end: never what a request says of itself.
    pub public_url: String,
    /// How often shoppers may try; `None` where nothing is counted.
    pub rate_limits: Option<ShopperLimits>,
    /// How its checkout works.
    pub checkout: Checkout,
    /// What calls addresses that people have given.
    pub egress: Arc<dyn Egress>,
    /// Makes its search index.
    pub search: Arc<dyn ShelfMaker>,
    /// Seals secrets before they are stored.
    pub seals: Seals,
}

/// How a shop's checkout works.
#[derive(Clone)]
pub struct Checkout {
    /// How long a cart lives after its last change.
    pub cart_ttl: SignedDuration,
    /// How long stock is held for an order that is not paid yet.
    pub reservation_ttl: SignedDuration,
    /// Who collects payments, by provider.
    pub gateways: BTreeMap<PaymentProvider, Outside<dyn PaymentGateway>>,
    /// Who collects the payment of an order that names nobody.
    pub provider: PaymentProvider,
    /// When money that was set aside is taken.
    pub capture: CaptureMethod,
    /// The tax service, asked for zones whose rates it says.
    pub tax: Option<Outside<dyn TaxProvider>>,
    /// The carriers, asked for methods that go by what they charge.
    pub shipping: Option<Outside<dyn ShippingRates>>,
    /// How long the claim of a request on its idempotency key holds; longer than any request may take.
    pub key_lease: SignedDuration,
    /// Payments are read back when nobody has told of them for so long: their own request may still be on its way.
    pub read_back_after: SignedDuration,
    /// How long a worker of the desk that has just answered several orders waits for as many to come.
    pub gathering: Duration,
    /// Where a proof ends this process; nowhere in a shop that is not being proved.
    pub crash: CrashPoints,
}

impl Checkout {
    /// A checkout with these gateways, of which the first is the usual one, and the usual times.
    pub fn new(gateways: Vec<Arc<dyn PaymentGateway>>) -> Self {
        Self {
            cart_ttl: crate::cart::CART_TTL,
            reservation_ttl: crate::order::RESERVATION_TTL,
            provider: gateways.first().map_or(PaymentProvider::Test, |gateway| gateway.provider()),
            gateways: gateways
                .into_iter()
                .map(|gateway| (gateway.provider(), Outside::new(gateway)))
                .collect(),
            capture: CaptureMethod::Automatic,
            tax: None,
            shipping: None,
            key_lease: crate::idempotency::LEASE,
            read_back_after: crate::payment::reconcile::PATIENCE,
            gathering: crate::order::desk::GATHERING,
            crash: CrashPoints::default(),
        }
    }
}

/// One shop.
pub struct Shop {
    /// Its database.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Where its ids and secrets come from.
    pub ids: Arc<dyn IdSource>,
    /// Its pictures and files.
    pub blobs: Arc<dyn BlobStore>,
    /// What makes uploaded pictures fit for it.
    pub images: Arc<dyn ImageProcessor>,
    /// Folder of the files that are uploaded for imports, which are removed when they are done.
    pub uploads: PathBuf,
    /// Folder of the files that exports are written to.
    pub exports: PathBuf,
    /// When its keys were used, as far as it is not written yet.
    pub key_uses: Arc<KeyUses>,
    /// What shoppers read of it.
    pub catalog: Catalog,
    /// Carts as this process last saw them.
    pub carts: CartMemory,
    /// How its checkout works.
    pub checkout: Checkout,
    /// The rules that carts are priced by.
    pub rules: RuleBook,
    /// Where orders wait to be decided.
    pub desk: OrderDesk,
    /// What carries its mails.
    pub mailer: Outside<dyn Mailer>,
    /// What stands in them.
    pub mail_templates: MailTemplates,
    /// Who of its staff is written to, if anybody.
    pub staff_mail: Option<EmailAddress>,
    /// How often mails came to an end.
    pub mail_counts: MailCounts,
    /// Where it is reached from outside, without a slash at the end.
    pub public_url: String,
    /// Signs and checks the access tokens of its customers.
    pub keys: KeyRing,
    /// Hashes and compares passwords.
    pub passwords: Passwords,
    /// How often somebody may try.
    pub throttle: Throttle,
    /// Told when this process has taken an event of a payment provider in.
    pub inbox_arrivals: Notify,
    /// What the last audit found.
    pub soundness: Soundness,
    /// What calls addresses that people have given.
    pub egress: Outside<dyn Egress>,
    /// What came of its webhooks.
    pub webhooks: WebhookCounts,
    /// What was searched for and what became of it, as far as it is not written yet.
    pub search_log: SearchLog,
    /// Seals secrets before they are stored.
    pub seals: Seals,
}

impl fmt::Debug for Shop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shop").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Shop {
    /// Puts a shop together. Its caches stay wary until a [`crate::catalog::listener::CatalogListener`] hears changes.
    pub fn new(parts: ShopParts) -> Self {
        let ShopParts {
            store,
            clock,
            ids,
            blobs,
            images,
            uploads,
            exports,
            cache_bytes,
            mailer,
            mail_templates,
            staff_mail,
            public_url,
            rate_limits,
            checkout,
            egress,
            search,
            seals,
        } = parts;
        let key_uses = Arc::new(KeyUses::default());
        let cache = CatalogCache::new(cache_bytes, clock.clone());
        let carts = CartMemory::new(cache_bytes);
        let shelves = Shelves::new(search, store.clone(), cache.clone(), (clock.clone(), ids.clone()));
        let catalog = Catalog {
            store: store.clone(),
            search: Arc::new(PostgresSearch::new(store.clone())),
            shelves: Some(Arc::new(shelves)),
            cache,
            clock: clock.clone(),
            key_uses: key_uses.clone(),
        };
        let keys = KeyRing::new(store.clone(), clock.clone(), ids.clone(), public_url.clone());
        let throttle = Throttle::new(&clock, rate_limits);
        let passwords = Passwords::default();
        Self {
            store,
            clock,
            ids,
            blobs,
            images,
            uploads,
            exports,
            key_uses,
            catalog,
            carts,
            checkout,
            mailer: Outside::new(mailer),
            mail_templates,
            staff_mail,
            mail_counts: MailCounts::default(),
            rules: RuleBook::default(),
            desk: OrderDesk::default(),
            public_url,
            keys,
            passwords,
            throttle,
            inbox_arrivals: Notify::new(),
            soundness: Soundness::default(),
            egress: Outside::new(egress),
            webhooks: WebhookCounts::default(),
            search_log: SearchLog::default(),
            seals,
        }
    }

    /// The live secret key with this text, if there is one.
    pub async fn authenticate_secret(&self, text: &str) -> Result<Option<SecretKey>, StoreError> {
        let now = self.clock.now();
        let Some(key) = auth::authenticate_secret(self.store.admin(), text, now).await? else {
            return Ok(None);
        };
        self.key_uses.note(key.id, key.last_used_at, now);
        Ok(Some(key))
    }
}
