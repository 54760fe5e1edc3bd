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
        Self { what, bar, told_at: None }
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
            eprintln!("{}: {done} of {total}", self.what);
        }
    }

    /// Ends.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
