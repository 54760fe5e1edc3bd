//! The report as one page: plots and the whole table, no script, nothing from elsewhere.

use std::fmt::Write as _;

use super::plot::{bars, escaped, lines, share_bars};
use super::report::{Figure, SearchReport};

const STYLE: &str = include_str!("page.css");

/// Figures of the first plot: groups of the report, names there, and names below the bars (`|` begins a new line).
const QUALITY: [(&str, &str, &str); 10] = [
    ("Relevance", "NDCG@10, unjudged count as bad", "NDCG@10|raw"),
    ("Relevance", "NDCG@10, unjudged left out", "NDCG@10|condensed"),
    (ELECTRONICS, "no error", "no error|electronics"),
    (ELECTRONICS, "one error, of whatever kind", "one error|electronics"),
    (RETAIL, "one error, of whatever kind", "one error|retail"),
    (ELECTRONICS, "two words as one", "two as one|electronics"),
    (RETAIL, "two words as one", "two as one|retail"),
    (ELECTRONICS, "one word as two", "one as two|electronics"),
    (RETAIL, "one word as two", "one as two|retail"),
    ("Relevance", "conditions understood exactly", "conditions|understood"),
];
const ELECTRONICS: &str = "Errors, electronics: right@1 / right@10";
const RETAIL: &str = "Errors, retail: right@1 / right@10";

/// Figures with a plot of their own.
const SINGLE: [(&str, &str); 6] = [
    ("Searches, from the text to the ids", "answers a second, eight at once"),
    ("Searches with seven facets, all products", "answers a second, eight at once"),
    ("Filling", "learning and indexing"),
    ("A changed title until it is found", "p50 / p99, made visible at once"),
    ("Memory, both catalogues", "process and Java together"),
    ("Memory, both catalogues", "indexes on disk"),
];

/// The whole page.
pub fn page(report: &SearchReport) -> String {
    let names: Vec<&str> = report.sides.iter().map(|side| side.name).collect();
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>Search, side by side</title><link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style></head><body><main>\
         <header><h1>Search, side by side</h1><p class=\"quiet\">{}</p><p class=\"quiet\">{}; {}</p></header>",
        escaped(&report.material),
        escaped(&report.machine.line()),
        escaped(&report.server)
    );
    page.push_str("<ul class=\"sides\">");
    for (number, side) in report.sides.iter().enumerate() {
        let _ = write!(
            page,
            "<li class=\"s{number}\"><b>{}</b> {}",
            escaped(side.name),
            escaped(side.description)
        );
    }
    page.push_str("</ul>");
    quality(&mut page, report);
    for curve in &report.curves {
        let hint = "How many of a hundred answers took no longer; further left is faster, every step is ten times the one before";
        card(&mut page, (curve.name, hint), &lines(curve));
    }
    page.push_str("<div class=\"columns\">");
    for (group, name) in SINGLE {
        let found =
            report.figures.iter().find(|figure| figure.group == group && figure.name.starts_with(name));
        if let Some(figure) = found {
            card(&mut page, (group, &figure.name), &bars(figure, &names));
        }
    }
    page.push_str("</div>");
    table(&mut page, report, &names);
    setup(&mut page, report);
    page.push_str("</main></body></html>\n");
    page
}

fn card(page: &mut String, (title, hint): (&str, &str), plot: &str) {
    let _ = write!(
        page,
        "<section class=\"card\"><h2>{}</h2><p class=\"quiet\">{}</p><div class=\"plot\">{plot}</div></section>",
        escaped(title),
        escaped(hint)
    );
}

fn quality(page: &mut String, report: &SearchReport) {
    let known = QUALITY.iter().filter_map(|(group, name, label)| Some((*label, report.figure(group, name)?)));
    let figures: Vec<(&str, &Figure)> = known.collect();
    let hint = "NDCG@10 of judged queries; elsewhere the share of queries whose first hit holds every word that was meant. Higher is better";
    card(page, ("How good the answers are", hint), &share_bars(&figures));
}

fn table(page: &mut String, report: &SearchReport, names: &[&str]) {
    page.push_str("<section class=\"card\"><h2>All figures</h2><p class=\"quiet\">The best of a line is bold; of rounds the median, \
                   with the lowest and the highest. p50: half of them took no longer; right@10: right among the first ten</p><table><tr><th>");
    for name in names {
        let _ = write!(page, "<th class=\"n\">{}", escaped(name));
    }
    let mut group = "";
    for figure in &report.figures {
        if figure.group != group {
            group = figure.group;
            let _ = write!(page, "<tr><th colspan=\"4\" class=\"group\">{}", escaped(group));
        }
        let _ = write!(page, "<tr><td>{}", escaped(&figure.name));
        for ((side, is_best), measured) in figure.best().into_iter().enumerate().zip(figure.values) {
            let class = if is_best { "n best" } else { "n" };
            let shown = figure.show(side).unwrap_or_else(|| "–".to_owned());
            let _ = write!(page, "<td class=\"{class}\">{shown}");
            if let Some((low, high)) = measured.and_then(|measured| measured.spread) {
                let _ =
                    write!(page, "<small>{} to {}</small>", figure.unit.show(low), figure.unit.show(high));
            }
        }
    }
    page.push_str("</table></section>");
}

fn setup(page: &mut String, report: &SearchReport) {
    let pretty = |value| escaped(&serde_json::to_string_pretty(value).unwrap_or_default());
    let _ = write!(
        page,
        "<section class=\"card\"><h2>How OpenSearch alone is set up</h2><p class=\"quiet\">Of ten ways to ask that were tried, the one \
         that found the best products</p><details><summary>The query</summary><pre>{}</pre></details>\
         <details><summary>Settings and mapping</summary><pre>{}</pre></details></section>\
         <footer class=\"quiet\">Tradepost {}, {}, {} s. Repeat with <code>{}</code></footer>",
        pretty(&report.alone.query),
        pretty(&report.alone.index),
        report.version,
        escaped(&report.begun_at),
        report.seconds,
        escaped(&report.command)
    );
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn the_page_has_plots_and_every_figure_and_nothing_from_elsewhere() {
        let report = report();
        let page = page(&report);
        for figure in &report.figures {
            assert!(page.contains(&escaped(&figure.name)), "{}", figure.name);
        }
        assert!(page.matches("<svg").count() >= 3 && page.contains("&lt;b&quot;"), "{page}");
        assert!(!page.contains("<script") && !page.contains("http") && !page.contains("a<b"));
    }
}
