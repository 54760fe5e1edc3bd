//! API keys: made and taken back.

pub mod create;
pub mod revoke_by_name;

pub use create::{ApiKeyCreate, KeyGrant, NewApiKey, create_api_key};
pub use revoke_by_name::revoke_api_keys_by_name;
