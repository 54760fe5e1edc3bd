//! The audit log, as staff read it, and the entry of what was denied.

mod denied;
mod list;

pub use denied::record_denied;
pub use list::{AuditEntryView, AuditQuery, ENTITY_PREFIXES, list_audit_log, read_entity_id};
