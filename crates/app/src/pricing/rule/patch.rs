//! What to change of a rule: some of its fields. What is absent stays; null clears what can be left out.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::RuleFields;
use super::view::NameAs;
use crate::error::WriteError;

/// Some fields of a rule, each checked by itself.
#[derive(Debug, Clone)]
pub struct PatchOf<F> {
    fields: Map<String, Value>,
    of: PhantomData<fn() -> F>,
}

impl<F: RuleFields> PatchOf<F> {
    /// The fields; `read` reads the least rule with them in it, and so finds unknown fields and wrong values.
    pub fn check<E: From<WriteError>>(
        fields: Map<String, Value>,
        read: impl FnOnce(Value) -> Result<F, E>,
    ) -> Result<Self, E> {
        let given: Vec<String> = fields.keys().cloned().collect();
        let understood = serde_json::to_value(read(over(F::least(), fields))?).map_err(WriteError::from)?;
        // As they were understood, so that they are understood again.
        let field = |name: String| {
            let value = understood.get(&name).cloned();
            value.map(|value| (name, value))
        };
        Ok(Self { fields: given.into_iter().filter_map(field).collect(), of: PhantomData })
    }

    /// The rule with the changes made.
    pub(super) fn apply(self, before: &F) -> Result<F, serde_json::Error> {
        serde_json::from_value(over(serde_json::to_value(before)?, self.fields))
    }
}

fn over(mut whole: Value, fields: Map<String, Value>) -> Value {
    if let Value::Object(whole) = &mut whole {
        whole.extend(fields);
    }
    whole
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
            let what = "What to change: what is absent stays, and null clears what can be left out.";
            object.description = Some(what.to_owned());
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
