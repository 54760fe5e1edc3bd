//! What lies outside of our process, reached only while no transaction is open.
//!
//! A slow provider called within a transaction would hold our locks and our connections for as long as it likes (case
//! C88: a call of 20 ms cut one row from 360 changes a second to 47).

use std::fmt;
use std::sync::Arc;

use tradepost_store::db::open_transactions;

/// A port that leads out of the process.
pub struct Outside<P: ?Sized>(Arc<P>);

impl<P: ?Sized> Clone for Outside<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: ?Sized> fmt::Debug for Outside<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Outside").finish_non_exhaustive()
    }
}

impl<P: ?Sized> Outside<P> {
    /// Puts a port behind the check.
    pub fn new(port: Arc<P>) -> Self {
        Self(port)
    }

    /// The port, to be called now.
    ///
    /// # Panics
    /// In debug builds, when the request has a transaction open.
    pub fn call(&self) -> &P {
        debug_assert_eq!(
            open_transactions(),
            0,
            "a port is called while a transaction is open: commit first"
        );
        &self.0
    }
}
