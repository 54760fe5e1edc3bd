//! What came of a comparison: figures with a value a side, from which the table, the page and the JSON are made.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::machine::Machine;
use super::side::SideKind;
use crate::LabError;
use crate::compare::median;

/// Everything that was measured.
#[derive(Debug, Clone, Serialize)]
pub struct SearchReport {
    /// The command that repeats it.
    pub command: String,
    /// When it was begun.
    pub begun_at: String,
    /// Version of this program.
    pub version: &'static str,
    /// How long it took.
    pub seconds: u64,
    /// Where.
    pub machine: Machine,
    /// The server: its version, and how it came about.
    pub server: String,
    /// What was searched and asked, in a line.
    pub material: String,
    /// The sides, in the order of the values.
    pub sides: Vec<SideReport>,
    /// The figures, in their order.
    pub figures: Vec<Figure>,
    /// How long answers took, as lines.
    pub curves: Vec<Curve>,
    /// How OpenSearch alone is set up and asked.
    pub alone: AloneReport,
}

/// A way to search.
#[derive(Debug, Clone, Serialize)]
pub struct SideReport {
    /// Which.
    pub kind: SideKind,
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
}

/// How OpenSearch alone is set up and asked.
#[derive(Debug, Clone, Serialize)]
pub struct AloneReport {
    /// Settings and mapping.
    pub index: Value,
    /// The query for the words `WORDS`.
    pub query: Value,
}

/// What is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Of all, 0 to 1.
    Share,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Answers a second.
    PerSecond,
    /// Megabytes (2^20 bytes).
    Megabytes,
}

/// A figure of all sides.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// What it belongs to.
    pub group: &'static str,
    /// Its name.
    pub name: String,
    /// What it is measured in. More is better of shares and rates, less of the others.
    pub unit: Unit,
    /// The values; nothing where a side has no such thing.
    pub values: [Option<Measured>; 3],
}

/// A value, or two that belong together: p50 and p99, right@1 and right@10.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Measured {
    /// The value; the median where there were several rounds.
    pub value: f64,
    /// The other one.
    pub second: Option<f64>,
    /// The lowest and the highest value of a round.
    pub spread: Option<(f64, f64)>,
}

/// Lines of a plot.
#[derive(Debug, Clone, Serialize)]
pub struct Curve {
    /// Of what.
    pub name: &'static str,
    /// For each side, the milliseconds that 0, 1, .. 100 of a hundred answers took at most.
    pub milliseconds: [Vec<f64>; 3],
}

impl Measured {
    /// A value alone.
    pub fn one(value: f64) -> Self {
        Self { value, ..Self::default() }
    }

    /// Two values.
    pub fn two(value: f64, second: f64) -> Self {
        Self { value, second: Some(second), ..Self::default() }
    }

    /// The median of rounds, and their spread where there were several.
    pub fn rounds(values: &[f64]) -> Self {
        let span =
            values.iter().fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(*one), high.max(*one)));
        Self { value: median(values), second: None, spread: (values.len() > 1).then_some(span) }
    }

    /// The medians of rounds that have two values each.
    pub fn rounds_of_two(values: &[(f64, f64)]) -> Self {
        let (first, second): (Vec<f64>, Vec<f64>) = values.iter().copied().unzip();
        Self { second: Some(median(&second)), ..Self::rounds(&first) }
    }
}

impl Unit {
    /// A value as it is shown.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Share => {
                let shown = format!("{value:.3}");
                shown.strip_prefix('0').map_or_else(|| shown.clone(), str::to_owned)
            }
            Self::PerSecond => thousands(value),
            Self::Megabytes => format!("{value:.0} MB"),
            Self::Milliseconds => format!("{} ms", digits(value)),
            Self::Seconds => format!("{} s", digits(value)),
        }
    }

    /// Whether more of it is better.
    pub fn more_is_better(self) -> bool {
        matches!(self, Self::Share | Self::PerSecond)
    }
}

/// Two digits that count, or as many as stand before the point.
fn digits(value: f64) -> String {
    match value {
        ..0.1 => format!("{value:.3}"),
        ..1.0 => format!("{value:.2}"),
        ..10.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// A whole number, its thousands apart.
fn thousands(value: f64) -> String {
    let plain = format!("{value:.0}");
    let mut shown = String::new();
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

impl Figure {
    /// A figure.
    pub fn new(
        (group, name): (&'static str, impl Into<String>),
        unit: Unit,
        values: [Option<Measured>; 3],
    ) -> Self {
        Self { group, name: name.into(), unit, values }
    }

    /// A value as it is shown.
    pub fn show(&self, side: usize) -> Option<String> {
        let measured = self.values.get(side).copied().flatten()?;
        let mut shown = self.unit.show(measured.value);
        if let Some(second) = measured.second {
            shown = format!("{} / {}", shown, self.unit.show(second));
        }
        Some(shown)
    }

    /// Which sides are best: several where what is shown of them is the same, none where only one has such a thing.
    pub fn best(&self) -> [bool; 3] {
        let rank = |measured: &Measured| {
            let turned = |value: f64| if self.unit.more_is_better() { -value } else { value };
            (turned(measured.value), measured.second.map_or(0.0, turned))
        };
        let known = || self.values.iter().flatten();
        if known().count() < 2 {
            return [false; 3];
        }
        let by_rank = |one: &&Measured, other: &&Measured| {
            let (one, other) = (rank(one), rank(other));
            one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1))
        };
        let first = known().min_by(by_rank).map(|best| self.shown_first(best));
        // Among those that show the same first value, the second decides.
        let tied = |measured: &&Measured| Some(self.shown_first(measured)) == first;
        let second = known().filter(tied).map(|measured| rank(measured).1).min_by(f64::total_cmp);
        std::array::from_fn(|side| {
            self.values.get(side).and_then(Option::as_ref).filter(tied).is_some_and(|measured| {
                let shown = |value: f64| self.unit.show(value.abs());
                second.is_some_and(|second| shown(rank(measured).1) == shown(second))
            })
        })
    }

    fn shown_first(&self, measured: &Measured) -> String {
        self.unit.show(measured.value)
    }
}

impl SearchReport {
    /// The figure of a name.
    pub fn figure(&self, group: &str, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.group == group && figure.name == name)
    }

    /// Writes it as JSON.
    pub fn write_json(&self, path: &Path) -> Result<(), LabError> {
        let json = serde_json::to_vec_pretty(self).map_err(std::io::Error::from)?;
        write(path, &json)
    }

    /// Writes it as a page.
    pub fn write_html(&self, path: &Path) -> Result<(), LabError> {
        write(path, super::page::page(self).as_bytes())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), LabError> {
    let told = |error| LabError::Preparation(format!("`{}` cannot be written: {error}", path.display()));
    std::fs::write(path, bytes).map_err(told)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    fn figure(unit: Unit, values: [Option<Measured>; 3]) -> Figure {
        Figure::new(("Speed", "a figure"), unit, values)
    }

    /// A report of made-up figures.
    pub fn report() -> SearchReport {
        let measured = |values: [f64; 3]| values.map(|value| Some(Measured::one(value)));
        let rates =
            [1_253.4, 208.0, 90.0].map(|rate| Some(Measured::rounds(&[rate * 0.9, rate, rate * 1.2])));
        SearchReport {
            command: "tradepost lab search-compare --data \"a<b\"".to_owned(),
            begun_at: "2026-11-23 10:00".to_owned(),
            version: "0.1.0",
            seconds: 300,
            machine: Machine {
                processor: "Some CPU".to_owned(),
                cores: 2,
                memory_mb: 24_000,
                load_before: 0.5,
                load_after: 2.0,
            },
            server: "OpenSearch 2.19.1".to_owned(),
            material: "30 products".to_owned(),
            sides: SideKind::ALL
                .map(|kind| SideReport { kind, name: kind.name(), description: kind.description() })
                .to_vec(),
            figures: vec![
                Figure::new(
                    ("Relevance", "NDCG@10, unjudged count as bad"),
                    Unit::Share,
                    measured([0.838, 0.838, 0.73]),
                ),
                Figure::new(
                    ("Relevance", "conditions understood"),
                    Unit::Share,
                    [Some(Measured::one(1.0)), Some(Measured::one(1.0)), None],
                ),
                Figure::new(
                    ("Speed", "one at a time, p50 / p99"),
                    Unit::Milliseconds,
                    [(1.2, 5.1), (11.0, 45.0), (8.0, 30.0)].map(|(p50, p99)| Some(Measured::two(p50, p99))),
                ),
                Figure::new(
                    ("Searches, from the text to the ids", "answers a second, eight at once"),
                    Unit::PerSecond,
                    rates,
                ),
            ],
            curves: vec![Curve {
                name: "asked for the first time",
                milliseconds: [1.0, 10.0, 5.0]
                    .map(|base: f64| (0..=100).map(|part| base + f64::from(part) / 10.0).collect()),
            }],
            alone: AloneReport {
                index: serde_json::json!({"settings": {}}),
                query: serde_json::json!({"bool": {}}),
            },
        }
    }

    #[test]
    fn the_best_is_the_most_of_shares_and_the_least_of_times_and_all_that_look_the_same() {
        let one = |values: [f64; 3]| values.map(|value| Some(Measured::one(value)));
        assert_eq!(figure(Unit::Share, one([0.8381, 0.8379, 0.7])).best(), [true, true, false]);
        assert_eq!(figure(Unit::Milliseconds, one([1.2, 11.0, 8.0])).best(), [true, false, false]);
        assert_eq!(figure(Unit::PerSecond, one([90.0, 208.0, 1_253.0])).best(), [false, false, true]);
        let two = [(0.99, 0.997), (0.99, 0.999), (0.9, 1.0)].map(|(one, ten)| Some(Measured::two(one, ten)));
        assert_eq!(
            figure(Unit::Share, two).best(),
            [false, true, false],
            "the second decides where the first is the same"
        );
        let times = [(1.0, 9.0), (1.0, 4.0), (2.0, 1.0)].map(|(p50, p99)| Some(Measured::two(p50, p99)));
        assert_eq!(figure(Unit::Milliseconds, times).best(), [false, true, false]);
        assert_eq!(figure(Unit::Share, [Some(Measured::one(1.0)), None, None]).best(), [false; 3]);
    }

    #[test]
    fn values_are_shown_with_the_digits_that_count() {
        let shown = [
            Unit::Share.show(0.8384),
            Unit::Share.show(1.0),
            Unit::PerSecond.show(1_253_000.4),
            Unit::PerSecond.show(208.0),
            Unit::Milliseconds.show(0.0123),
            Unit::Milliseconds.show(1.26),
            Unit::Milliseconds.show(45.4),
            Unit::Megabytes.show(1_012.3),
        ];
        assert_eq!(shown, [".838", "1.000", "1,253,000", "208", "0.012 ms", "1.3 ms", "45 ms", "1012 MB"]);
    }

    #[test]
    fn of_rounds_the_median_counts_and_the_spread_is_told() {
        let measured = Measured::rounds(&[3.0, 1.0, 2.0]);
        assert_eq!((measured.value, measured.spread), (2.0, Some((1.0, 3.0))));
        assert_eq!(Measured::rounds(&[3.0]).spread, None);
        let two = Measured::rounds_of_two(&[(1.0, 10.0), (3.0, 30.0), (2.0, 20.0)]);
        assert_eq!((two.value, two.second, two.spread), (2.0, Some(20.0), Some((1.0, 3.0))));
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let told = report().write_json(Path::new("/nowhere/report.json")).unwrap_err().to_string();
        assert!(told.starts_with("`/nowhere/report.json` cannot be written: No such file"), "{told}");
    }
}
