//! The report: in words for whoever owns the shop, as JSON for machines, as a page for the wall.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use tradepost_store::tally;

use super::Torture;
use crate::LabError;

/// What came of a torture.
#[derive(Debug, Clone, serde::Serialize)]
pub struct TortureReport {
    /// What repeats it.
    pub command: String,
    /// The seed of its choices.
    pub seed: u64,
    /// How long it took.
    pub seconds: u64,
    /// Orders that were placed, of them paid, and given up.
    pub orders: Orders,
    /// Charges that Stripe made.
    pub charges: u64,
    /// Refunds that Stripe made.
    pub refunds: u64,
    /// Requests that got no answer and were sent again, and answers that asked to come again.
    pub unanswered: u64,
    /// Answers that asked to come again.
    pub put_off: u64,
    /// How often the shop was killed, and where.
    pub kills: Vec<KillCount>,
    /// Milliseconds until the shop was ready again, a round.
    pub ready_ms: Vec<u64>,
    /// Milliseconds until all was settled after that, a round.
    pub settled_ms: Vec<u64>,
    /// What was promised and looked at.
    pub promises: Vec<PromiseReport>,
    /// What the shop stands on.
    pub services: Vec<Service>,
}

/// Orders by what became of them.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Orders {
    /// All.
    pub placed: u64,
    /// Paid, whether or not some of it went back.
    pub paid: u64,
    /// Given up, since nobody paid in time.
    pub given_up: u64,
}

/// How often the shop was to die somewhere, and did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KillCount {
    /// Where.
    pub at: String,
    /// Rounds in which it was to die there.
    pub planned: u32,
    /// Rounds in which it did.
    pub hit: u32,
}

/// A promise and what came of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PromiseReport {
    /// In words.
    pub promise: String,
    /// How often it was looked at.
    pub looked: u64,
    /// How often it was broken.
    pub broken: u64,
    /// The first times.
    pub examples: Vec<String>,
}

/// Something that a shop may stand on.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Service {
    /// Its name.
    pub name: &'static str,
    /// What was done to it, or that it is not in use.
    pub state: String,
}

impl Torture<'_> {
    /// Puts the report together.
    pub(super) async fn report(&self, took: Duration) -> Result<TortureReport, LabError> {
        let tallies = tally::orders(&*self.bed.store().worker().conn().await?).await?;
        let count = |of: &dyn Fn(&tally::OrderTally) -> bool| {
            u64::try_from(tallies.iter().filter(|tally| of(tally)).count()).unwrap_or(u64::MAX)
        };
        let paid = ["paid", "partially_refunded", "refunded"];
        let (charges, refunds) = self.bed.stripe.charges_and_refunds();
        Ok(TortureReport {
            command: self.plan.command.clone(),
            seed: self.plan.seed,
            seconds: took.as_secs(),
            orders: Orders {
                placed: count(&|_| true),
                paid: count(&|tally| paid.contains(&tally.payment_status.as_str())),
                given_up: count(&|tally| tally.status == "canceled"),
            },
            charges: u64::try_from(charges).unwrap_or(u64::MAX),
            refunds: u64::try_from(refunds).unwrap_or(u64::MAX),
            unanswered: self.kills.unanswered,
            put_off: self.kills.put_off,
            kills: self.kills.counts(),
            ready_ms: self.kills.ready_ms.clone(),
            settled_ms: self.kills.settled_ms.clone(),
            promises: self.promises.report(),
            services: self.plan.services.clone(),
        })
    }
}

impl TortureReport {
    /// Whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.promises.iter().all(|promise| promise.broken == 0)
    }

    /// The report in words.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{} orders were placed, {} of them paid, {} given up; Stripe charged {} times and refunded {} times.",
            self.orders.placed, self.orders.paid, self.orders.given_up, self.charges, self.refunds
        );
        let _ = writeln!(
            text,
            "{} requests got no answer and were sent again; {} were asked to come again.",
            self.unanswered, self.put_off
        );
        self.write_kills(&mut text);
        let _ = writeln!(text, "\n{:<82} {:>9} {:>7}", "promise", "looked at", "broken");
        for promise in &self.promises {
            let mark = if promise.broken == 0 { "" } else { "  BROKEN" };
            let _ =
                writeln!(text, "{:<82} {:>9} {:>7}{mark}", promise.promise, promise.looked, promise.broken);
            for example in &promise.examples {
                let _ = writeln!(text, "    {example}");
            }
        }
        text.push('\n');
        for Service { name, state } in &self.services {
            let _ = writeln!(text, "{name:<24} {state}");
        }
        let verdict = if self.is_clean() { "Every promise was kept." } else { "PROMISES WERE BROKEN." };
        let _ = write!(text, "\n{verdict} It took {} s. Repeat with: {}", self.seconds, self.command);
        text
    }

    fn write_kills(&self, text: &mut String) {
        if self.kills.is_empty() {
            return;
        }
        let total: u32 = self.kills.iter().map(|kill| kill.hit).sum();
        let _ = writeln!(
            text,
            "Killed {total} times; ready again after {} ms at worst ({} ms as a rule), settled after {} ms at worst.",
            worst(&self.ready_ms),
            middle(&self.ready_ms),
            worst(&self.settled_ms)
        );
        let _ = writeln!(text, "\n{:<28} {:>7} {:>7}", "killed", "planned", "hit");
        for KillCount { at, planned, hit } in &self.kills {
            let _ = writeln!(text, "{at:<28} {planned:>7} {hit:>7}");
        }
    }

    /// Writes the report as JSON.
    pub fn write_json(&self, path: &Path) -> Result<(), LabError> {
        let json =
            serde_json::to_vec_pretty(self).map_err(|error| LabError::Preparation(error.to_string()))?;
        Ok(std::fs::write(path, json)?)
    }

    /// Writes the report as a page that needs nothing else.
    pub fn write_html(&self, path: &Path) -> Result<(), LabError> {
        Ok(std::fs::write(path, super::html::page(self))?)
    }
}

/// The largest.
pub(super) fn worst(values: &[u64]) -> u64 {
    values.iter().copied().max().unwrap_or(0)
}

/// The one in the middle.
fn middle(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn report(broken: u64) -> TortureReport {
        TortureReport {
            command: "tradepost lab torture --seed 7".to_owned(),
            seed: 7,
            seconds: 9,
            orders: Orders { placed: 12, paid: 10, given_up: 1 },
            charges: 10,
            refunds: 3,
            unanswered: 4,
            put_off: 5,
            kills: vec![KillCount { at: "after_order_commit".to_owned(), planned: 2, hit: 1 }],
            ready_ms: vec![200, 900, 300],
            settled_ms: vec![2_000],
            promises: vec![PromiseReport {
                promise: "Nobody is charged <twice>".to_owned(),
                looked: 10,
                broken,
                examples: (0..broken).map(|number| format!("order {number}")).collect(),
            }],
            services: vec![Service { name: "Redis", state: "not in use".to_owned() }],
        }
    }

    #[test]
    fn the_report_says_what_was_tried_and_what_was_kept() {
        let text = report(0).text();
        assert!(text.contains("12 orders were placed, 10 of them paid"), "{text}");
        assert!(
            text.contains("Killed 1 times; ready again after 900 ms at worst (300 ms as a rule)"),
            "{text}"
        );
        assert!(text.contains("Redis                    not in use"), "{text}");
        assert!(text.contains("Every promise was kept."), "{text}");
        assert!(text.ends_with("Repeat with: tradepost lab torture --seed 7"), "{text}");
    }

    #[test]
    fn a_broken_promise_is_told_with_what_broke_it() {
        let broken = report(1);
        assert!(!broken.is_clean());
        assert!(broken.text().contains("BROKEN\n    order 0"), "{}", broken.text());
        assert!(broken.text().contains("PROMISES WERE BROKEN."));
    }
}
