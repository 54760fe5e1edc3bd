//! A search server that is away in every way there is: it refuses, says nothing, fails, or talks nonsense. The shop must sell on,
//! and show what PostgreSQL finds. Afterwards it searches by itself again, and finds everything.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::client::{Call, Client};
use super::kills::READY_WITHIN;
use super::promises::{Promise, SETTLED_WITHIN};
use super::{Told, Torture};
use crate::LabError;

/// The setting that leads a shop to a server.
const SERVER: &str = "TRADEPOST_OPENSEARCH_URL";
/// How long buyers buy without search, each time.
const BUYING: Duration = Duration::from_secs(2);
/// How long a page may take: a search server is waited for 800 ms at most, the rest is for a busy machine.
const PAGE_WITHIN: Duration = Duration::from_secs(3);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// How a server is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Absence {
    Refuses,
    Silent,
    Fails,
    Nonsense,
}

impl Absence {
    const ALL: [Self; 4] = [Self::Refuses, Self::Silent, Self::Fails, Self::Nonsense];

    fn words(self) -> &'static str {
        match self {
            Self::Refuses => "the search server takes no connection",
            Self::Silent => "the search server says nothing",
            Self::Fails => "the search server fails",
            Self::Nonsense => "the search server talks nonsense",
        }
    }

    /// What it answers to anything; nothing where it is silent.
    fn answer(self) -> Option<&'static [u8]> {
        match self {
            Self::Refuses | Self::Silent => None,
            Self::Fails => Some(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
            Self::Nonsense => {
                Some(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"hits\": 17}")
            }
        }
    }
}

/// A server that is of no use, until it is dropped.
struct Useless {
    address: SocketAddr,
    /// None where nobody listens.
    listening: Option<JoinHandle<()>>,
}

impl Useless {
    async fn open(absence: Absence) -> Result<Self, LabError> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let listening = (absence != Absence::Refuses).then(|| tokio::spawn(serve(listener, absence)));
        Ok(Self { address, listening })
    }
}

impl Drop for Useless {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
        }
    }
}

async fn serve(listener: TcpListener, absence: Absence) {
    let mut served = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        served.spawn(serve_one(stream, absence));
    }
}

/// Answers whatever comes, until the other side has enough.
async fn serve_one(mut stream: TcpStream, absence: Absence) {
    let mut buffer = [0; 16 * 1024];
    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
        if let Some(answer) = absence.answer()
            && stream.write_all(answer).await.is_err()
        {
            return;
        }
    }
}

/// What a shopper saw who looked around.
#[derive(Debug, Default)]
struct Seen {
    /// Pages that were answered in time with products on them.
    good: u64,
    /// Of these, those that said that search was away.
    degraded: u64,
    /// What was wrong with the others.
    bad: Vec<String>,
}

impl Torture<'_> {
    /// All ways of being away, one after the other.
    pub(super) async fn search(&mut self, told: Told<'_>) -> Result<(), LabError> {
        let of = u64::try_from(Absence::ALL.len()).unwrap_or(0);
        let all = self.wait_until_found("before").await?;
        for (done, absence) in (0_u64..).zip(Absence::ALL) {
            told(absence.words(), done, of);
            self.without_search(absence).await?;
        }
        self.bed.set(SERVER, None);
        self.bed.start_shop(None).await?;
        let found = self.wait_until_found("after").await?;
        self.promises.check(Promise::Search, found >= all, || {
            format!("{found} products were found after the search server was gone, {all} before")
        });
        Ok(())
    }

    async fn without_search(&mut self, absence: Absence) -> Result<(), LabError> {
        let at = absence.words();
        let server = Useless::open(absence).await?;
        self.bed.set(SERVER, Some(format!("http://{}", server.address)));
        let ready = self.bed.start_shop(None).await?;
        self.promises.check(Promise::Search, ready < READY_WITHIN, || {
            format!("{at}: the shop was ready after {} ms", ready.as_millis())
        });
        self.goods.deliver(&self.bed).await?;
        let buying = self.start_buying(None);
        let seen = look_around(self.bed.client(), BUYING).await;
        let purchases = buying.stop().await?;
        let placed = purchases.iter().filter(|purchase| purchase.placed.is_some()).count();
        self.promises.check(Promise::Search, placed > 0, || format!("{at}: nobody could order anything"));
        self.promises.check(Promise::Search, seen.good > 0 && seen.degraded == seen.good, || {
            format!("{at}: of {} pages, {} said that search was away", seen.good, seen.degraded)
        });
        for bad in &seen.bad {
            self.promises.check(Promise::Search, false, || format!("{at}: {bad}"));
        }
        self.recover(purchases, at).await
    }

    /// Waits until the shop searches by itself; answers how many products it finds.
    async fn wait_until_found(&mut self, at: &str) -> Result<i64, LabError> {
        let begun = Instant::now();
        let mut client = self.bed.client();
        loop {
            let reply = client.send(&Call::get("/api/products?limit=1&count=exact")).await?;
            let is_away = reply.body.pointer("/degraded").is_some();
            if !is_away || begun.elapsed() > SETTLED_WITHIN {
                self.promises.check(Promise::Search, reply.status == 200 && !is_away, || {
                    format!("{at}: the shop did not search by itself after {} s", begun.elapsed().as_secs())
                });
                return Ok(reply.number("/page/total"));
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }
}

/// Asks for lists and searches of which none is asked for twice, so that nothing is answered from memory.
async fn look_around(mut client: Client, long: Duration) -> Seen {
    let (begun, mut seen) = (Instant::now(), Seen::default());
    for number in 1_u64.. {
        if begun.elapsed() > long {
            break;
        }
        let path = if number.is_multiple_of(2) {
            format!("/api/products?limit=20&filter%5Bprice%5D%5Bgte%5D={number}")
        } else {
            format!("/api/search?q=torture&limit={}", number % 90 + 1)
        };
        let asked = Instant::now();
        let reply = client.send(&Call::get(path.as_str())).await;
        let took = asked.elapsed();
        match reply {
            Ok(reply)
                if reply.status == 200 && took < PAGE_WITHIN && reply.body.pointer("/data/0").is_some() =>
            {
                seen.good += 1;
                seen.degraded += u64::from(reply.body.pointer("/degraded").is_some());
            }
            Ok(reply) => {
                seen.bad.push(format!("{path} was answered {} after {} ms", reply.status, took.as_millis()));
            }
            Err(error) => seen.bad.push(format!("{path} was not answered: {error}")),
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    seen
}
