//! The end of the process: the first signal drains, the second ends at once.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tradepost_http::Ops;

use crate::serve::Phase;

/// Who ended the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// SIGTERM: whatever manages processes here.
    Terminate,
    /// SIGINT: a person at a terminal.
    Interrupt,
}

impl Stop {
    /// The code with which a process ends that was stopped before it had done what it was for (128 + the signal).
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Terminate => 143,
            Self::Interrupt => 130,
        }
    }
}

/// The signals of this process; from its making on they no longer end it by themselves.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens for signals.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The next signal.
    pub async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.terminate.recv() => Stop::Terminate,
            _ = self.interrupt.recv() => Stop::Interrupt,
        }
    }

    /// From now on a signal ends the process at once. The private PostgreSQL then ends by the kernel's hand.
    pub fn next_one_kills(mut self) {
        tokio::spawn(async move {
            let code = self.next().await.exit_code();
            tracing::warn!("told to stop a second time: ending at once");
            std::process::exit(code.into());
        });
    }
}

/// Takes the process from its first signal to the point where nothing new is taken: not ready at once, closed after
/// the grace. A person who pressed Ctrl-C waits for no load balancer.
pub async fn close_on_signal(mut signals: Signals, ops: Ops, phase: &watch::Sender<Phase>, grace: Duration) {
    let stop = signals.next().await;
    signals.next_one_kills();
    ops.drain();
    let grace = if stop == Stop::Interrupt { Duration::ZERO } else { grace };
    tracing::info!(grace_seconds = grace.as_secs(), "shutting down");
    tokio::time::sleep(grace).await;
    let _ = phase.send(Phase::Closing);
}
