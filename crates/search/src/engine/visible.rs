//! How far searches see: a number that only grows, and those who wait for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The sequence that is visible.
#[derive(Debug, Default)]
pub struct Visible(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sequence: i64,
    waiting: Vec<Waker>,
}

impl Visible {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is visible now.
    pub fn sequence(&self) -> i64 {
        self.state().sequence
    }

    /// Moves on, never back, and wakes who waits.
    pub fn reach(&self, sequence: i64) {
        let mut state = self.state();
        state.sequence = state.sequence.max(sequence);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits until a sequence is visible.
    pub fn wait(&self, sequence: i64) -> Wait<'_> {
        Wait { visible: self, sequence }
    }
}

/// Ends when a sequence is visible.
#[derive(Debug)]
pub struct Wait<'a> {
    visible: &'a Visible,
    sequence: i64,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.visible.state();
        if state.sequence >= self.sequence {
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            state.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_goes_on_when_the_sequence_is_reached_and_it_never_goes_back() {
        let visible = Visible::default();
        let mut context = Context::from_waker(Waker::noop());
        let mut wait = visible.wait(5);
        assert!(Pin::new(&mut wait).poll(&mut context).is_pending());
        visible.reach(4);
        assert!(Pin::new(&mut wait).poll(&mut context).is_pending());
        visible.reach(6);
        visible.reach(2);
        assert!(Pin::new(&mut wait).poll(&mut context).is_ready());
        assert_eq!(visible.sequence(), 6);
    }
}
