//! A crowd that asks for far more than the shop can do, and comes again at once when it is refused. Those who have filled their
//! carts must be able to order and pay, and of the crowd as many must be served as the machine can serve.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use super::bed::Bed;
use super::client::{Call, Client, Reply};
use super::promises::Promise;
use super::purchase::{Purchase, Sent, Wish};
use super::{Told, Torture};
use crate::LabError;

/// Connections that are no crowd.
const FEW: usize = 32;
/// Connections that are one: two thirds make carts, a third searches.
const CROWD: usize = 900;
/// How long it is asked what few are served, of each kind.
const ALONE: Duration = Duration::from_secs(2);
/// How long the crowd is there.
const CROWDED: Duration = Duration::from_secs(10);
/// Full carts whose owners order and pay while the crowd is there, and units that there are for them.
const FULL_CARTS: usize = 1_500;
const UNITS: i64 = 100_000;
/// Of those who order and pay, so many may be put off: reliability.md asks for 99 of 100 served.
const PUT_OFF_MAX: f64 = 0.01;
/// What 99 of 100 of them take at most.
const SERVED_WITHIN: Duration = Duration::from_secs(2);
/// What is done for the crowd, beside what is done for few who have the machine for themselves.
const DONE_MIN: f64 = 0.5;
/// After the crowd has gone, everybody is served again within this time.
const RECOVERED_WITHIN: Duration = Duration::from_secs(5);
/// So many in a row are served when the shop has recovered.
const RECOVERED: u32 = 20;

/// What somebody in a crowd asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Cart,
    Search,
}

impl Wanted {
    fn call(self, number: u64) -> Call {
        match self {
            Self::Cart => Call::post("/api/carts", json!({})),
            // No two are the same, so that nothing is answered from memory.
            Self::Search => {
                Call::get(format!("/api/search?q=torture&filter%5Bprice%5D%5Bgte%5D={}", number % 100_000))
            }
        }
    }
}

/// What a crowd was answered.
#[derive(Debug, Default)]
struct Answered {
    carts: u64,
    searches: u64,
    refused: u64,
    /// What nobody should be answered, however many there are.
    bad: Vec<String>,
}

impl Answered {
    fn count(&mut self, wanted: Wanted, reply: std::io::Result<Reply>) {
        match (reply, wanted) {
            (Ok(Reply { status: 201, .. }), Wanted::Cart) => self.carts += 1,
            (Ok(Reply { status: 200, .. }), Wanted::Search) => self.searches += 1,
            (Ok(reply), _) if reply.status == 503 && reply.code() == "overloaded" => self.refused += 1,
            (Ok(reply), _) => self.bad.push(format!("{wanted:?}: {} {}", reply.status, reply.body)),
            (Err(error), _) => self.bad.push(format!("{wanted:?}: {error}")),
        }
    }

    fn and(mut self, other: Self) -> Self {
        self.bad.extend(other.bad);
        let (carts, searches) = (self.carts + other.carts, self.searches + other.searches);
        Self { carts, searches, refused: self.refused + other.refused, bad: self.bad }
    }
}

/// Many who ask for the same again and again.
struct Crowd {
    there: JoinSet<Answered>,
    over: Arc<AtomicBool>,
    begun: Instant,
}

impl Crowd {
    fn gather(bed: &Bed, carts: usize, searches: usize) -> Self {
        let (mut there, over) = (JoinSet::new(), Arc::new(AtomicBool::new(false)));
        let wanted = std::iter::repeat_n(Wanted::Cart, carts);
        for (seat, wanted) in (0_u64..).zip(wanted.chain(std::iter::repeat_n(Wanted::Search, searches))) {
            let (mut client, over) = (bed.client(), over.clone());
            there.spawn(async move {
                let mut answered = Answered::default();
                for number in seat * 7_919.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    answered.count(wanted, client.send(&wanted.call(number)).await);
                }
                answered
            });
        }
        Self { there, over, begun: Instant::now() }
    }

    /// Sends them away; what they were answered, and how long they were there.
    async fn send_away(self) -> (Answered, f64) {
        let long = self.begun.elapsed().as_secs_f64();
        self.over.store(true, Ordering::Relaxed);
        let answered = self.there.join_all().await.into_iter().fold(Answered::default(), Answered::and);
        (answered, long)
    }

    /// Carts and searches a second, of some who have the machine for themselves.
    async fn alone(bed: &Bed, carts: usize, searches: usize) -> (f64, f64) {
        let crowd = Self::gather(bed, carts, searches);
        tokio::time::sleep(ALONE).await;
        let (answered, long) = crowd.send_away().await;
        (rate(answered.carts, long), rate(answered.searches, long))
    }
}

fn rate(count: u64, seconds: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of seconds")]
    let count = count as f64;
    count / seconds
}

/// How those fared who ordered and paid.
#[derive(Debug, Default)]
struct Served {
    purchases: Vec<Purchase>,
    took: Vec<Duration>,
    put_off: u64,
}

impl Torture<'_> {
    /// A crowd beside buyers.
    pub(super) async fn crowd(&mut self, told: Told<'_>) -> Result<(), LabError> {
        told("few, for comparison", 0, 3);
        let (carts_alone, _) = Crowd::alone(&self.bed, FEW, 0).await;
        let (_, searches_alone) = Crowd::alone(&self.bed, 0, FEW).await;
        told("carts are filled", 1, 3);
        let full = self.fill_carts().await?;
        told("a crowd", 2, 3);
        let crowd = Crowd::gather(&self.bed, CROWD * 2 / 3, CROWD / 3);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let served = self.order_and_pay(full).await?;
        let (answered, long) = crowd.send_away().await;
        let recovered = self.until_served().await;
        self.look_at_buyers(served);
        let done = rate(answered.carts, long) / carts_alone + rate(answered.searches, long) / searches_alone;
        self.promises.check(Promise::Crowd, done >= DONE_MIN, || {
            format!(
                "{:.0} carts and {:.0} searches a second were done for the crowd, {carts_alone:.0} or {searches_alone:.0} for few: {done:.2}",
                rate(answered.carts, long), rate(answered.searches, long)
            )
        });
        self.promises
            .check(Promise::Crowd, answered.refused > 0, || "nobody was refused: it was no crowd".to_owned());
        self.promises.check(Promise::Crowd, answered.bad.is_empty(), || {
            let first = answered.bad.first().cloned().unwrap_or_default();
            format!(
                "{} of the crowd were answered what nobody should be, such as {first}",
                answered.bad.len()
            )
        });
        self.promises.check(Promise::Crowd, recovered <= RECOVERED_WITHIN, || {
            format!("not everybody was served {} ms after the crowd had gone", recovered.as_millis())
        });
        self.settle("crowd").await?;
        self.look("crowd").await
    }

    /// Purchases of which nothing is left but to order and to pay.
    async fn fill_carts(&mut self) -> Result<Vec<Purchase>, LabError> {
        let article = self.goods.make(&self.bed, 1_995, UNITS).await?;
        let lines = [(article.variant, 1)];
        let (mut full, mut client, staff) = (Vec::new(), self.bed.client(), self.bed.staff_key());
        for _ in 0..FULL_CARTS {
            let mut purchase = Purchase::new(&lines, Wish::Pay, &mut self.rng);
            while purchase.cart.is_none() && !purchase.is_over() {
                purchase.send_next(&mut client, &staff).await;
            }
            full.push(purchase);
        }
        Ok(full)
    }

    /// Takes full carts to orders that are paid, so many at once as there are clients, while the crowd is there.
    async fn order_and_pay(&self, full: Vec<Purchase>) -> Result<Served, LabError> {
        let until = Instant::now() + CROWDED;
        let each = full.len().div_ceil(self.plan.clients).max(1);
        let mut buyers = JoinSet::new();
        for some in full.chunks(each).map(<[Purchase]>::to_vec) {
            let (client, staff) = (self.bed.client(), self.bed.staff_key());
            buyers.spawn(buy(client, staff, some, until));
        }
        let mut all = Served::default();
        while let Some(served) = buyers.join_next().await {
            let served = served.map_err(std::io::Error::other)?;
            all.purchases.extend(served.purchases);
            all.took.extend(served.took);
            all.put_off += served.put_off;
        }
        Ok(all)
    }

    fn look_at_buyers(&mut self, mut served: Served) {
        served.took.sort_unstable();
        let requests = u64::try_from(served.took.len()).unwrap_or(u64::MAX);
        let paid = served.purchases.iter().filter(|purchase| purchase.paid).count();
        self.promises.check(Promise::Crowd, paid > 0, || "nobody could order and pay".to_owned());
        let put_off = rate(served.put_off, rate(requests, 1.0));
        self.promises.check(Promise::Crowd, put_off <= PUT_OFF_MAX, || {
            format!("of {requests} requests to order and to pay, {} were put off", served.put_off)
        });
        let most = served.took.len() * 99 / 100;
        let took = served.took.get(most).copied().unwrap_or_default();
        self.promises.check(Promise::Crowd, took <= SERVED_WITHIN, || {
            format!("one of a hundred waited {} ms to order or to pay", took.as_millis())
        });
        for purchase in &served.purchases {
            self.promises.take(purchase, "crowd");
        }
    }

    /// How long it takes until everybody is served again.
    async fn until_served(&self) -> Duration {
        let (begun, mut client, mut in_a_row) = (Instant::now(), self.bed.client(), 0);
        for number in 0_u64.. {
            let mut answered = Answered::default();
            for wanted in [Wanted::Cart, Wanted::Search] {
                answered.count(wanted, client.send(&wanted.call(number)).await);
            }
            in_a_row = if answered.carts + answered.searches == 2 { in_a_row + 1 } else { 0 };
            if in_a_row == RECOVERED || begun.elapsed() > 2 * RECOVERED_WITHIN {
                break;
            }
        }
        begun.elapsed()
    }
}

/// Orders and pays, one after the other. A purchase that was begun is brought to its end, so that its buyer knows it.
async fn buy(mut client: Client, staff: String, full: Vec<Purchase>, until: Instant) -> Served {
    let mut served = Served::default();
    for mut purchase in full {
        if Instant::now() > until {
            break;
        }
        while !purchase.is_over() {
            let begun = Instant::now();
            let sent = purchase.send_next(&mut client, &staff).await;
            served.took.push(begun.elapsed());
            if sent != Sent::Moved {
                served.put_off += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        served.purchases.push(purchase);
    }
    served
}
