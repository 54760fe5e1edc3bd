//! The whole API over a database of its own, called in process: fixed time, counted ids, blobs in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::Value;
use tower::ServiceExt;
use tradepost_adapters::ImageCodec;
use tradepost_app::auth::{Scope, key_hash, key_hint, new_key_text};
use tradepost_app::catalog::Projector;
use tradepost_app::mail::{MailTemplates, MailWorker};
use tradepost_app::order::OrderSweeper;
use tradepost_app::order::sweep::Swept;
use tradepost_app::outside::Outside;
use tradepost_app::payment::Reconciler;
use tradepost_app::payment::missed::Missed;
use tradepost_app::payment::reconcile::Reconciled;
use tradepost_app::throttle::ShopperLimits;
use tradepost_app::webhook::WebhookWorker;
use tradepost_app::{Checkout, Shop, ShopParts, count_statements};
use tradepost_domain::catalog::Channel;
use tradepost_domain::kernel::ids::{ApiKeyId, ChannelId};
use tradepost_domain::kernel::{Currency, Locale};
use tradepost_domain::webhook::find_event_type;
use tradepost_http::ApiState;
use tradepost_port::fake::{CountingIds, FakeClock, MemoryBlobs, RecordedMails, ScriptedEgress, ToldRates};
use tradepost_port::{Clock, IdSource, Mail, ShippingRates, TaxProvider};
use tradepost_store::Sql;
use tradepost_store::api_key::{self, ApiKeyRow};
use tradepost_store::channel;

use crate::database::TestDatabase;
use crate::guard::AuditGuard;

/// A shop under test.
#[derive(Debug, Clone)]
pub struct TestApp {
    /// Its database.
    pub database: Arc<TestDatabase>,
    /// The shop.
    pub shop: Arc<Shop>,
    /// Its clock, which stands still until it is moved.
    pub clock: Arc<FakeClock>,
    /// The mails that it sends.
    pub mails: Arc<RecordedMails>,
    /// The world outside, at the addresses that staff give.
    pub outside: Arc<ScriptedEgress>,
    /// The default channel: euro, English and German.
    pub channel_id: ChannelId,
    /// A secret key with every scope.
    pub admin_key: String,
    /// Whether the search index has not yet taken what [`Self::project`] has.
    is_behind: Arc<AtomicBool>,
    router: axum::Router,
    /// Audits the shop when its test is over.
    guard: AuditGuard,
    // The folder goes with the last copy of the app.
    #[expect(dead_code, reason = "held so that the folder stays")]
    uploads: Arc<tempfile::TempDir>,
}

/// An answer.
#[derive(Debug)]
pub struct TestResponse {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as sent.
    pub bytes: Vec<u8>,
    /// SQL statements that the request ran.
    pub statements: u32,
}

impl TestResponse {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    /// The problem's code; empty when there is none.
    pub fn code(&self) -> String {
        self.json().get("code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A header as text; empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The same answer, having checked its status.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "the check is the point; what follows it is optional"
    )]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }
}

/// A customer who is signed in.
#[derive(Debug, Clone)]
pub struct TestCustomer {
    /// Id on the wire.
    pub id: String,
    /// E-mail address.
    pub email: String,
    /// Access token of the first session.
    pub access_token: String,
    /// Its refresh token.
    pub refresh_token: String,
}

/// The password of every customer of a test.
pub const TEST_PASSWORD: &str = "correct horse battery";

/// A request in the making.
#[derive(Debug)]
pub struct TestRequest<'a> {
    app: &'a TestApp,
    request: Request<Body>,
}

impl TestRequest<'_> {
    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    /// With the secret key that may do everything.
    #[must_use]
    pub fn admin(self) -> Self {
        let value = format!("Bearer {}", self.app.admin_key);
        self.header("authorization", &value)
    }

    /// With an access token, or whatever else is borne.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// From an address.
    #[must_use]
    pub fn from(mut self, ip: &str) -> Self {
        let peer = std::net::SocketAddr::new(ip.parse().unwrap(), 40_000);
        self.request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        self
    }

    /// With `If-Match: "v<version>"`.
    #[must_use]
    pub fn if_match(self, version: i64) -> Self {
        self.header("if-match", &format!("\"v{version}\""))
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    /// With any body.
    #[must_use]
    pub fn raw(mut self, content_type: &str, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self.header("content-type", content_type)
    }

    /// Sends it and reads the whole answer.
    pub async fn send(self) -> TestResponse {
        if matches!(self.request.uri().path(), "/api/products" | "/api/search" | "/api/search/suggest") {
            Box::pin(self.app.index()).await;
        }
        let answer = self.app.router.clone().oneshot(self.request);
        let (response, _) = count_statements(answer).await;
        let (parts, body) = response.unwrap().into_parts();
        let statements =
            parts.extensions.get::<tradepost_http::middleware::Statements>().map_or(0, |count| count.0);
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        TestResponse { status: parts.status, headers: parts.headers, bytes, statements }
    }
}

impl TestApp {
    /// A shop with one channel and one key.
    pub async fn new() -> Self {
        Self::with_rate_limits(false).await
    }

    /// The same, which may or may not count how often somebody tries.
    pub async fn with_rate_limits(rate_limits: bool) -> Self {
        let test_payments = |clock: Arc<FakeClock>| {
            Checkout::new(vec![Arc::new(tradepost_adapters::TestPayments::new(clock))])
        };
        Self::build(rate_limits, test_clock(), test_payments).await
    }

    /// One whose desk waits for company for so long.
    pub async fn with_gathering(gathering: Duration) -> Self {
        let checkout = |clock: Arc<FakeClock>| Checkout {
            gathering,
            ..Checkout::new(vec![Arc::new(tradepost_adapters::TestPayments::new(clock))])
        };
        Self::build(false, test_clock(), checkout).await
    }

    /// One whose taxes and shipping a service says.
    pub async fn with_rates(rates: Arc<ToldRates>) -> Self {
        let (tax, shipping): (Arc<dyn TaxProvider>, Arc<dyn ShippingRates>) = (rates.clone(), rates);
        let checkout = |clock: Arc<FakeClock>| Checkout {
            tax: Some(Outside::new(tax)),
            shipping: Some(Outside::new(shipping)),
            ..Checkout::new(vec![Arc::new(tradepost_adapters::TestPayments::new(clock))])
        };
        Self::build(false, test_clock(), checkout).await
    }

    /// One whose checkout is made around its clock.
    pub(crate) async fn build(
        rate_limits: bool,
        clock: Arc<FakeClock>,
        checkout: impl FnOnce(Arc<FakeClock>) -> Checkout,
    ) -> Self {
        Self::over(TestDatabase::new().await, rate_limits, clock, checkout).await
    }

    /// The same over a database that is there.
    pub(crate) async fn over(
        database: TestDatabase,
        rate_limits: bool,
        clock: Arc<FakeClock>,
        checkout: impl FnOnce(Arc<FakeClock>) -> Checkout,
    ) -> Self {
        let database = Arc::new(database);
        let ids: Arc<dyn IdSource> = Arc::new(CountingIds::default());
        let uploads = Arc::new(tempfile::tempdir().unwrap());
        let mails = Arc::new(RecordedMails::default());
        let outside = Arc::new(ScriptedEgress::default());
        let shop = Arc::new(Shop::new(ShopParts {
            store: database.store.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            blobs: Arc::new(MemoryBlobs::default()),
            images: Arc::new(ImageCodec::default()),
            uploads: uploads.path().join("in"),
            exports: uploads.path().join("out"),
            cache_bytes: tradepost_app::catalog::cache::CACHE_BYTES_DEFAULT,
            checkout: checkout(clock.clone()),
            mailer: mails.clone(),
            staff_mail: "staff@shop.example.com".parse().ok(),
            mail_templates: mail_templates(),
            public_url: "https://shop.example.com".to_owned(),
            rate_limits: rate_limits.then(ShopperLimits::default),
            egress: outside.clone(),
            search: crate::shelves(),
            seals: crate::seals(),
        }));
        let is_behind = Arc::default();
        let (channel_id, admin_key) = seed(&shop, &clock, &*ids).await;
        let router = tradepost_http::router(ApiState::new(shop.clone()));
        let guard = AuditGuard::new(&database, &clock);
        Self {
            database,
            shop,
            clock,
            mails,
            outside,
            channel_id,
            admin_key,
            is_behind,
            router,
            guard,
            uploads,
        }
    }

    /// Another process of the same shop: over the same database, with a memory of its own that holds nothing yet. It
    /// hears of changes when [`Self::project`] is called on it, too.
    #[must_use]
    pub fn beside(&self) -> Self {
        let shop = Arc::new(Shop::new(ShopParts {
            store: self.database.store.clone(),
            clock: self.clock.clone(),
            ids: self.shop.ids.clone(),
            blobs: self.shop.blobs.clone(),
            images: self.shop.images.clone(),
            uploads: self.shop.uploads.clone(),
            exports: self.shop.exports.clone(),
            cache_bytes: tradepost_app::catalog::cache::CACHE_BYTES_DEFAULT,
            checkout: self.shop.checkout.clone(),
            mailer: self.mails.clone(),
            staff_mail: self.shop.staff_mail.clone(),
            mail_templates: mail_templates(),
            public_url: self.shop.public_url.clone(),
            rate_limits: None,
            egress: self.outside.clone(),
            search: crate::shelves(),
            seals: crate::seals(),
        }));
        let router = tradepost_http::router(ApiState::new(shop.clone()));
        Self { shop, router, is_behind: Arc::default(), ..self.clone() }
    }

    /// The same with room for the requests that a pool of so many connections can serve.
    #[must_use]
    pub fn with_room(self, connections: usize) -> Self {
        let router = tradepost_http::router(ApiState::new(self.shop.clone()).with_room(connections));
        Self { router, ..self }
    }

    /// Lets everything that has changed reach the shoppers, as the workers and the listener do in a running shop.
    pub async fn project(&self) {
        Projector::new(self.shop.clone()).drain().await.unwrap();
        let conn = self.shop.store.worker().conn().await.unwrap();
        let epoch = tradepost_store::catalog::projection::current_epoch(&conn).await.unwrap();
        self.shop.catalog.cache.listening_from(epoch);
        self.is_behind.store(true, Ordering::SeqCst);
    }

    /// Fills the search index, or lets it take what was projected last. A request that asks it does so by itself: most
    /// tests search for nothing, and are spared the work.
    pub async fn index(&self) {
        if self.is_behind.swap(false, Ordering::SeqCst) {
            let shelves = self.shop.catalog.shelves.clone().unwrap();
            shelves.ensure().await.unwrap();
            shelves.follow(None, self.shop.catalog.cache.epoch()).await.unwrap();
        }
    }

    /// Checks that everything holds that must hold in every shop.
    pub async fn audit(&self) {
        self.database.audit_at(self.clock.now()).await;
        // Whoever tells an event writes it into the catalogue that staff choose from.
        let conn = self.shop.store.worker().conn().await.unwrap();
        for row in conn.query(TOLD, &[]).await.unwrap() {
            let name: String = row.get(0);
            assert!(find_event_type(&name).is_some(), "{name} is not in the catalogue of events");
        }
    }

    /// Lets the shop end broken: for a test that breaks it on purpose, which says why.
    pub fn leave_broken(&self, why: &'static str) {
        self.guard.leave_broken(why);
    }

    /// Sends the webhooks that are due.
    pub async fn send_webhooks(&self) {
        WebhookWorker::new(self.shop.clone()).drain().await.unwrap();
    }

    /// Lets the sweeper give up what nobody paid in time, a round.
    pub async fn sweep_orders(&self) -> Swept {
        count_statements(Box::pin(OrderSweeper::new(self.shop.clone()).sweep())).await.0.unwrap()
    }

    /// Lets the worker ask for the refunds that are due.
    pub async fn pay_back(&self) -> Reconciled {
        count_statements(Box::pin(Reconciler::new(self.shop.clone()).refund())).await.0.unwrap()
    }

    /// Lets the worker keep what orders were paid with, and have forgotten what customers forgot; answers how much it took up.
    pub async fn keep_methods(&self) -> usize {
        count_statements(Box::pin(Reconciler::new(self.shop.clone()).keep_methods())).await.0.unwrap()
    }

    /// Lets the worker read back what nobody told, a round.
    pub async fn read_back(&self) -> Reconciled {
        count_statements(Box::pin(Reconciler::new(self.shop.clone()).read_back())).await.0.unwrap()
    }

    /// Lets the worker look for what providers told and nobody heard, a round.
    pub async fn list_events(&self) -> Missed {
        count_statements(Box::pin(Reconciler::new(self.shop.clone()).list_events())).await.0.unwrap()
    }

    /// Registers a customer.
    pub async fn customer(&self, email: &str) -> TestCustomer {
        let body = serde_json::json!({"email": email, "password": TEST_PASSWORD, "first_name": "Ada"});
        let tokens = self.post("/api/auth/register").json(&body).send().await.expect(201).json();
        let text = |json: &Value, field: &str| json[field].as_str().unwrap().to_owned();
        let access_token = text(&tokens, "access_token");
        let account = self.get("/api/account").bearer(&access_token).send().await.expect(200).json();
        let refresh_token = text(&tokens, "refresh_token");
        TestCustomer { id: text(&account, "id"), email: email.to_owned(), access_token, refresh_token }
    }

    /// Lets the worker send the mails that are due; answers those that were sent since the last time.
    pub async fn send_mails(&self) -> Vec<Mail> {
        let worker = MailWorker::new(self.shop.clone());
        while worker.step().await.unwrap() > 0 {}
        self.mails.take()
    }

    /// A request of any method.
    pub fn request(&self, method: Method, path: &str) -> TestRequest<'_> {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        TestRequest { app: self, request }
    }

    /// A GET.
    pub fn get(&self, path: &str) -> TestRequest<'_> {
        self.request(Method::GET, path)
    }

    /// A POST.
    pub fn post(&self, path: &str) -> TestRequest<'_> {
        self.request(Method::POST, path)
    }

    /// A PATCH.
    pub fn patch(&self, path: &str) -> TestRequest<'_> {
        self.request(Method::PATCH, path)
    }

    /// A DELETE.
    pub fn delete(&self, path: &str) -> TestRequest<'_> {
        self.request(Method::DELETE, path)
    }

    /// A new secret key with these scopes.
    pub async fn key_with(&self, scopes: &[Scope]) -> String {
        insert_key(&self.shop, self.clock.now(), scopes).await
    }
}

fn mail_templates() -> MailTemplates {
    MailTemplates::new("Test shop", std::collections::BTreeMap::new()).unwrap()
}

/// The events that were told.
const TOLD: Sql = Sql { name: "told", text: "select distinct type from outbox" };

/// A clock that stands where every test begins.
pub(crate) fn test_clock() -> Arc<FakeClock> {
    Arc::new(FakeClock::at("2026-11-01T12:00:00Z".parse::<Timestamp>().unwrap()))
}

async fn seed(shop: &Shop, clock: &FakeClock, ids: &dyn IdSource) -> (ChannelId, String) {
    let english = Locale::english();
    let web = Channel {
        id: ids.next(),
        handle: "web".parse().unwrap(),
        name: "Web".to_owned(),
        currency: Currency::EUR,
        default_locale: english.clone(),
        locales: vec![english, "de".parse().unwrap()],
        is_default: true,
        active: true,
        version: 1,
    };
    let tx = shop.store.admin().begin("seed").await.unwrap();
    channel::insert(&tx, &web, clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    (web.id, insert_key(shop, clock.now(), &Scope::ALL).await)
}

async fn insert_key(shop: &Shop, now: Timestamp, scopes: &[Scope]) -> String {
    let id: ApiKeyId = shop.ids.next();
    let text = new_key_text("sk", id, &*shop.ids);
    let row = ApiKeyRow {
        id,
        kind: "secret".to_owned(),
        name: "test".to_owned(),
        hint: key_hint(&text),
        channel_id: None,
        scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        created_at: now,
    };
    let tx = shop.store.admin().begin("key").await.unwrap();
    api_key::insert(&tx, &row, &key_hash(&text)).await.unwrap();
    tx.commit().await.unwrap();
    text
}
