//! A thread of its own for the filling of a shelf.
//!
//! What a shelf keeps is made among much that is let go at once. On one thread all of it shares the same pages of memory; on whichever
//! threads are free, each would keep pages of which a little is in use.

use std::sync::mpsc;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tradepost_port::search::SearchError;

type Job = Box<dyn FnOnce() + Send>;

/// A thread that works off one job after the other, and ends when this is dropped.
pub(super) struct Bench {
    jobs: mpsc::Sender<Job>,
}

impl Bench {
    /// Starts the thread; within a runtime.
    pub(super) fn new() -> Result<Self, SearchError> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let runtime = Handle::current();
        let work = move || {
            // An engine may have to wait for a server.
            let _context = runtime.enter();
            for job in queue {
                job();
            }
        };
        let started = std::thread::Builder::new().name("filling".to_owned()).spawn(work);
        started.map_err(|error| SearchError::Unavailable(error.into()))?;
        Ok(Self { jobs })
    }

    /// Does work on the thread.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
    ) -> Result<T, SearchError> {
        let (answer, answered) = oneshot::channel();
        // Who asked may have gone away.
        let job: Job = Box::new(move || drop(answer.send(work())));
        // A job that panics takes the thread with it: then nobody answers, and nobody takes further jobs.
        let sent = self.jobs.send(job);
        sent.map_err(|_| SearchError::Unavailable("the thread of the filling has ended".into()))?;
        answered.await.unwrap_or_else(|gone| Err(SearchError::Unavailable(gone.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_jobs_are_done_on_one_thread_until_one_of_them_fails_for_good() {
        let bench = Bench::new().unwrap();
        let thread = || Ok(std::thread::current().id());
        let first = bench.run(thread).await.unwrap();
        assert_eq!(bench.run(thread).await.unwrap(), first);
        assert_ne!(first, std::thread::current().id());
        let failed = bench.run(|| Err::<(), _>(SearchError::Misplaced)).await;
        assert!(matches!(failed, Err(SearchError::Misplaced)));
        assert_eq!(bench.run(thread).await.unwrap(), first, "an error is an answer");
        let panics = bench.run::<()>(|| panic!("a fault of ours")).await;
        assert!(matches!(panics, Err(SearchError::Unavailable(_))));
        assert!(matches!(bench.run(thread).await, Err(SearchError::Unavailable(_))));
    }
}
