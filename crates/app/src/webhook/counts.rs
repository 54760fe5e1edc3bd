//! What came of the tries of this process, for its figures.

use std::sync::atomic::{AtomicU64, Ordering};

use tradepost_domain::webhook::DeliveryState;

/// Tries of this process by what came of them.
#[derive(Debug, Default)]
pub struct WebhookCounts {
    delivered: AtomicU64,
    failed: AtomicU64,
    dead: AtomicU64,
}

impl WebhookCounts {
    pub(super) fn note(&self, state: DeliveryState) {
        let count = match state {
            DeliveryState::Delivered => &self.delivered,
            DeliveryState::Dead => &self.dead,
            DeliveryState::Failed | DeliveryState::Pending => &self.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// How many by result.
    pub fn by_result(&self) -> [(&'static str, u64); 3] {
        [("delivered", &self.delivered), ("failed", &self.failed), ("dead", &self.dead)]
            .map(|(result, count)| (result, count.load(Ordering::Relaxed)))
    }
}
