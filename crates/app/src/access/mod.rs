//! Access tokens: short-lived proofs of who a customer is, signed by the shop's own keys and checked without asking the
//! database.

pub mod jwt;
mod key_ring;

pub use jwt::{AccessClaims, AccessTokenError};
pub use key_ring::{JsonWebKey, JsonWebKeySet, KeyRing};
