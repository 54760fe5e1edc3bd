//! `fields=`: a view with some of its fields.

use serde::Serialize;
use serde_json::Value;
use tradepost_app::catalog::product::view::PRODUCT_FIELDS;

use crate::extract::ListParams;
use crate::problem::Problem;

/// The fields to show; `None` for all.
pub(super) type Fields = Option<Vec<String>>;

/// Takes `fields`.
pub(super) fn take(params: &mut ListParams) -> Result<Fields, Problem> {
    let Some(text) = params.take("fields") else { return Ok(None) };
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().all(|name| PRODUCT_FIELDS.contains(&name.as_str())) {
        return Ok(Some(names));
    }
    let detail = format!("expected some of {}, separated by commas", PRODUCT_FIELDS.join(", "));
    Err(Problem::malformed("invalid_parameter", "fields", detail))
}

/// The view as JSON, with the fields that are asked for.
pub(super) fn pick<T: Serialize>(view: &T, fields: &Fields) -> Result<Value, Problem> {
    let mut value = serde_json::to_value(view).map_err(|error| Problem::internal(&error))?;
    if let (Some(fields), Some(object)) = (fields, value.as_object_mut()) {
        object.retain(|name, _| fields.contains(name));
    }
    Ok(value)
}

/// JSON as bytes.
pub(super) fn bytes<T: Serialize>(view: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(view).map_err(|error| Problem::internal(&error))
}
