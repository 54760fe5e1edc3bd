//! What every change of a kept thing has in common: its names in events and in the audit log, the version it is made
//! to, and the finding of what changed.

use serde::Serialize;
use serde_json::{Map, Value, json};
use tradepost_domain::catalog::Issue;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::EntityId;
use uuid::Uuid;

use crate::answer::{Answer, Outcome};
use crate::error::WriteError;
use crate::work::Work;

/// A kind of thing that staff keep.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name in snake case: `product_type`.
    pub name: &'static str,
    /// Path of all of them.
    pub path: &'static str,
    /// Event of a new one.
    pub created: &'static str,
    /// Event of a changed one.
    pub updated: &'static str,
    /// Event of one that is gone.
    pub deleted: &'static str,
}

/// The view of a thing that staff keep: what they read of it, and what the audit log compares.
pub trait Resource: Serialize {
    /// What it is.
    const KIND: Kind;
    /// Id on the wire.
    type Id: EntityId;
    /// Its id.
    fn id(&self) -> Self::Id;
    /// Its version, of which the `ETag` is made.
    fn version(&self) -> i64;
}

/// Declares a view with `id` and `version` as a [`Resource`].
macro_rules! resource {
    ($view:ident, $id:ty, $name:literal, $path:literal) => {
        impl $crate::change::Resource for $view {
            const KIND: $crate::change::Kind = $crate::change::Kind {
                name: $name,
                path: $path,
                created: concat!($name, ".created"),
                updated: concat!($name, ".updated"),
                deleted: concat!($name, ".deleted"),
            };
            type Id = $id;
            fn id(&self) -> $id {
                self.id
            }
            fn version(&self) -> i64 {
                self.version
            }
        }
    };
}
pub(crate) use resource;

/// That a thing is not there.
pub fn missing<R: Resource>() -> WriteError {
    WriteError::NotFound { kind: R::KIND.name }
}

/// Tags that one `If-Match` may list: clients send the one they have read, and proxies a few.
pub const VERSIONS_MAX: usize = 16;
/// No thing has it: versions begin at 0.
const NO_VERSION: i64 = -1;

/// The versions of a thing that a change is meant for: it is made when the thing has one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions([i64; VERSIONS_MAX]);

impl Versions {
    /// Those; `None` when there are more than [`VERSIONS_MAX`]. Of none, no thing has one.
    pub fn new(versions: &[i64]) -> Option<Self> {
        let mut all = [NO_VERSION; VERSIONS_MAX];
        all.get_mut(..versions.len())?.copy_from_slice(versions);
        Some(Self(all))
    }

    /// Whether this is one of them.
    pub fn has(&self, version: i64) -> bool {
        version != NO_VERSION && self.0.contains(&version)
    }
}

impl From<i64> for Versions {
    fn from(version: i64) -> Self {
        Self([version; VERSIONS_MAX])
    }
}

/// Compares the versions that a client has read with the present one; `None` takes any.
pub fn check_version(expected: Option<Versions>, current: i64) -> Result<(), WriteError> {
    match expected {
        Some(expected) if !expected.has(current) => Err(WriteError::VersionMismatch { current }),
        _ => Ok(()),
    }
}

/// Refuses when there are findings.
pub fn refuse(issues: Vec<Issue>) -> Result<(), WriteError> {
    if issues.is_empty() { Ok(()) } else { Err(WriteError::Invalid(issues)) }
}

/// The handle that was given, or one made of the name; never one that would be read as an id in a path.
pub fn choose_handle<T: EntityId>(given: Option<Handle>, name: &str) -> Result<Handle, WriteError> {
    let handle = match given {
        Some(handle) => handle,
        None => Handle::from_title(name).map_err(|_| {
            WriteError::invalid("$.handle", "handle_required", "no handle can be made of the name: give one")
        })?,
    };
    check_handle::<T>(&handle)?;
    Ok(handle)
}

/// Whether a handle would not be read as an id in a path.
pub fn is_handle_of<T: EntityId>(handle: &Handle) -> bool {
    let rest = handle.as_str().strip_prefix(T::PREFIX);
    rest.is_none_or(|rest| !rest.starts_with('_'))
}

/// Refuses a handle that would be read as an id in a path.
pub fn check_handle<T: EntityId>(handle: &Handle) -> Result<(), WriteError> {
    if !is_handle_of::<T>(handle) {
        let message = format!("a handle does not begin with `{}_`, as ids do", T::PREFIX);
        return Err(WriteError::invalid("$.handle", "invalid_handle", message));
    }
    Ok(())
}

/// Fields that change with every change and say nothing.
const UNTOLD: [&str; 2] = ["version", "updated_at"];

/// The fields that differ, before and after; `None` when none does.
pub fn difference<T: Serialize>(before: &T, after: &T) -> Result<Option<(Value, Value)>, serde_json::Error> {
    let (Value::Object(before), Value::Object(after)) =
        (serde_json::to_value(before)?, serde_json::to_value(after)?)
    else {
        return Ok(None);
    };
    let (mut old, mut new) = (Map::new(), Map::new());
    let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
    for key in keys.filter(|key| !UNTOLD.contains(&key.as_str()) && before.get(*key) != after.get(*key)) {
        let value = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
        old.insert(key.clone(), value(&before));
        new.insert(key.clone(), value(&after));
    }
    Ok(if old.is_empty() && new.is_empty() { None } else { Some((old.into(), new.into())) })
}

impl Work<'_> {
    /// Tells of a change of a thing that staff keep; answers what the audit log calls it.
    pub(crate) fn tell<R: Resource>(
        &mut self,
        event: &'static str,
        view: &R,
        payload: Value,
    ) -> (&'static str, Uuid) {
        let id = view.id().as_uuid();
        self.event(event, id, view.version(), payload);
        (R::KIND.name, id)
    }

    /// Finishes the making of a thing.
    pub async fn finish_created<R: Resource>(
        mut self,
        view: &R,
        payload: Value,
    ) -> Result<Answer, WriteError> {
        let entity = self.tell(R::KIND.created, view, payload);
        self.audit(&format!("{}.create", entity.0), entity, None, Some(serde_json::to_value(view)?));
        let answer = Answer::new(Outcome::Created, view, Some(view.version()))?;
        self.finish(answer.at(format!("{}/{}", R::KIND.path, view.id()))).await
    }

    /// Finishes a change that was stored, telling what changed.
    pub async fn finish_updated<R: Resource>(
        mut self,
        before: &R,
        after: &R,
        payload: Value,
    ) -> Result<Answer, WriteError> {
        let entity = self.tell(R::KIND.updated, after, payload);
        let (old, new) = difference(before, after)?.unzip();
        self.audit(&format!("{}.update", entity.0), entity, old, new);
        self.finish_with(Outcome::Done, after, Some(after.version())).await
    }

    /// Finishes a change that changed nothing.
    pub async fn finish_unchanged<R: Resource>(self, view: &R) -> Result<Answer, WriteError> {
        self.finish_with(Outcome::Done, view, Some(view.version())).await
    }

    /// Finishes the deletion of a thing.
    pub async fn finish_deleted<R: Resource>(
        mut self,
        view: &R,
        payload: Value,
    ) -> Result<Answer, WriteError> {
        let entity = self.tell(R::KIND.deleted, view, payload);
        self.audit(&format!("{}.delete", entity.0), entity, Some(serde_json::to_value(view)?), None);
        self.finish(Answer::deleted()).await
    }
}

/// The payload of an event that needs none.
pub fn no_payload() -> Value {
    json!({})
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_domain::kernel::ids::BrandId;

    #[test]
    fn a_difference_holds_the_fields_that_differ_and_nothing_that_always_does() {
        let before = json!({"name": "a", "handle": "x", "version": 1, "updated_at": "then", "old": 1});
        let after = json!({"name": "b", "handle": "x", "version": 2, "updated_at": "now", "new": 2});
        let (old, new) = difference(&before, &after).unwrap().unwrap();
        assert_eq!(old, json!({"name": "a", "old": 1, "new": null}));
        assert_eq!(new, json!({"name": "b", "old": null, "new": 2}));
        assert_eq!(difference(&before, &before).unwrap(), None);
    }

    #[test]
    fn a_handle_is_made_of_the_name_and_is_no_id() {
        assert_eq!(choose_handle::<BrandId>(None, "Røros Tweed").unwrap().as_str(), "roros-tweed");
        assert!(choose_handle::<BrandId>(None, "!!!").is_err());
        let given = |text: &str| Some(text.parse().unwrap());
        assert_eq!(choose_handle::<BrandId>(given("brand-x"), "").unwrap().as_str(), "brand-x");
        assert!(choose_handle::<BrandId>(given("brand_x"), "").is_err());
    }

    #[test]
    fn another_version_than_the_one_read_is_refused_with_the_present_one() {
        assert!(check_version(None, 3).is_ok() && check_version(Some(3.into()), 3).is_ok());
        for others in [Versions::from(2), Versions::new(&[2, 4]).unwrap(), Versions::new(&[]).unwrap()] {
            let refused = check_version(Some(others), 3);
            assert!(matches!(refused, Err(WriteError::VersionMismatch { current: 3 })), "{others:?}");
        }
        assert!(check_version(Versions::new(&[2, 3]), 3).is_ok());
        assert_eq!(Versions::new(&[0; VERSIONS_MAX + 1]), None);
    }
}
