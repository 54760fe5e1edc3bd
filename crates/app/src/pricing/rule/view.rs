//! A rule as staff see it: its id, its fields, its version.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::RuleFields;
use crate::change::{Kind, Resource};

/// A rule as staff see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(bound = "")]
pub struct RuleView<F: RuleFields> {
    /// Id.
    pub id: F::Id,
    /// What staff wrote.
    #[serde(flatten)]
    pub fields: F,
    /// How often it was used, where uses are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<i32>,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
}

impl<F: RuleFields> Resource for RuleView<F> {
    const KIND: Kind = F::KIND;
    type Id = F::Id;

    fn id(&self) -> F::Id {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl<F: RuleFields> ToSchema for RuleView<F> {
    fn name() -> Cow<'static, str> {
        F::name_as("View")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        F::schemas(schemas);
    }
}

impl<F: RuleFields> PartialSchema for RuleView<F> {
    fn schema() -> RefOr<Schema> {
        let mut schema = F::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            let number =
                |text: &str| ObjectBuilder::new().schema_type(Type::Integer).description(Some(text)).build();
            let id = ObjectBuilder::new().schema_type(Type::String).description(Some("Id.")).build();
            object.properties.insert("id".to_owned(), id.into());
            if F::COUNTS_USES {
                object.properties.insert("used".to_owned(), number("How often it was used.").into());
            }
            let version = number("Grows by one with every change; the `ETag` is made of it.");
            object.properties.insert("version".to_owned(), version.into());
            object.additional_properties = None;
            object.description = object.description.take().map(|text| text.replace(" to make", ""));
            // What can be left out of a request is always shown.
            object.required = object.properties.keys().cloned().collect();
        }
        schema
    }
}

/// Names of the shapes that are made of the fields' one.
pub(super) trait NameAs {
    /// `PromotionCreate` as `PromotionView`, say.
    fn name_as(ending: &str) -> Cow<'static, str>;
}

impl<F: RuleFields> NameAs for F {
    fn name_as(ending: &str) -> Cow<'static, str> {
        let name = <F as ToSchema>::name();
        format!("{}{ending}", name.trim_end_matches("Create")).into()
    }
}
