//! Rules of all kinds, kept alike: made, read, changed and deleted by one set of use cases.
//!
//! A kind of rule is its fields as staff write them. They are stored whole, shown with the id and the version beside
//! them, and changed field by field.

mod keep;
mod patch;
mod read;
mod view;

pub use keep::{create_rule, delete_rule, patch_rule};
pub use patch::PatchOf;
pub use read::{find_rule, list_rules};
pub use view::RuleView;

use std::future::Future;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_domain::kernel::{Handle, Issue};
use tradepost_store::StoreError;
use tradepost_store::pricing::rule::{RuleRow, RuleTable, Spoken};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::change::{Kind, no_payload};
use crate::error::WriteError;
use crate::work::Work;

/// The fields of one kind of rule.
pub trait RuleFields:
    Serialize + DeserializeOwned + ToSchema + Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static
{
    /// Id on the wire.
    type Id: EntityId + Serialize;
    /// Where they are kept.
    const TABLE: RuleTable;
    /// What they are called in events, paths and the audit log.
    const KIND: Kind;
    /// Whether uses are counted, and shown.
    const COUNTS_USES: bool = false;
    /// How many there may be, where each is held in memory.
    const COUNT_MAX: Option<i64> = None;

    /// Name as shown.
    fn name(&self) -> &str;

    /// The handle; made of the name when it is left out.
    fn handle_mut(&mut self) -> &mut Option<Handle>;

    /// The least that makes one, against which the fields of a change are checked one by one.
    fn least() -> Value;

    /// What is wrong with it.
    fn issues(&self) -> Vec<Issue>;

    /// What it names that has to exist.
    fn named(&self) -> Vec<Named> {
        Vec::new()
    }

    /// What of the catalogue it speaks of, which must be there when it does so first.
    fn spoken_of(&self) -> Vec<SpokenOf> {
        Vec::new()
    }

    /// What an event of its change says of it.
    fn told(_before: Option<&Self>, _after: Option<&Self>, _now: Timestamp) -> Value {
        no_payload()
    }

    /// What is to be kept of it when it is deleted, in the transaction that does so.
    fn leave(&self, _work: &Work<'_>, _id: Self::Id) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Ok(()) }
    }

    /// Why it cannot stand beside what was counted so far.
    fn check_uses(&self, _used: i32) -> Result<(), WriteError> {
        Ok(())
    }
}

/// Things of the catalogue that a rule speaks of.
#[derive(Debug, PartialEq, Eq)]
pub struct SpokenOf {
    /// What they are.
    pub what: Spoken,
    /// Which: handles, or ids as the database writes them.
    pub keys: Vec<String>,
    /// JSONPath of the field.
    pub param: String,
}

impl SpokenOf {
    /// The things of a list of ids.
    pub fn ids<T: EntityId>(what: Spoken, ids: impl IntoIterator<Item = T>, param: String) -> Self {
        Self { what, keys: ids.into_iter().map(|id| id.as_uuid().to_string()).collect(), param }
    }
}

/// Things that a rule names.
#[derive(Debug)]
pub struct Named {
    /// Where they are kept; `None` for channels.
    pub table: Option<RuleTable>,
    /// Which.
    pub ids: Vec<Uuid>,
    /// JSONPath of the field.
    pub param: &'static str,
}

impl Named {
    /// The things of a list.
    pub fn new<T: EntityId>(table: Option<RuleTable>, ids: &[T], param: &'static str) -> Self {
        Self { table, ids: ids.iter().map(EntityId::as_uuid).collect(), param }
    }
}

/// Declares the names of a kind of rule.
macro_rules! rule_kind {
    ($name:literal, $path:literal) => {
        $crate::change::Kind {
            name: $name,
            path: $path,
            created: concat!($name, ".created"),
            updated: concat!($name, ".updated"),
            deleted: concat!($name, ".deleted"),
        }
    };
}
pub(crate) use rule_kind;

/// Reads what is stored.
pub(crate) fn read_definition<F: DeserializeOwned>(definition: &Value) -> Result<F, StoreError> {
    F::deserialize(definition).map_err(|error| StoreError::inconsistent("pricing rule", error))
}

pub(crate) fn view_of<F: RuleFields>(row: &RuleRow) -> Result<RuleView<F>, StoreError> {
    Ok(RuleView {
        id: F::Id::from_uuid(row.id),
        fields: read_definition(&row.definition)?,
        used: F::COUNTS_USES.then_some(row.used),
        version: row.version,
    })
}
