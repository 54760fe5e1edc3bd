//! The report: a line a ratio for people, JSON for machines.

use std::fmt::Write as _;
use std::path::Path;

use crate::LabError;
use crate::compare::{Ratio, median};

/// What was measured, and by what.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Report {
    /// The command that repeats it.
    pub command: String,
    /// Products in the shop.
    pub products: u64,
    /// Rounds of each comparison.
    pub rounds: usize,
    /// Cores of the machine.
    pub cores: usize,
    /// The ratios.
    pub ratios: Vec<Ratio>,
    /// What must stay below a bound.
    pub bounds: Vec<Bound>,
}

/// A figure of the program itself that must not be above its goal.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Bound {
    /// What.
    pub name: &'static str,
    /// What was measured.
    pub value: f64,
    /// The most that it may be, where that is known for a shop of this size.
    pub goal: Option<f64>,
    /// Unit of both: `ms`, `s`, `MB`.
    pub unit: &'static str,
}

impl Bound {
    /// Whether the goal is reached.
    pub fn reached(&self) -> bool {
        self.goal.is_none_or(|goal| self.value <= goal)
    }
}

impl Report {
    /// A table with a line for each ratio.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{} products, {} rounds in turns, {} cores, load from the same machine\n\n{:<32} {:>7} {:>15} {:>6}  {:>12} {:>12}  limit\n",
            self.products, self.rounds, self.cores, "what", "ratio", "spread", "goal", "ours/s", "limit/s",
        );
        for ratio in &self.ratios {
            let spread = format!("{:.2} to {:.2}", ratio.spread.0, ratio.spread.1);
            let mark = if ratio.reached() { "" } else { "  (goal not reached)" };
            let _ = writeln!(
                text,
                "{:<32} {:>7.2} {:>15} {:>6}  {:>12.0} {:>12.0}  {}{mark}",
                ratio.name,
                ratio.ratio,
                spread,
                ratio.goal.map_or_else(|| "-".to_owned(), |goal| format!("{goal:.2}")),
                median(&ratio.ours_per_second),
                median(&ratio.limit_per_second),
                ratio.limit_name,
            );
        }
        if !self.bounds.is_empty() {
            let _ = writeln!(text, "\n{:<44} {:>9} {:>9}", "what", "value", "at most");
        }
        for bound in &self.bounds {
            let Bound { name, value, goal, unit } = bound;
            let mark = if bound.reached() { "" } else { "  (goal not reached)" };
            let goal = goal.map_or_else(|| "-".to_owned(), |goal| format!("{goal:.2}"));
            let _ = writeln!(text, "{name:<44} {value:>9.2} {goal:>9}  {unit}{mark}");
        }
        let _ = write!(text, "\nRepeat with: {}", self.command);
        text
    }

    /// Writes the report as JSON.
    pub fn write_json(&self, path: &Path) -> Result<(), LabError> {
        let json =
            serde_json::to_vec_pretty(self).map_err(|error| LabError::Preparation(error.to_string()))?;
        Ok(std::fs::write(path, json)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_ratio_spread_and_what_was_not_reached() {
        let ratio = Ratio {
            name: "listing, warm".to_owned(),
            limit_name: "static bytes".to_owned(),
            unit: "requests".to_owned(),
            ours_per_second: vec![80.0],
            limit_per_second: vec![100.0],
            ratio: 0.8,
            spread: (0.79, 0.82),
            goal: Some(0.85),
        };
        let report = Report {
            command: "tradepost lab limits".to_owned(),
            products: 2_000,
            rounds: 3,
            cores: 2,
            ratios: vec![ratio],
            bounds: vec![Bound { name: "memory, idle", value: 81.0, goal: Some(80.0), unit: "MB" }],
        };
        let table = report.table();
        assert!(table.contains("81.00     80.00  MB  (goal not reached)"), "{table}");
        assert!(table.contains("0.79 to 0.82") && table.contains("goal not reached"), "{table}");
        assert!(table.ends_with("Repeat with: tradepost lab limits"));
    }
}
