//! After every test the shop that it used must be sound: the guard asks the same rules as `doctor` when the test drops its shop.
//!
//! A destructor cannot wait, and the test's own runtime may be of one thread, which is the one that drops. So the rules
//! are asked by a thread of the guard's own, with a runtime and a connection of its own, which the destructor joins.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use tradepost_port::Clock;
use tradepost_port::fake::FakeClock;
use tradepost_store::audit_rules::{BrokenRule, find_broken};
use tradepost_store::{Store, StoreSettings};

use crate::TestDatabase;

/// Asks the rules when it is dropped. The copies of a shop ask nothing: they may be dropped inside of a task, where a
/// panic is swallowed.
#[derive(Debug)]
pub(crate) struct AuditGuard(Option<Watched>);

#[derive(Debug)]
struct Watched {
    url: String,
    clock: Arc<FakeClock>,
    /// Why it may end broken.
    excuse: OnceLock<&'static str>,
}

impl Clone for AuditGuard {
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl AuditGuard {
    pub(crate) fn new(database: &TestDatabase, clock: &Arc<FakeClock>) -> Self {
        let watched = Watched { url: database.url.clone(), clock: clock.clone(), excuse: OnceLock::new() };
        Self(Some(watched))
    }

    pub(crate) fn leave_broken(&self, why: &'static str) {
        let watched = self.0.as_ref().expect("the shop itself is left broken, not a copy of it");
        watched.excuse.set(why).expect("it is said once");
    }
}

impl Drop for AuditGuard {
    fn drop(&mut self) {
        let Some(watched) = self.0.take().filter(|watched| watched.excuse.get().is_none()) else { return };
        // The test has failed already; a second panic would end the whole process.
        if std::thread::panicking() {
            return;
        }
        let now = watched.clock.now();
        let asked = std::thread::spawn(move || ask(&watched.url, now)).join();
        assert_eq!(asked.expect("the rules are asked"), [], "the test leaves a shop with broken rules");
    }
}

/// The one rule that is not asked: what is told is passed on by a worker that no test has unless it asks for it.
const UNASKED: &str = "outbox_stuck";

fn ask(url: &str, now: Timestamp) -> Vec<BrokenRule> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut settings = StoreSettings::new(url);
        // As for the shop itself: a busy machine is no broken rule.
        let patience = std::time::Duration::from_secs(30);
        (settings.worker.acquire_timeout, settings.worker.statement_timeout) = (patience, patience);
        let store = Store::new(&settings).unwrap();
        let conn = store.worker().conn().await.unwrap();
        let broken = find_broken(&conn, now).await.unwrap();
        broken.into_iter().filter(|broken| broken.rule != UNASKED).collect()
    })
}
