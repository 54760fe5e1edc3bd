//! `/api/auth/email`.

pub mod verify;
