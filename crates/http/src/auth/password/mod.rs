//! `/api/auth/password`.

pub mod forgot;
pub mod reset;
