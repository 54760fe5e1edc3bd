//! The report as one page: no script, nothing from elsewhere.

use std::fmt::Write as _;

use super::report::{KillCount, PromiseReport, Service, TortureReport, worst};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}\
    table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd}\
    td.n,th.n{text-align:right}.good{color:#126b2f}.bad{color:#b00020;font-weight:600}code{background:#f4f4f4;padding:.1rem .3rem}\
    svg{width:100%;height:8rem;background:#fafafa}rect{fill:#4a78b5}";
/// Height of the plot in its own units.
const PLOT_HEIGHT: u64 = 100;

/// The whole page.
pub(super) fn page(report: &TortureReport) -> String {
    let (class, verdict) =
        if report.is_clean() { ("good", "Every promise was kept") } else { ("bad", "Promises were broken") };
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Tradepost torture: {verdict}</title>\
         <style>{STYLE}</style><h1 class=\"{class}\">{verdict}</h1>"
    );
    let _ = write!(
        page,
        "<p>{} orders were placed, {} of them paid, {} given up; Stripe charged {} times and refunded {} times. {} requests \
         got no answer and were sent again. It took {} s. Repeat with <code>{}</code></p>",
        report.orders.placed,
        report.orders.paid,
        report.orders.given_up,
        report.charges,
        report.refunds,
        report.unanswered,
        report.seconds,
        escaped(&report.command)
    );
    promises(&mut page, &report.promises);
    kills(&mut page, report);
    page.push_str("<h2>What the shop stands on</h2><table>");
    for Service { name, state } in &report.services {
        let _ = write!(page, "<tr><td>{}<td>{}", escaped(name), escaped(state));
    }
    page.push_str("</table></html>\n");
    page
}

fn promises(page: &mut String, promises: &[PromiseReport]) {
    page.push_str("<h2>Promises</h2><table><tr><th>Promise<th class=n>Looked at<th class=n>Broken");
    for promise in promises {
        let class = if promise.broken == 0 { "good" } else { "bad" };
        let _ = write!(
            page,
            "<tr><td>{}<td class=n>{}<td class=\"n {class}\">{}",
            escaped(&promise.promise),
            promise.looked,
            promise.broken
        );
        for example in &promise.examples {
            let _ = write!(page, "<tr><td colspan=3 class=bad>{}", escaped(example));
        }
    }
    page.push_str("</table>");
}

fn kills(page: &mut String, report: &TortureReport) {
    if report.kills.is_empty() {
        return;
    }
    page.push_str("<h2>Killed</h2><table><tr><th>Where<th class=n>Planned<th class=n>Hit");
    for KillCount { at, planned, hit } in &report.kills {
        let _ = write!(page, "<tr><td>{}<td class=n>{planned}<td class=n>{hit}", escaped(at));
    }
    page.push_str("</table>");
    plot(page, "Milliseconds until the shop was ready again, round by round", &report.ready_ms);
    plot(page, "Milliseconds until all was settled after that, round by round", &report.settled_ms);
}

/// A bar a value.
fn plot(page: &mut String, title: &str, values: &[u64]) {
    let top = worst(values).max(1);
    let _ = write!(
        page,
        "<h3>{title} (at most {top})</h3><svg viewBox=\"0 0 {} {PLOT_HEIGHT}\" preserveAspectRatio=\"none\">",
        values.len().max(1) * 10
    );
    for (index, value) in values.iter().enumerate() {
        let height = (value * PLOT_HEIGHT / top).max(1);
        let _ = write!(
            page,
            "<rect x=\"{}\" y=\"{}\" width=\"8\" height=\"{height}\"><title>{value} ms</title></rect>",
            index * 10,
            PLOT_HEIGHT.saturating_sub(height)
        );
    }
    page.push_str("</svg>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn the_page_shows_every_promise_and_a_bar_a_round_and_nothing_as_markup() {
        let page = page(&report(1));
        assert!(page.contains("Promises were broken") && page.contains("&lt;twice&gt;"), "{page}");
        assert_eq!(page.matches("<rect").count(), 4);
        assert!(!page.contains("<twice>") && !page.contains("http"));
    }
}
