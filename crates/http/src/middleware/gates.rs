//! What is worked at at once, by classes of requests. What does not fit is refused at once, so that those who buy are served while
//! a crowd looks around, and what pays the bills never waits behind what does not.
//!
//! Two things run out. Of the **database** a class takes no more than its room: who finds it full waits in line, and is refused
//! without waiting when the line is longer than the patience of the class (Little's law: those before, by what each takes, by
//! how many are worked at side by side). The **processors** are shared by everything that can go on: how long that takes is felt
//! by [`Gates::feel`], and the classes that buy nothing give way first. Health, figures and webhooks of providers pass always.
//!
//! Refusals cost, too: a crowd that comes again at once would fill the processors with nothing else. So over a connection that
//! was just refused, the next request of those classes is looked at only after a [`Respite`].

use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody as _};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use tokio::sync::{Semaphore, SemaphorePermit};
use tradepost_domain::kernel::limits::BODY_BYTES_MAX;

use crate::problem::Problem;
use crate::state::ApiState;

/// Connections of the storefront's pool, of which the room of every class follows, when nothing else is configured.
pub const CONNECTIONS_DEFAULT: usize = 8;
/// Requests of a class that are worked at at once, at most.
const AT_ONCE_MAX: u32 = 1_000_000;
/// How often it is felt how long work waits for a processor.
const FEEL_EVERY: Duration = Duration::from_millis(10);
/// So many times in a row before it counts: a machine that was busy elsewhere for a moment is not overloaded.
const FELT: usize = 8;
/// What one request adds to the mean of what a request of its class takes: a sixteenth.
const MEAN_SHIFT: u32 = 4;
/// After a refusal the connection is left alone for so long.
const RESPITE: Duration = Duration::from_millis(250);
/// Those who wait in line at most, for each one who is worked at, whatever their time seems to be.
const LINE_MAX: u32 = 32;

/// Requests that are refused together, the first ones last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Orders and payments.
    Checkout,
    Cart,
    /// Logging in, a customer's own things, orders that are looked at.
    Account,
    Admin,
    /// Pages of the catalogue that are not in memory.
    Browse,
    Search,
    /// Figures over many rows.
    Report,
}

impl Class {
    const ALL: [Self; 7] =
        [Self::Checkout, Self::Cart, Self::Account, Self::Admin, Self::Browse, Self::Search, Self::Report];

    /// The class of a route; nothing of those that always pass.
    fn of(method: &Method, route: &str) -> Option<Self> {
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        let part = route.strip_prefix("/api/")?;
        let (room, rest) = part.split_once('/').unwrap_or((part, ""));
        Some(match room {
            "payments" if rest.starts_with("webhook") => return None,
            "orders" | "payments" if !is_read => Self::Checkout,
            "orders" | "payments" | "auth" | "account" => Self::Account,
            "carts" => Self::Cart,
            "admin" if rest.starts_with("search/analytics") || rest.starts_with("exports") => Self::Report,
            "admin" => Self::Admin,
            "search" => Self::Search,
            _ => Self::Browse,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Checkout => "checkout",
            Self::Cart => "cart",
            Self::Account => "account",
            Self::Admin => "admin",
            Self::Browse => "browse",
            Self::Search => "search",
            Self::Report => "report",
        }
    }

    /// Requests at once for each connection of the storefront's pool. Orders are decided many at a time, and a confirmation may
    /// wait for a provider: their number only bounds memory.
    fn share(self) -> u32 {
        match self {
            Self::Checkout => 128,
            // Carts keep the pool busy with these, and who orders waits behind no more. Searches are found by the processors alone:
            // more at once are no faster, and everybody else waits behind them.
            Self::Cart | Self::Search => 2,
            Self::Browse | Self::Account => 4,
            Self::Admin => 8,
            Self::Report => 1,
        }
    }

    /// How long a request waits in line.
    fn patience(self) -> Duration {
        Duration::from_millis(match self {
            Self::Cart | Self::Browse | Self::Search => 250,
            Self::Account => 1_000,
            Self::Checkout | Self::Admin | Self::Report => 2_000,
        })
    }

    /// How long work may wait for a processor before the class gives way, and with twice that altogether.
    fn gives_way_after(self) -> Option<Duration> {
        Some(Duration::from_millis(match self {
            Self::Checkout => return None,
            Self::Cart | Self::Account | Self::Admin => 200,
            Self::Browse => 100,
            Self::Search | Self::Report => 50,
        }))
    }
}

/// The bounds of all classes.
#[derive(Debug)]
pub struct Gates {
    gates: [Gate; Class::ALL.len()],
    /// Microseconds that work waits for a processor, at least, of late.
    late_us: AtomicU64,
}

impl Gates {
    /// Room for as many requests of each class as a pool of so many connections can serve.
    pub fn new(connections: usize) -> Self {
        Self { gates: Class::ALL.map(|class| Gate::new(class, connections)), late_us: AtomicU64::new(0) }
    }

    fn gate(&self, class: Class) -> Option<&Gate> {
        self.gates.iter().find(|gate| gate.class == class)
    }

    /// Feels how long work waits for a processor, for ever: how much later than its time a timer is heard of, as whatever arrives
    /// is. The least of some in a row counts.
    pub async fn feel(&self) {
        let mut recent = [u64::MAX; FELT];
        for place in (0..FELT).cycle() {
            let due = Instant::now() + FEEL_EVERY;
            tokio::time::sleep_until(due.into()).await;
            if let Some(felt) = recent.get_mut(place) {
                *felt = micros(due.elapsed());
            }
            let least = recent.iter().copied().min().unwrap_or(0);
            self.late_us.store(least, Ordering::Relaxed);
            metrics::gauge!("runtime_work_waits_seconds").set(Duration::from_micros(least).as_secs_f64());
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The bounds of a class.
#[derive(Debug)]
struct Gate {
    class: Class,
    room: Semaphore,
    at_once: u32,
    in_line: AtomicU32,
    /// Microseconds that a request takes, on the mean of late.
    takes_us: AtomicU64,
    /// Requests that came while the class gave way.
    pressed: AtomicU64,
}

/// A request that is worked at.
struct Pass<'a> {
    gate: &'a Gate,
    begun: Instant,
    _permit: SemaphorePermit<'a>,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let took = micros(self.begun.elapsed());
        let mean = self.gate.takes_us.load(Ordering::Relaxed);
        // Of two at once one may be lost: it is a mean.
        let next = mean.saturating_sub(mean >> MEAN_SHIFT).saturating_add(took >> MEAN_SHIFT);
        self.gate.takes_us.store(next, Ordering::Relaxed);
    }
}

/// One who waits in line, until it is dropped.
struct InLine<'a>(&'a AtomicU32);

impl<'a> InLine<'a> {
    fn new(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Until when a connection over which somebody was refused is left alone; an extension of its requests.
#[derive(Debug, Clone, Default)]
pub struct Respite(Arc<Mutex<Option<Instant>>>);

impl Respite {
    fn begin(&self) {
        if let Ok(mut until) = self.0.lock() {
            *until = Instant::now().checked_add(RESPITE);
        }
    }

    /// Waits until it is over.
    async fn rest(&self) {
        let until = self.0.lock().ok().and_then(|mut until| until.take());
        if let Some(until) = until.filter(|until| *until > Instant::now()) {
            tokio::time::sleep_until(until.into()).await;
        }
    }
}

/// After how long to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Full(Duration);

impl Gate {
    fn new(class: Class, connections: usize) -> Self {
        let at_once = u32::try_from(connections)
            .unwrap_or(u32::MAX)
            .saturating_mul(class.share())
            .clamp(1, AT_ONCE_MAX);
        Self {
            class,
            room: Semaphore::new(usize::try_from(at_once).unwrap_or(1)),
            at_once,
            in_line: AtomicU32::new(0),
            takes_us: AtomicU64::new(0),
            pressed: AtomicU64::new(0),
        }
    }

    /// How long one who comes now would wait.
    fn wait(&self) -> Duration {
        let before = u64::from(self.in_line.load(Ordering::Relaxed)).saturating_add(1);
        let takes = self.takes_us.load(Ordering::Relaxed);
        Duration::from_micros(before.saturating_mul(takes) / u64::from(self.at_once))
    }

    /// Whether this request gives way: of those that come while work waits too long, the more the longer it waits.
    fn gives_way(&self, late_us: u64) -> bool {
        let Some(limit) = self.class.gives_way_after().map(micros) else { return false };
        if late_us <= limit {
            return false;
        }
        let number = self.pressed.fetch_add(1, Ordering::Relaxed);
        // 0 at the limit, 100 at twice the limit; the numbers are spread over the hundred.
        let refused = late_us.saturating_sub(limit).saturating_mul(100) / limit;
        number.wrapping_mul(37) % 100 < refused
    }

    async fn enter(&self, late_us: u64) -> Result<Pass<'_>, Full> {
        if self.gives_way(late_us) {
            return Err(Full(Duration::from_micros(late_us)));
        }
        if let Ok(permit) = self.room.try_acquire() {
            return Ok(self.pass(permit));
        }
        let (wait, patience) = (self.wait(), self.class.patience());
        if wait > patience || self.in_line.load(Ordering::Relaxed) >= self.at_once.saturating_mul(LINE_MAX) {
            return Err(Full(wait));
        }
        let _in_line = InLine::new(&self.in_line);
        match tokio::time::timeout(patience, self.room.acquire()).await {
            Ok(Ok(permit)) => Ok(self.pass(permit)),
            _ => Err(Full(patience)),
        }
    }

    fn pass<'a>(&'a self, permit: SemaphorePermit<'a>) -> Pass<'a> {
        Pass { gate: self, begun: Instant::now(), _permit: permit }
    }
}

/// Lets a request in when there is room for its class.
pub(super) async fn pass(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let class = route.and_then(|route| Class::of(request.method(), route));
    let Some(gate) = class.and_then(|class| state.gates.gate(class)) else { return next.run(request).await };
    let respite = request.extensions().get::<Respite>().cloned();
    if let Some(respite) = respite.as_ref().filter(|_| gate.class != Class::Checkout) {
        respite.rest().await;
    }
    // First, so that nobody takes a place while his body is on its way.
    let request = with_body(request).await;
    match gate.enter(state.gates.late_us.load(Ordering::Relaxed)).await {
        Ok(_pass) => next.run(request).await,
        Err(full) => {
            metrics::counter!("http_requests_refused_total", "class" => gate.class.name()).increment(1);
            if let Some(respite) = respite {
                respite.begin();
            }
            refuse(full).into_response()
        }
    }
}

fn refuse(Full(wait): Full) -> Problem {
    let seconds = wait.as_secs().saturating_add(1).min(60);
    let detail = "more is asked of the shop than it can do at the moment: try again in a moment";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail);
    problem.header(header::RETRY_AFTER, HeaderValue::from(seconds))
}

/// The request with as much of its body as any JSON may have. What is wrong with it, whoever reads it finds.
async fn with_body(request: Request) -> Request {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return Request::from_parts(parts, body);
    }
    let mut rest = body.into_data_stream();
    let mut read = BytesMut::new();
    loop {
        match pin!(rest.next()).await {
            None => return Request::from_parts(parts, Body::from(read.freeze())),
            Some(Ok(more)) => read.extend_from_slice(&more),
            Some(Err(error)) => {
                let broken: [Result<Bytes, axum::Error>; 2] = [Ok(read.freeze()), Err(error)];
                return Request::from_parts(parts, Body::from_stream(stream::iter(broken)));
            }
        }
        if read.len() > BODY_BYTES_MAX {
            let first: Result<Bytes, axum::Error> = Ok(read.freeze());
            let all = stream::once(std::future::ready(first)).chain(rest);
            return Request::from_parts(parts, Body::from_stream(all));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn gate(class: Class, at_once: u32) -> Gate {
        let room = Semaphore::new(usize::try_from(at_once).unwrap());
        Gate { room, at_once, ..Gate::new(class, 1) }
    }

    #[test]
    fn every_route_has_the_class_that_its_buyers_are_worth() {
        let class = |method: &str, route| Class::of(&method.parse().unwrap(), route);
        assert_eq!(class("POST", "/api/orders"), Some(Class::Checkout));
        assert_eq!(class("POST", "/api/payments/{payment}/confirm"), Some(Class::Checkout));
        assert_eq!(class("GET", "/api/orders/{order}"), Some(Class::Account));
        assert_eq!(class("POST", "/api/carts"), Some(Class::Cart));
        assert_eq!(class("GET", "/api/products"), Some(Class::Browse));
        assert_eq!(class("GET", "/api/search/suggest"), Some(Class::Search));
        assert_eq!(class("GET", "/api/admin/search/analytics"), Some(Class::Report));
        assert_eq!(class("POST", "/api/admin/orders/{order}/refunds"), Some(Class::Admin));
        for always in
            ["/api/payments/webhook", "/api/payments/webhook/{provider}", "/health/ready", "/metrics"]
        {
            assert_eq!(class("POST", always), None, "{always}");
        }
    }

    #[tokio::test]
    async fn one_who_finds_no_room_waits_as_long_as_his_class_and_no_longer() {
        let gate = gate(Class::Cart, 1);
        let first = gate.enter(0).await.ok().unwrap();
        let begun = Instant::now();
        assert_eq!(gate.enter(0).await.err(), Some(Full(Class::Cart.patience())));
        assert!(begun.elapsed() >= Class::Cart.patience());
        assert_eq!(gate.in_line.load(Ordering::Relaxed), 0);
        let (second, ()) = tokio::join!(gate.enter(0), async { drop(first) });
        assert!(second.is_ok());
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_not_waited_in() {
        let gate = gate(Class::Cart, 2);
        // Each takes 100 ms, two side by side: the fifth in line would wait 250 ms, the sixth 300 ms.
        gate.takes_us.store(100_000, Ordering::Relaxed);
        let _worked_at = (gate.enter(0).await.ok().unwrap(), gate.enter(0).await.ok().unwrap());
        let _in_line: Vec<InLine<'_>> = (0..4).map(|_| InLine::new(&gate.in_line)).collect();
        assert_eq!(gate.wait(), Duration::from_millis(250));
        let _fifth = InLine::new(&gate.in_line);
        let refused = gate.enter(0).now_or_never().unwrap();
        assert_eq!(refused.err(), Some(Full(Duration::from_millis(300))));
    }

    #[tokio::test]
    async fn while_work_waits_for_processors_those_who_buy_nothing_give_way() {
        let share = |class: Class, late_ms: u64| {
            let gate = gate(class, 1);
            (0..100).filter(|_| gate.gives_way(late_ms * 1_000)).count()
        };
        assert_eq!(
            [share(Class::Search, 50), share(Class::Search, 70), share(Class::Search, 100)],
            [0, 40, 100]
        );
        assert_eq!([share(Class::Browse, 100), share(Class::Cart, 150)], [0, 0]);
        assert_eq!([share(Class::Cart, 300), share(Class::Checkout, 60_000)], [50, 0]);
    }

    #[tokio::test]
    async fn what_requests_take_is_remembered_on_the_mean() {
        let gate = gate(Class::Cart, 1);
        for _ in 0..200 {
            let mut pass = gate.enter(0).await.ok().unwrap();
            pass.begun = pass.begun.checked_sub(Duration::from_millis(10)).unwrap();
        }
        let mean = gate.takes_us.load(Ordering::Relaxed);
        assert!((9_000..12_000).contains(&mean), "{mean}");
    }

    #[tokio::test]
    async fn a_connection_is_left_alone_once_after_each_refusal() {
        let respite = Respite::default();
        assert!(respite.rest().now_or_never().is_some());
        respite.begin();
        let begun = Instant::now();
        respite.rest().await;
        assert!(begun.elapsed() >= RESPITE);
        assert!(respite.rest().now_or_never().is_some());
    }

    #[tokio::test]
    async fn bodies_come_through_as_they_were_sent() {
        async fn through(body: Body) -> Result<Bytes, axum::Error> {
            let request = with_body(Request::new(body)).await;
            axum::body::to_bytes(request.into_body(), usize::MAX).await
        }
        assert_eq!(through(Body::empty()).await.unwrap(), Bytes::new());
        assert_eq!(through(Body::from("{}")).await.unwrap(), Bytes::from("{}"));
        let parts = vec![7_u8; 3 * BODY_BYTES_MAX];
        let pieces: Vec<Result<Bytes, axum::Error>> =
            parts.chunks(100_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        assert_eq!(through(Body::from_stream(stream::iter(pieces))).await.unwrap(), parts);
        let torn = [Ok(Bytes::from("{")), Err(axum::Error::new(std::io::Error::other("torn")))];
        assert!(through(Body::from_stream(stream::iter(torn))).await.is_err());
    }
}
