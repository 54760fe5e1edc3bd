//! The schema of attributes: how it stands in the API document, and its check.

use serde_json::Value;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::catalog::{AttributeSchema, Issue};
use tradepost_domain::kernel::limits::{ATTRIBUTES_MAX, OPTION_VALUES_MAX, TITLE_LEN_MAX};
use utoipa::ToSchema;

use crate::change::refuse;
use crate::error::WriteError;

/// One attribute of a product type, as it is written and read.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes a type of `domain`, which knows no API document")]
pub struct AttributeShape {
    /// Key in a product's `attributes`, in snake case.
    key: String,
    /// Label as shown.
    label: String,
    /// Kind of value.
    kind: KindShape,
    /// Unit of a number, as shown behind it: `cm`.
    #[schema(required = false)]
    unit: Option<String>,
    /// Values of `enum` and `list`.
    #[schema(required = false)]
    values: Vec<String>,
    /// Whether every product of the type must have it.
    #[schema(required = false)]
    required: bool,
}

/// Kind of an attribute's value.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a type of `domain`, which knows no API document")]
pub enum KindShape {
    /// Any text.
    Text,
    /// One of the listed values.
    Enum,
    /// Several of the listed values, or any texts when none is listed.
    List,
    /// A whole number.
    Integer,
    /// Any number.
    Decimal,
    /// Yes or no.
    Boolean,
}

/// The schema as it is stored, if it is sound.
pub(super) fn checked(schema: &AttributeSchema) -> Result<Value, WriteError> {
    let mut issues = schema.validate().err().unwrap_or_default();
    if schema.0.len() > ATTRIBUTES_MAX {
        issues.push(Issue::new("$.attributes", "too_many", format!("at most {ATTRIBUTES_MAX}")));
    }
    for (index, definition) in schema.0.iter().enumerate() {
        let path = |field: &str| format!("$.attributes[{index}].{field}");
        issues.extend(check_text(&path("label"), &definition.label, TITLE_LEN_MAX, true));
        let unit = definition.unit.as_deref();
        issues.extend(unit.and_then(|unit| check_text(&path("unit"), unit, TITLE_LEN_MAX, true)));
        if definition.values.len() > OPTION_VALUES_MAX {
            issues.push(Issue::new(path("values"), "too_many", format!("at most {OPTION_VALUES_MAX}")));
        }
        for (place, value) in definition.values.iter().enumerate() {
            issues.extend(check_text(&format!("{}[{place}]", path("values")), value, TITLE_LEN_MAX, true));
        }
    }
    refuse(issues)?;
    Ok(serde_json::to_value(schema)?)
}
