//! Progress of long work: a bar on a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Lines come at most this often.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// Shows how far something is.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    told_at: Option<Instant>,
    /// When it began, and with how much done before.
    began: Option<(Instant, u64)>,
}

impl Progress {
    /// Begins; `what` stands before the numbers: `products rendered`.
    pub fn new(what: &'static str) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("{msg:<18} {bar:32} {human_pos}/{human_len} {per_sec} {eta}");
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(what);
            bar
        });
        Self { what, bar, told_at: None, began: None }
    }

    /// Shows that `done` of `total` are done.
    pub fn set(&mut self, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            return;
        }
        if self.told_at.is_none_or(|at| at.elapsed() >= LINE_EVERY) {
            self.told_at = Some(Instant::now());
            let (at, before) = *self.began.get_or_insert((Instant::now(), done));
            let pace = pace(done.saturating_sub(before), total.saturating_sub(done), at.elapsed());
            eprintln!("{}: {done} of {total}{}", self.what, pace.unwrap_or_default());
        }
    }

    /// Says what is being done now, which is counted by itself.
    pub fn say(&mut self, what: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(what.to_owned()),
            None => eprintln!("{}: {what}", self.what),
        }
        self.began = None;
        self.told_at = Some(Instant::now());
    }

    /// Ends.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// How fast it goes, and how long the rest takes at that pace: `, 1034/s, 12 s left`.
fn pace(done: u64, left: u64, took: Duration) -> Option<String> {
    let took_ms = u64::try_from(took.as_millis()).ok().filter(|ms| *ms > 0)?;
    let rate = done.saturating_mul(1_000) / took_ms;
    let seconds = left.checked_div(rate)?;
    Some(format!(", {rate}/s, {seconds} s left"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_told_once_there_is_one() {
        let pace_of = |done, left, ms| pace(done, left, Duration::from_millis(ms));
        assert_eq!(pace_of(5_000, 10_000, 2_500).as_deref(), Some(", 2000/s, 5 s left"));
        assert_eq!(pace_of(0, 10_000, 2_500), None);
        assert_eq!(pace_of(5, 5, 0), None);
    }
}
