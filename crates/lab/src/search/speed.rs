//! How long answers take one at a time, and how many come a second with several at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::Stop;
use super::side::{Question, Side};
use crate::{LabError, per_second};

/// Questions that are under way when answers a second are counted.
pub const AT_ONCE: usize = 8;

/// How long answers took, the quickest first.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Of answers in any order.
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// So many of a hundred took no longer, in milliseconds; nothing where nothing was asked.
    pub fn at(&self, hundredths: usize) -> f64 {
        let index = (self.0.len() * hundredths / 100).min(self.0.len().saturating_sub(1));
        self.0.get(index).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    }

    /// The same for every one of a hundred: the line of a plot.
    pub fn curve(&self) -> Vec<f64> {
        (0..=100).map(|hundredths| self.at(hundredths)).collect()
    }

    /// Both together.
    pub fn with(mut self, other: &Self) -> Self {
        self.0.extend_from_slice(&other.0);
        Self::new(self.0)
    }
}

/// Asks one after the other; the hits, and how long it took.
pub fn timed(
    runtime: &Runtime,
    side: &dyn Side,
    asked: &Question,
) -> Result<(Vec<String>, Duration), LabError> {
    let started = Instant::now();
    let hits = runtime.block_on(side.ask(asked))?;
    Ok((hits, started.elapsed()))
}

/// Asks all questions once, one after the other.
pub fn one_at_a_time(
    runtime: &Runtime,
    side: &dyn Side,
    questions: &[Question],
    stop: &Stop,
) -> Result<Times, LabError> {
    let mut times = Vec::with_capacity(questions.len());
    for question in questions {
        stop.look()?;
        times.push(timed(runtime, side, question)?.1);
    }
    Ok(Times::new(times))
}

/// Asks all questions once, several at a time; answers a second.
pub fn several_at_once(
    runtime: &Runtime,
    side: &Arc<dyn Side>,
    questions: &Arc<[Question]>,
    stop: &Stop,
) -> Result<f64, LabError> {
    let (next, started) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let askers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (side, questions, next, stop) = (side.clone(), questions.clone(), next.clone(), stop.clone());
            runtime.spawn(async move {
                while let Some(question) = questions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    stop.look()?;
                    side.ask(question).await?;
                }
                Ok::<(), LabError>(())
            })
        })
        .collect();
    // All are waited for, also when one fails: none may ask on behind our back.
    let ended: Vec<Result<(), LabError>> = askers
        .into_iter()
        .map(|asker| {
            let ended = runtime.block_on(asker);
            ended.unwrap_or_else(|error| Err(LabError::Preparation(error.to_string())))
        })
        .collect();
    ended.into_iter().collect::<Result<(), LabError>>()?;
    Ok(per_second(u64::try_from(questions.len()).unwrap_or_default(), started.elapsed()))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the values are exact")]
mod tests {
    use tradepost_port::BoxFuture;
    use tradepost_port::search::SearchDocument;

    use super::super::side::Seen;
    use super::*;

    /// Counts what it is asked, and fails from some number on.
    struct Counts(AtomicUsize, usize);

    impl Side for Counts {
        fn ask<'a>(&'a self, _: &'a Question) -> BoxFuture<'a, Result<Vec<String>, LabError>> {
            Box::pin(async {
                let number = self.0.fetch_add(1, Ordering::SeqCst);
                if number < self.1 { Ok(Vec::new()) } else { Err(LabError::Preparation("away".to_owned())) }
            })
        }

        fn change<'a>(
            &'a self,
            _: i64,
            _: &'a (String, SearchDocument),
            _: Seen,
        ) -> BoxFuture<'a, Result<(), LabError>> {
            Box::pin(async { Ok(()) })
        }
    }

    #[test]
    fn every_question_is_asked_once_and_a_failure_is_told() {
        let runtime = Runtime::new().unwrap();
        let question = Question { text: "a".to_owned(), limit: 10, with_facets: false };
        let questions: Arc<[Question]> = vec![question; 100].into();
        let counts = Arc::new(Counts(AtomicUsize::new(0), 100));
        let side: Arc<dyn Side> = counts.clone();
        assert!(several_at_once(&runtime, &side, &questions, &Stop::default()).unwrap() > 0.0);
        assert_eq!(counts.0.load(Ordering::SeqCst), 100);
        let failed = several_at_once(&runtime, &side, &questions, &Stop::default());
        assert!(matches!(failed, Err(LabError::Preparation(_))), "{failed:?}");
        let stop = Stop::default();
        stop.now();
        assert!(matches!(several_at_once(&runtime, &side, &questions, &stop), Err(LabError::Stopped)));
        assert!(matches!(one_at_a_time(&runtime, &*side, &questions, &stop), Err(LabError::Stopped)));
    }

    #[test]
    fn so_many_of_a_hundred_took_no_longer() {
        let times = Times::new((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!((times.at(0), times.at(50), times.at(99), times.at(100)), (1.0, 101.0, 199.0, 200.0));
        assert_eq!(Times::default().at(50), 0.0);
        assert_eq!(Times::new(vec![Duration::from_millis(7)]).at(99), 7.0);
        assert_eq!(times.curve().len(), 101);
    }
}
