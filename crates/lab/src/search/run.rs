//! Takes the turns: what is measured, in which order, and what becomes a figure.
//!
//! Retail is asked before electronics, so that Java has compiled what it runs often before anything is timed. What changes the
//! catalogues comes last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use tradepost_search::quality::{JUDGED_HITS, KnownItem, ONE_EDIT, QualityError, understood_among};

use super::alone::{index_body, query_body};
use super::machine::{self, Machine};
use super::material::{Catalogue, Material};
use super::quality::{Scores, judged, known_items, sum};
use super::report::{AloneReport, Curve, Figure, Measured, SearchReport, SideReport, Unit};
use super::side::{Ground, Question, Seen, Side, SideKind};
use super::speed::{Times, one_at_a_time, several_at_once};
use super::{SearchPlan, Tell, freshness, memory};
use crate::LabError;

/// Queries of a round that are asked again.
const AGAIN: usize = 1_000;
/// Queries of a round with facets.
const WITH_FACETS: usize = 500;
/// Bytes of a megabyte.
const MEGABYTE: f64 = 1_048_576.0;

/// Kinds of queries for known products, as the data calls them and as people do.
const KINDS: [(&str, &str); 13] = [
    ("clean", "no error"),
    ("sub", "another letter"),
    ("del", "a letter missing"),
    ("ins", "a letter too many"),
    ("transp", "two letters swapped"),
    ("dup", "a letter doubled"),
    ("phon", "written as it sounds"),
    ("first", "error in the first letter"),
    ("two", "two errors"),
    ("join", "two words as one"),
    ("split", "one word as two"),
    ("prefix", "last word begun"),
    ("prefix1", "last word begun, one error"),
];

/// The three sides of a catalogue.
type Sides = [Arc<dyn Side>; 3];

/// The catalogues, as each side holds them.
struct Stands {
    electronics: Sides,
    retail: Sides,
    all: Sides,
}

struct Run<'a> {
    plan: &'a SearchPlan,
    ground: Ground,
    material: Material,
    figures: Vec<Figure>,
    curves: Vec<Curve>,
}

/// Compares. It keeps its thread busy, and must not be called where a runtime waits.
pub fn compare(plan: &SearchPlan, tell: Tell<'_>) -> Result<SearchReport, LabError> {
    let (started, mut machine) = (Instant::now(), Machine::here());
    let material = Material::read(&plan.data, plan.every)?;
    let ground = Ground::new(&plan.address, &plan.prefix)?;
    let server = ground.runtime.block_on(version(&ground))?;
    let mut run = Run { plan, ground, material, figures: Vec::new(), curves: Vec::new() };
    run.measure(tell)?;
    machine.load_after = machine::load();
    Ok(SearchReport {
        command: plan.command.clone(),
        begun_at: plan.begun_at.clone(),
        version: env!("CARGO_PKG_VERSION"),
        seconds: started.elapsed().as_secs(),
        machine,
        server: format!("OpenSearch {server}, {}", plan.server),
        material: run.material_line(),
        sides: SideKind::ALL
            .map(|kind| SideReport { kind, name: kind.name(), description: kind.description() })
            .to_vec(),
        figures: run.figures,
        curves: run.curves,
        alone: AloneReport { index: index_body(), query: query_body("WORDS") },
    })
}

/// Deletes every index whose name begins with the prefix of a run.
pub fn sweep(address: &str, prefix: &str) -> Result<(), LabError> {
    let ground = Ground::new(address, prefix)?;
    ground.runtime.block_on(async {
        let server = &ground.server;
        let listed = server.bare(Method::GET, &format!("_cat/indices/{prefix}-*?h=index&format=json")).await;
        let listed: Vec<Value> =
            serde_json::from_slice(&listed.map_err(QualityError::from)?).map_err(std::io::Error::from)?;
        for name in listed.iter().filter_map(|index| index.get("index")?.as_str()) {
            server.bare(Method::DELETE, name).await.map_err(QualityError::from)?;
        }
        Ok(())
    })
}

async fn version(ground: &Ground) -> Result<String, LabError> {
    let answer = ground.server.bare(Method::GET, "").await.map_err(QualityError::from)?;
    let answer: Value = serde_json::from_slice(&answer).map_err(std::io::Error::from)?;
    Ok(answer.pointer("/version/number").and_then(Value::as_str).unwrap_or("of unknown version").to_owned())
}

/// Questions of about so many of the queries.
fn sample(items: &[KnownItem], count: usize, with_facets: bool) -> Vec<Question> {
    let step = (items.len() / count).max(1);
    let question = |item: &KnownItem| Question { text: item.typed.clone(), limit: JUDGED_HITS, with_facets };
    items.iter().step_by(step).map(question).collect()
}

impl Run<'_> {
    fn measure(&mut self, tell: Tell<'_>) -> Result<(), LabError> {
        let (stands, filled) = self.fill(&mut *tell)?;
        let (plan, runtime) = (self.plan, self.ground.runtime.clone());
        let Material { electronics, retail, electronics_items, retail_items, .. } = &self.material;
        let of = (retail, retail_items.as_slice());
        let in_retail = known_items(&runtime, &stands.retail, of, (&mut *tell, &plan.stop))?;
        let of = (electronics, electronics_items.as_slice());
        let in_electronics = known_items(&runtime, &stands.electronics, of, (&mut *tell, &plan.stop))?;
        self.relevance(&stands.electronics, &mut *tell)?;
        self.errors("Errors, electronics: right@1 / right@10", &in_electronics);
        self.errors("Errors, retail: right@1 / right@10", &in_retail);
        self.words(&stands.electronics, in_electronics.map(|(_, times)| times), &mut *tell)?;
        self.facets(&stands.all, &mut *tell)?;
        let products = thousands(self.material.electronics.products.len());
        self.figures.push(Figure::new(
            ("Filling", format!("learning and indexing {products} products")),
            Unit::Seconds,
            filled,
        ));
        self.freshness(&stands.electronics, &mut *tell)?;
        self.memory(&mut *tell)
    }

    fn material_line(&self) -> String {
        let Material { electronics, retail, judgments, electronics_items, retail_items, meanings, .. } =
            &self.material;
        let SearchPlan { rounds, changes, .. } = self.plan;
        format!(
            "{} electronics and {} retail products; {} judged queries, {} and {} queries for known products, {} with \
             conditions; {rounds} rounds, {changes} changes",
            thousands(electronics.products.len()),
            thousands(retail.products.len()),
            judgments.len(),
            thousands(electronics_items.len()),
            thousands(retail_items.len()),
            meanings.len()
        )
    }

    /// Fills everything, electronics several times; how long that took.
    fn fill(&self, tell: Tell<'_>) -> Result<(Stands, [Option<Measured>; 3]), LabError> {
        let Material { electronics, retail, all, .. } = &self.material;
        let of = u64::try_from((self.plan.rounds + 2) * 3).unwrap_or_default();
        let mut done = 0;
        let mut fill = |kind: SideKind, catalogue: &Catalogue| {
            self.plan.stop.look()?;
            tell("learning and indexing", done, of);
            done += 1;
            let started = Instant::now();
            Ok::<_, LabError>((self.ground.fill(kind, catalogue)?, started.elapsed()))
        };
        let mut seconds: [Vec<f64>; 3] = Default::default();
        for _ in 1..self.plan.rounds {
            for (kind, seconds) in SideKind::ALL.into_iter().zip(&mut seconds) {
                seconds.push(fill(kind, electronics)?.1.as_secs_f64());
            }
        }
        let mut sides = |catalogue: &Catalogue, note: &mut dyn FnMut(usize, Duration)| {
            let mut made = Vec::with_capacity(SideKind::ALL.len());
            for (number, kind) in SideKind::ALL.into_iter().enumerate() {
                let (side, took) = fill(kind, catalogue)?;
                note(number, took);
                made.push(side);
            }
            Sides::try_from(made).map_err(|_| LabError::Preparation("a side is missing".to_owned()))
        };
        let mut last = |number: usize, took: Duration| {
            seconds.get_mut(number).into_iter().for_each(|seconds| seconds.push(took.as_secs_f64()));
        };
        let stands = Stands {
            electronics: sides(electronics, &mut last)?,
            retail: sides(retail, &mut |_, _| ())?,
            all: sides(all, &mut |_, _| ())?,
        };
        Ok((stands, seconds.map(|seconds| Some(Measured::rounds(&seconds)))))
    }

    fn relevance(&mut self, sides: &Sides, tell: Tell<'_>) -> Result<(), LabError> {
        let mut gains = Vec::with_capacity(sides.len());
        for (done, side) in (0..).zip(sides) {
            tell("judged queries", done, 3);
            gains.push(judged(&self.ground.runtime, &**side, &self.material.judgments, &self.plan.stop)?);
        }
        let of = |value: &dyn Fn(&tradepost_search::quality::Gain) -> f64| {
            std::array::from_fn(|side| Some(Measured::one(value(gains.get(side)?))))
        };
        let products: Vec<_> =
            self.material.retail.products.iter().map(|(_, product)| product.clone()).collect();
        let read = understood_among(&products, &self.material.meanings);
        let read = Measured::one(read.exact as f64 / (read.asked as f64).max(1.0));
        let figures = [
            ("NDCG@10, unjudged count as bad", of(&|gain| gain.raw)),
            ("NDCG@10, unjudged left out", of(&|gain| gain.condensed)),
            ("share of the first ten that was judged", of(&|gain| gain.judged)),
            ("conditions understood exactly", [Some(read), Some(read), None]),
        ];
        let figure = |(name, values)| Figure::new(("Relevance", name), Unit::Share, values);
        self.figures.extend(figures.map(figure));
        Ok(())
    }

    /// A line for queries without an error, one for all single edits, and one for each kind.
    fn errors(&mut self, group: &'static str, all: &[(Scores, Times); 3]) {
        let mut line = |name: &str, kinds: &[&str]| {
            let values = std::array::from_fn(|side| {
                let score = sum(&all.get(side)?.0, kinds)?;
                Some(Measured::two(score.first(), score.ten()))
            });
            if values.iter().any(Option::is_some) {
                self.figures.push(Figure::new((group, name), Unit::Share, values));
            }
        };
        for (kind, name) in KINDS {
            line(name, &[kind]);
            if kind == "clean" {
                line("one error, of whatever kind", &ONE_EDIT);
            }
        }
    }

    /// Searches with words: the first time, again, and several at once.
    fn words(&mut self, sides: &Sides, first: [Times; 3], tell: Tell<'_>) -> Result<(), LabError> {
        let questions = sample(&self.material.electronics_items, AGAIN, false);
        let (again, rates) = self.rounds("searches", sides, questions, tell)?;
        let group = "Searches, from the text to the ids";
        let of_first = first.each_ref().map(|times| Some(Measured::two(times.at(50), times.at(99))));
        self.figures.push(Figure::new((group, "first time, p50 / p99"), Unit::Milliseconds, of_first));
        self.figures.push(Figure::new((group, "asked again, p50 / p99"), Unit::Milliseconds, again.0));
        self.figures.push(Figure::new((group, "answers a second, eight at once"), Unit::PerSecond, rates));
        let line = |name, times: [Times; 3]| Curve { name, milliseconds: times.map(|times| times.curve()) };
        self.curves.push(line("Searches, asked for the first time", first));
        self.curves.push(line("Searches, asked again", again.1));
        Ok(())
    }

    fn facets(&mut self, sides: &Sides, tell: Tell<'_>) -> Result<(), LabError> {
        let mut questions = sample(&self.material.electronics_items, WITH_FACETS / 2, true);
        questions.extend(sample(&self.material.retail_items, WITH_FACETS / 2, true));
        let (again, rates) = self.rounds("searches with seven facets", sides, questions, tell)?;
        let group = "Searches with seven facets, all products";
        self.figures.push(Figure::new((group, "one at a time, p50 / p99"), Unit::Milliseconds, again.0));
        self.figures.push(Figure::new((group, "answers a second, eight at once"), Unit::PerSecond, rates));
        self.curves.push(Curve {
            name: "Searches with seven facets",
            milliseconds: again.1.map(|times| times.curve()),
        });
        Ok(())
    }

    /// Rounds of the same questions: one at a time in turns, then several at once in turns.
    #[expect(clippy::type_complexity, reason = "three of each, read once")]
    fn rounds(
        &self,
        what: &str,
        sides: &Sides,
        questions: Vec<Question>,
        tell: Tell<'_>,
    ) -> Result<(([Option<Measured>; 3], [Times; 3]), [Option<Measured>; 3]), LabError> {
        let questions: Arc<[Question]> = questions.into();
        let (runtime, stop) = (&*self.ground.runtime, &self.plan.stop);
        let of = u64::try_from(self.plan.rounds * sides.len()).unwrap_or_default();
        let mut all: [(Vec<(f64, f64)>, Times, Vec<f64>); 3] = Default::default();
        let (mut done, one) = (0, format!("{what}, one at a time"));
        for _ in 0..self.plan.rounds {
            for (side, (rounds, times, _)) in sides.iter().zip(&mut all) {
                tell(&one, done, of);
                done += 1;
                let round = one_at_a_time(runtime, &**side, &questions, stop)?;
                rounds.push((round.at(50), round.at(99)));
                *times = std::mem::take(times).with(&round);
            }
        }
        let (mut done, eight) = (0, format!("{what}, eight at once"));
        for _ in 0..self.plan.rounds {
            for (side, (_, _, rates)) in sides.iter().zip(&mut all) {
                tell(&eight, done, of);
                done += 1;
                rates.push(several_at_once(runtime, side, &questions, stop)?);
            }
        }
        let latency = all.each_ref().map(|(rounds, _, _)| Some(Measured::rounds_of_two(rounds)));
        let rates = all.each_ref().map(|(_, _, rates)| Some(Measured::rounds(rates)));
        Ok(((latency, all.map(|(_, times, _)| times)), rates))
    }

    fn freshness(&mut self, sides: &Sides, tell: Tell<'_>) -> Result<(), LabError> {
        let products = &self.material.electronics.products;
        let mut took: [Vec<Duration>; 4] = Default::default();
        // Each side in its turn, and the last once more as it is where nobody forces it.
        let ways = [(0, Seen::AtOnce), (1, Seen::AtOnce), (2, Seen::AtOnce), (2, Seen::InTime)];
        let stride = (products.len() / self.plan.changes.max(1)).max(1);
        let changes = u64::try_from(self.plan.changes).unwrap_or_default();
        let mut number = 0;
        for (done, product) in (0..changes).zip(products.iter().step_by(stride).cycle()) {
            tell("changes until they are found", done, changes);
            for ((side, shown), times) in ways.into_iter().zip(&mut took) {
                let Some(side) = sides.get(side) else { continue };
                let (runtime, stop) = (&self.ground.runtime, &self.plan.stop);
                times.push(freshness::until_found(runtime, &**side, (number, product), (shown, stop))?);
                number += 1;
            }
        }
        let [embedded, shared, forced, by_itself] = took.map(|took| {
            let times = Times::new(took);
            Some(Measured::two(times.at(50), times.at(99)))
        });
        let group = "A changed title until it is found";
        let forced = Figure::new(
            (group, "p50 / p99, made visible at once"),
            Unit::Milliseconds,
            [embedded, shared, forced],
        );
        let name = "p50 / p99, refreshed every second (its default)";
        let by_itself = Figure::new((group, name), Unit::Milliseconds, [None, None, by_itself]);
        self.figures.extend([forced, by_itself]);
        Ok(())
    }

    fn memory(&mut self, tell: Tell<'_>) -> Result<(), LabError> {
        let own = |kind| memory::in_own_process(self.plan, kind);
        tell("memory", 0, 2);
        let embedded = own(SideKind::Embedded)?;
        tell("memory", 1, 2);
        let shared = own(SideKind::Shared)?;
        tell("memory", 2, 2);
        let Ground { runtime, server, settings } = &self.ground;
        let java = runtime.block_on(memory::of_server(server, settings)).map(|java| java.bytes);
        let disk = |pattern: String| runtime.block_on(memory::on_disk(server, &pattern));
        // An index of the second side is `PREFIX-NAME-layout1-1`, one of the third `PREFIX-alone-NAME`.
        let prefix = &self.plan.prefix;
        let disks = [None, disk(format!("{prefix}-*-layout*")), disk(format!("{prefix}-alone-*"))];
        let megabytes = |bytes: u64| Measured::one(bytes as f64 / MEGABYTE);
        let (process, java_of_both) = ([Some(embedded), Some(shared), None], [None, java, java]);
        let together = std::array::from_fn(|side| {
            let process = process.get(side).copied().flatten().map(|process| process.bytes);
            let needs_java = side > 0;
            let java = java_of_both.get(side).copied().flatten();
            (!needs_java || java.is_some()).then(|| megabytes(process.unwrap_or(0) + java.unwrap_or(0)))
        });
        let lines = [
            ("the process that searches", process.map(|process| Some(megabytes(process?.bytes)))),
            (
                "the same, at most while it learns",
                process.map(|process| Some(megabytes(process?.peak_bytes))),
            ),
            ("Java (one server holds both sides)", java_of_both.map(|java| Some(megabytes(java?)))),
            ("process and Java together", together),
            ("indexes on disk, three catalogues", disks.map(|disk| Some(megabytes(disk?)))),
        ];
        let known = lines.into_iter().filter(|(_, values)| values.iter().any(Option::is_some));
        self.figures.extend(
            known.map(|(name, values)| {
                Figure::new(("Memory, both catalogues", name), Unit::Megabytes, values)
            }),
        );
        Ok(())
    }
}

fn thousands(count: usize) -> String {
    Unit::PerSecond.show(count as f64)
}
