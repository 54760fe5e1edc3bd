//! A way to the server that can be cut, or swallow what goes along it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Everything passes.
    Open,
    /// Connections break at once.
    Cut,
    /// Connections stand, and nothing passes.
    Silent,
}

/// The way; it lies on the runtime that laid it.
pub struct Way {
    /// Where it begins.
    pub url: String,
    state: watch::Sender<State>,
    begun: Arc<AtomicUsize>,
}

impl Way {
    /// A way to a server.
    pub async fn to(url: &str) -> Self {
        let server: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let begin = listener.local_addr().unwrap();
        let (state, seen) = watch::channel(State::Open);
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(pass(connection, server, seen.clone()));
            }
        });
        Self { url: format!("http://{begin}"), state, begun: count }
    }

    /// Connections that were begun. While nothing passes, whoever asks begins one.
    pub fn connections(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    /// From now on it is like that, for connections that stand as well.
    pub fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn pass(mut from: TcpStream, server: SocketAddr, mut state: watch::Receiver<State>) {
    let mut to = TcpStream::connect(server).await.unwrap();
    if *state.borrow_and_update() == State::Open {
        tokio::select! {
            _ = copy_bidirectional(&mut from, &mut to) => return,
            _ = state.changed() => {}
        }
    }
    // A connection that was swallowed never comes back.
    while *state.borrow_and_update() == State::Silent {
        if state.changed().await.is_err() {
            return;
        }
    }
}
