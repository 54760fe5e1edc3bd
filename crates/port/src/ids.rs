//! Ids and secrets, injected so that tests are deterministic.

use tradepost_domain::kernel::ids::EntityId;
use uuid::Uuid;

/// Draws ids and secrets.
pub trait IdSource: Send + Sync + 'static {
    /// A new UUIDv7.
    fn next_uuid(&self) -> Uuid;
    /// 256 unpredictable bits for a token or a key.
    fn next_secret(&self) -> [u8; 32];
}

impl dyn IdSource {
    /// A new id of one kind of thing.
    pub fn next<T: EntityId>(&self) -> T {
        T::from_uuid(self.next_uuid())
    }
}
