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
    /// What is done of how much, as long as no line has told it.
    untold: Option<(u64, u64)>,
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
        Self { what, bar, told_at: None, began: None, untold: None }
    }

    /// Shows that `done` of `total` are done.
    pub fn set(&mut self, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            return;
        }
        if let Some(line) = self.line(done, total) {
            eprintln!("{line}");
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

    /// The line for what is done, when it is time for one. Where it begins there is nothing to tell yet.
    fn line(&mut self, done: u64, total: u64) -> Option<String> {
        let (at, before) = *self.began.get_or_insert((Instant::now(), done));
        if self.told_at.unwrap_or(at).elapsed() < LINE_EVERY {
            self.untold = Some((done, total));
            return None;
        }
        (self.told_at, self.untold) = (Some(Instant::now()), None);
        let pace = pace(done.saturating_sub(before), total.saturating_sub(done), at.elapsed());
        Some(format!("{}: {done} of {total}{}", self.what, pace.unwrap_or_default()))
    }

    /// Ends; the last line tells how far it came.
    pub fn finish(self) {
        if let Some(line) = self.last_line() {
            eprintln!("{line}");
        }
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn last_line(&self) -> Option<String> {
        let (done, total) = self.untold.filter(|_| self.bar.is_none())?;
        Some(format!("{}: {done} of {total}", self.what))
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
    fn short_work_is_told_by_one_line_which_says_how_far_it_came() {
        let mut progress = Progress { bar: None, ..Progress::new("bytes imported") };
        assert_eq!(progress.line(0, 900), None);
        assert_eq!(progress.line(450, 900), None);
        assert_eq!(progress.line(900, 900), None);
        assert_eq!(progress.last_line().as_deref(), Some("bytes imported: 900 of 900"));
    }

    #[test]
    fn a_line_that_was_told_is_not_repeated_at_the_end() {
        let mut progress = Progress { bar: None, ..Progress::new("bytes imported") };
        assert_eq!(progress.line(0, 900), None);
        progress.told_at = Instant::now().checked_sub(LINE_EVERY);
        assert!(progress.line(900, 900).is_some());
        assert_eq!(progress.last_line(), None);
    }

    #[test]
    fn the_pace_is_told_once_there_is_one() {
        let pace_of = |done, left, ms| pace(done, left, Duration::from_millis(ms));
        assert_eq!(pace_of(5_000, 10_000, 2_500).as_deref(), Some(", 2000/s, 5 s left"));
        assert_eq!(pace_of(0, 10_000, 2_500), None);
        assert_eq!(pace_of(5, 5, 0), None);
    }
}
