//! Looks now and then whether everything holds that must hold, and says loudly what does not.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tradepost_store::StoreError;
use tradepost_store::audit_rules::find_broken;

use crate::rounds::{Rhythm, Round, keep_doing};
use crate::shop::Shop;

/// Rest between two audits.
const EVERY: Duration = Duration::from_mins(10);
/// What stands for an audit that was not made yet.
const UNKNOWN: i64 = -1;

/// What the last audit found.
#[derive(Debug)]
pub struct Soundness(AtomicI64);

impl Default for Soundness {
    fn default() -> Self {
        Self(AtomicI64::new(UNKNOWN))
    }
}

impl Soundness {
    /// Rows that broke a rule; `None` while this process has not looked.
    pub fn broken_rows(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|rows| *rows != UNKNOWN)
    }
}

/// Audits a shop.
#[derive(Debug)]
pub struct Auditor {
    shop: Arc<Shop>,
}

impl Auditor {
    /// An auditor of a shop.
    pub fn new(shop: Arc<Shop>) -> Self {
        Self { shop }
    }

    /// Audits until `shutdown`.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let rhythm = Rhythm { name: "audit", every: EVERY, woken_by: None };
        keep_doing(rhythm, shutdown, || async {
            self.audit().await?;
            Ok(Round::Done)
        })
        .await;
    }

    /// One audit; answers how many rows break a rule.
    pub async fn audit(&self) -> Result<i64, StoreError> {
        let broken = find_broken(&*self.shop.store.worker().conn().await?, self.shop.clock.now()).await?;
        for found in broken.iter().take(100) {
            tracing::error!(rule = %found.rule, id = %found.id, "a rule of the shop is broken");
        }
        let rows = i64::try_from(broken.len()).unwrap_or(i64::MAX);
        self.shop.soundness.0.store(rows, Ordering::Relaxed);
        Ok(rows)
    }
}
