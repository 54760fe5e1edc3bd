//! Plots as SVG, without script: bars and lines in the colours of the sides.

use std::fmt::Write as _;

use super::report::{Curve, Figure};

/// Width of a wide plot, in its own units.
const WIDTH: f64 = 1_000.0;
/// Height of the area of a plot.
const HEIGHT: f64 = 240.0;
/// Space to the left, for what the axis says.
const LEFT: f64 = 52.0;
/// Space below, for names.
const BELOW: f64 = 44.0;
/// Space above, for values on top of bars.
const ABOVE: f64 = 18.0;

/// Text that may stand in a page.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Shares of figures side by side, a group of bars each, from nothing to all.
pub fn share_bars(figures: &[(&str, &Figure)]) -> String {
    let mut svg = frame(HEIGHT + ABOVE + BELOW);
    for quarter in 0..=4_u8 {
        let share = f64::from(quarter) / 4.0;
        grid(&mut svg, ABOVE + HEIGHT * (1.0 - share), &format!("{share:.2}"));
    }
    let group = (WIDTH - LEFT) / figures.len().max(1) as f64;
    let bar = (group * 0.78 / 3.0).min(34.0);
    for (place, (name, figure)) in figures.iter().enumerate() {
        let middle = LEFT + group * (place as f64 + 0.5);
        for (side, measured) in figure.values.iter().enumerate() {
            let x = middle + (side as f64 - 1.5) * bar;
            let Some(measured) = measured else {
                text(&mut svg, (x + bar / 2.0, ABOVE + HEIGHT - 4.0), "middle", "–");
                continue;
            };
            let height = HEIGHT * measured.value.clamp(0.0, 1.0);
            let shown = figure.unit.show(measured.value);
            let _ = write!(
                svg,
                "<rect class=\"s{side}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\" rx=\"2\"><title>{shown}</title></rect>",
                ABOVE + HEIGHT - height,
                bar - 2.0
            );
            // All of them is told by one figure: four would run into those of the next bar.
            let short = if shown == "1.000" { "1" } else { &shown };
            text(&mut svg, (x + bar / 2.0 - 1.0, ABOVE + HEIGHT - height - 4.0), "middle", short);
        }
        for (row, part) in name.split('|').enumerate() {
            text(&mut svg, (middle, ABOVE + HEIGHT + 17.0 + 15.0 * row as f64), "middle", part);
        }
    }
    svg + "</svg>"
}

/// A figure as a bar a side, with a line over the spread of its rounds.
pub fn bars(figure: &Figure, names: &[&str]) -> String {
    const BAR: f64 = 26.0;
    const ROW: f64 = 58.0;
    // Room behind the longest bar for its value.
    const ROOM: f64 = 190.0;
    let values = || figure.values.iter().flatten();
    let most =
        values().map(|measured| measured.spread.map_or(measured.value, |(_, high)| high.max(measured.value)));
    let most = most.fold(f64::MIN_POSITIVE, f64::max);
    let width = 480.0;
    let mut svg = format!("<svg viewBox=\"0 0 {width} {:.0}\" role=\"img\">", ROW * 3.0);
    for (side, measured) in figure.values.iter().enumerate() {
        let y = ROW * side as f64;
        text(&mut svg, (0.0, y + 14.0), "start", names.get(side).copied().unwrap_or_default());
        let Some(measured) = measured else {
            text(&mut svg, (0.0, y + 38.0), "start", "–");
            continue;
        };
        let scale = |value: f64| (width - ROOM) * value / most;
        let long = scale(measured.value).max(2.0);
        let _ = write!(
            svg,
            "<rect class=\"s{side}\" x=\"0\" y=\"{:.1}\" width=\"{long:.1}\" height=\"{BAR}\" rx=\"4\"/>",
            y + 20.0
        );
        let mut end = long;
        if let Some((low, high)) = measured.spread {
            let (from, to, middle) = (scale(low), scale(high), y + 20.0 + BAR / 2.0);
            let _ = write!(
                svg,
                "<path class=\"spread\" d=\"M{from:.1} {middle:.1}H{to:.1}M{from:.1} {:.1}v10M{to:.1} {:.1}v10\"/>",
                middle - 5.0,
                middle - 5.0
            );
            end = end.max(to);
        }
        let shown = figure.show(side).unwrap_or_default();
        let _ =
            write!(svg, "<text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{shown}</text>", end + 8.0, y + 38.0);
    }
    svg + "</svg>"
}

/// How many of a hundred answers took no longer, over a scale of time on which every step is ten times the one before.
pub fn lines(curve: &Curve) -> String {
    let all = || curve.milliseconds.iter().flatten().copied().filter(|time| *time > 0.0);
    let (shortest, longest) =
        all().fold((f64::MAX, f64::MIN), |(low, high), time| (low.min(time), high.max(time)));
    if shortest > longest {
        return String::new();
    }
    let (first, last) =
        (shortest.log10().floor(), longest.log10().ceil().max(shortest.log10().floor() + 1.0));
    let right = WIDTH - 30.0;
    // No time at all would be infinitely far to the left.
    let x = |time: f64| LEFT + (right - LEFT) * (time.log10().max(first) - first) / (last - first);
    let mut svg = frame(HEIGHT + ABOVE + BELOW);
    for quarter in 0..=4_u8 {
        grid(
            &mut svg,
            ABOVE + HEIGHT * (1.0 - f64::from(quarter) / 4.0),
            &format!("{} %", 25 * u32::from(quarter)),
        );
    }
    let mut power = first;
    while power <= last {
        let at = x(10_f64.powf(power));
        let _ = write!(svg, "<path class=\"grid\" d=\"M{at:.1} {ABOVE}v{HEIGHT}\"/>");
        let time = 10_f64.powf(power);
        let name = if time < 1_000.0 { format!("{time} ms") } else { format!("{} s", time / 1_000.0) };
        text(&mut svg, (at, ABOVE + HEIGHT + 17.0), "middle", &name);
        power += 1.0;
    }
    for (side, times) in curve.milliseconds.iter().enumerate() {
        let points = times.iter().enumerate().map(|(hundredth, time)| {
            format!("{:.1},{:.1}", x(*time), ABOVE + HEIGHT * (1.0 - hundredth as f64 / 100.0))
        });
        let points: Vec<String> = points.collect();
        let _ = write!(svg, "<polyline class=\"l{side}\" points=\"{}\"/>", points.join(" "));
    }
    svg + "</svg>"
}

fn frame(height: f64) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">")
}

fn grid(svg: &mut String, y: f64, label: &str) {
    let _ = write!(svg, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{WIDTH}\"/>");
    text(svg, (LEFT - 8.0, y + 4.0), "end", label);
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, text: &str) {
    let _ = write!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>", escaped(text));
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn there_is_a_bar_for_each_side_that_has_a_value() {
        let report = report();
        let figure = |name| report.figures.iter().find(|figure| figure.name.starts_with(name)).unwrap();
        let svg = share_bars(&[("raw", figure("NDCG")), ("read", figure("conditions"))]);
        assert_eq!((svg.matches("<rect").count(), svg.matches(">–<").count()), (5, 1));
        let svg = bars(figure("answers"), &["a", "b", "c"]);
        assert_eq!((svg.matches("<rect").count(), svg.matches("class=\"spread\"").count()), (3, 3));
        assert!(svg.contains(">1,253<"), "{svg}");
    }

    #[test]
    fn lines_lie_within_the_plot_and_none_is_drawn_of_nothing() {
        let svg = lines(&report().curves[0]);
        assert_eq!(svg.matches("<polyline").count(), 3);
        let points =
            svg.split("points=\"").skip(1).flat_map(|rest| rest.split('"').next().unwrap().split(' '));
        for point in points {
            let (x, y) = point.split_once(',').unwrap();
            let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            assert!((LEFT..=WIDTH).contains(&x) && (ABOVE..=ABOVE + HEIGHT).contains(&y), "{point}");
        }
        // Every step of the scale is as wide as the others, the first one too.
        let steps = svg.split("<path class=\"grid\" d=\"M").filter(|grid| grid.contains('v'));
        let steps: Vec<f64> = steps.filter_map(|grid| grid.split(' ').next()?.parse().ok()).collect();
        let widths = steps.windows(2).map(|pair| pair[1] - pair[0]);
        let (least, most) =
            widths.fold((f64::MAX, 0.0), |(least, most), width| (width.min(least), width.max(most)));
        assert!(steps.len() > 2 && most - least < 0.2, "{steps:?}");
        assert_eq!(lines(&Curve { name: "nothing", milliseconds: Default::default() }), "");
    }
}
