//! API keys: made, shown by their ends, taken back. What the command line makes has no caller whose scopes bound it; what
//! staff issue has.

pub mod create;
mod issue;
mod read;
mod revoke;
pub mod revoke_by_name;
mod usage;
mod view;

pub use create::{ApiKeyCreate, KeyGrant, NewApiKey, create_api_key};
pub(crate) use issue::find_not_held;
pub use issue::{ApiKeyIssue, ApiKeyKindShape, issue_api_key};
pub use read::{find_api_key, list_api_keys};
pub use revoke::{delete_api_key, revoke_api_key};
pub use revoke_by_name::revoke_api_keys_by_name;
pub use usage::KeyUses;
pub use view::{ApiKeyView, IssuedApiKeyView};
