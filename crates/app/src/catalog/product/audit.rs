//! What the audit log keeps of a product: all of it when it comes or goes, else the fields that changed.

use serde_json::{Map, Value};
use tradepost_store::catalog::product::ProductRecord;

use super::view::ProductAdminView;

/// Fields that change by themselves, or that others own.
const LEFT_OUT: [&str; 5] = ["version", "created_at", "updated_at", "rating", "id"];

/// The product as a tree: lists of things with ids by their ids, so that one changed variant is one changed field.
pub(super) fn snapshot(record: &ProductRecord) -> Result<Value, serde_json::Error> {
    let mut tree = serde_json::to_value(ProductAdminView::from(record))?;
    if let Some(fields) = tree.as_object_mut() {
        fields.retain(|field, _| !LEFT_OUT.contains(&field.as_str()));
        for list in ["variants", "media"] {
            if let Some(Value::Array(items)) = fields.remove(list) {
                fields.insert(list.to_owned(), by_id(items));
            }
        }
    }
    Ok(tree)
}

fn by_id(items: Vec<Value>) -> Value {
    let keyed = items.into_iter().enumerate().map(|(position, mut item)| {
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(fields) = item.as_object_mut() {
            fields.remove("id");
            fields.insert("position".to_owned(), position.into());
        }
        (id, item)
    });
    Value::Object(keyed.collect())
}

/// Both sides of what differs; `None` when nothing does.
pub(super) fn difference(before: Value, after: Value) -> Option<(Value, Value)> {
    let (mut before, mut after) = match (before, after) {
        (Value::Object(before), Value::Object(after)) => (before, after),
        (before, after) if before == after => return None,
        changed => return Some(changed),
    };
    let (mut old, mut new) = (Map::new(), Map::new());
    let keys: std::collections::BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    for key in keys {
        match (before.remove(&key), after.remove(&key)) {
            (Some(left), Some(right)) => {
                if let Some((left, right)) = difference(left, right) {
                    old.insert(key.clone(), left);
                    new.insert(key, right);
                }
            }
            (Some(left), None) => drop(old.insert(key, left)),
            (None, Some(right)) => drop(new.insert(key, right)),
            (None, None) => {}
        }
    }
    (!(old.is_empty() && new.is_empty())).then_some((Value::Object(old), Value::Object(new)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_changed_is_kept_on_both_sides() {
        let before =
            json!({"title": "a", "tags": [1], "variants": {"x": {"sku": "1", "tracked": true}, "y": {}}});
        let after = json!({"title": "a", "tags": [1, 2], "variants": {"x": {"sku": "2", "tracked": true}}});
        let (old, new) = difference(before.clone(), after).unwrap();
        assert_eq!(old, json!({"tags": [1], "variants": {"x": {"sku": "1"}, "y": {}}}));
        assert_eq!(new, json!({"tags": [1, 2], "variants": {"x": {"sku": "2"}}}));
        assert_eq!(difference(before.clone(), before), None);
    }
}
