//! What handlers share: the shop.

use std::sync::Arc;

use tradepost_app::Shop;

/// State of the router; cheap to clone.
#[derive(Debug, Clone)]
pub struct ApiState {
    /// The shop that is served.
    pub shop: Arc<Shop>,
}
