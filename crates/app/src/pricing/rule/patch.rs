//! What to change of a rule: some of its fields. What is absent stays; null clears what can be left out.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::RuleFields;
use super::view::NameAs;

/// Some fields of a rule, each checked by itself.
#[derive(Debug, Clone)]
pub struct PatchOf<F> {
    fields: Map<String, Value>,
    of: PhantomData<fn() -> F>,
}

impl<F: RuleFields> PatchOf<F> {
    /// The fields; `check` reads the least rule with them in it, and so finds unknown fields and wrong values.
    pub fn check<E>(
        fields: Map<String, Value>,
        check: impl FnOnce(Value) -> Result<F, E>,
    ) -> Result<Self, E> {
        let patch = Self { fields, of: PhantomData };
        check(patch.over(F::least()))?;
        Ok(patch)
    }

    fn over(&self, mut whole: Value) -> Value {
        if let Value::Object(whole) = &mut whole {
            whole.extend(self.fields.clone());
        }
        whole
    }

    /// The rule with the changes made.
    pub(super) fn apply(&self, before: &F) -> Result<F, serde_json::Error> {
        read(self.over(serde_json::to_value(before)?))
    }
}

fn read<F: DeserializeOwned>(value: Value) -> Result<F, serde_json::Error> {
    serde_json::from_value(value)
}

impl<F: RuleFields> ToSchema for PatchOf<F> {
    fn name() -> Cow<'static, str> {
        F::name_as("Patch")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        F::schemas(schemas);
    }
}

impl<F: RuleFields> PartialSchema for PatchOf<F> {
    fn schema() -> RefOr<Schema> {
        let mut schema = F::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required.clear();
            // What is absent stays, so nothing stands for it.
            for field in object.properties.values_mut() {
                if let RefOr::T(Schema::Object(field)) = field {
                    field.default = None;
                }
            }
        }
        schema
    }
}
