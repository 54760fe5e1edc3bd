//! The report as a table for people.

use std::fmt;

use super::report::{Figure, SearchReport, SideReport};

/// Width of the column of names.
const NAME_WIDTH: usize = 58;
/// Width of a column of values.
const VALUE_WIDTH: usize = 25;

impl fmt::Display for SearchReport {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "{}\n{}\n{}\n", self.material, self.machine.line(), self.server)?;
        write!(to, "{:<NAME_WIDTH$}", "* best of the line; rounds: median (lowest to highest)")?;
        for SideReport { name, .. } in &self.sides {
            write!(to, " {name:>VALUE_WIDTH$}")?;
        }
        writeln!(to)?;
        let mut group = "";
        for figure in &self.figures {
            if figure.group != group {
                group = figure.group;
                writeln!(to, "\n{group}")?;
            }
            line(to, figure)?;
        }
        writeln!(to)?;
        for SideReport { name, description, .. } in &self.sides {
            writeln!(to, "{name}: {description}")?;
        }
        let compact = serde_json::to_string(&self.alone.query).unwrap_or_default();
        writeln!(to, "Its query: {compact} (fields, mapping and facets: --json)")?;
        writeln!(
            to,
            "\nTradepost {}, {}, {} s. Repeat with: {}",
            self.version, self.begun_at, self.seconds, self.command
        )
    }
}

/// A figure; its spreads on a line of their own, so that columns stay columns.
fn line(to: &mut fmt::Formatter<'_>, figure: &Figure) -> fmt::Result {
    let best = figure.best();
    write!(to, "  {:<width$}", figure.name, width = NAME_WIDTH - 2)?;
    for (side, is_best) in best.into_iter().enumerate() {
        let mark = if is_best { "*" } else { " " };
        let shown = figure.show(side).unwrap_or_else(|| "-".to_owned());
        write!(to, " {shown:>width$}{mark}", width = VALUE_WIDTH - 1)?;
    }
    writeln!(to)?;
    let spreads = figure.values.map(|measured| measured?.spread);
    if spreads.iter().all(Option::is_none) {
        return Ok(());
    }
    write!(to, "{:<NAME_WIDTH$}", "")?;
    for spread in spreads {
        let shown = spread.map_or_else(String::new, |(low, high)| {
            format!("({} to {})", figure.unit.show(low), figure.unit.show(high))
        });
        write!(to, " {shown:>width$} ", width = VALUE_WIDTH - 1)?;
    }
    writeln!(to)
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;

    #[test]
    fn columns_stand_below_each_other_and_the_best_is_marked() {
        let table = report().to_string();
        let line = |name: &str| table.lines().find(|line| line.contains(name)).unwrap().to_owned();
        let marks = |line: &str| {
            line.char_indices().filter(|(_, letter)| *letter == '*').map(|(at, _)| at).collect::<Vec<_>>()
        };
        let header = line("Tradepost, embedded");
        let ends: Vec<usize> = ["embedded", "on OpenSearch", "alone"]
            .map(|name| header.find(name).unwrap() + name.len())
            .to_vec();
        assert_eq!(marks(&line("unjudged count as bad")), [ends[0] - 1, ends[1] - 1]);
        assert_eq!(marks(&line("one at a time")), [ends[0] - 1]);
        assert_eq!(line("conditions understood").trim_end().chars().last(), Some('-'));
        assert!(line("eight at once").contains("1,253*"), "{table}");
        assert!(
            table.contains("(1,128 to 1,504)") && table.contains("Repeat with: tradepost lab"),
            "{table}"
        );
        assert!(
            table.lines().filter(|line| line.starts_with("  ")).all(|line| line.len() <= ends[2] + 1),
            "{table}"
        );
    }
}
