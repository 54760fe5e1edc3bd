//! Answers of which `fields` shows a part: beside the whole answer, the document has one whose fields may all be absent.

use std::collections::BTreeSet;

use utoipa::openapi::schema::{AnyOfBuilder, ArrayItems, Components, Object};
use utoipa::openapi::{OpenApi, Ref, RefOr, Schema};

use super::operations;

/// Where components are referred to.
const SCHEMAS: &str = "#/components/schemas/";

/// Lets pages name their items, and adds the parts of every operation that takes `fields`.
pub(super) fn apply(document: &mut OpenApi) {
    let mut components = document.components.take().unwrap_or_default();
    name_items(&mut components);
    for (_, _, operation) in operations(document) {
        let takes_fields = operation
            .parameters
            .iter()
            .flatten()
            .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "fields"));
        if !takes_fields {
            continue;
        }
        let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") else { continue };
        for content in response.content.values_mut() {
            if let RefOr::T(content) = content
                && let Some(whole) = content.schema.take()
            {
                content.schema = Some(with_part(&mut components, whole));
            }
        }
    }
    document.components = Some(components);
}

/// The derive writes the items of a page out: they are named here, so that clients have one type of each.
fn name_items(components: &mut Components) {
    let known: BTreeSet<String> = components.schemas.keys().cloned().collect();
    for (name, schema) in &mut components.schemas {
        let Some(item) = name.strip_prefix("Page_").filter(|item| known.contains(*item)) else { continue };
        if let RefOr::T(Schema::Object(page)) = schema
            && let Some(RefOr::T(Schema::Array(data))) = page.properties.get_mut("data")
            && let ArrayItems::RefOrSchema(items) = &mut data.items
        {
            **items = Ref::from_schema_name(item).into();
        }
    }
}

/// The schema, or a part of it.
fn with_part(components: &mut Components, whole: RefOr<Schema>) -> RefOr<Schema> {
    let Some(part) = part(components, &whole) else { return whole };
    Schema::AnyOf(AnyOfBuilder::new().item(whole).item(part).build()).into()
}

/// A part of one thing, or a page of parts.
fn part(components: &mut Components, whole: &RefOr<Schema>) -> Option<RefOr<Schema>> {
    let name = match whole {
        RefOr::Ref(reference) => Some(reference.ref_location.trim_start_matches(SCHEMAS).to_owned()),
        RefOr::T(_) => None,
    };
    let mut schema = resolve(components, whole)?;
    if matches!(schema, Schema::AllOf(_)) {
        // What a page is made of may be several things: they are looked at as one.
        let mut one = Object::new();
        gather(components, &schema, &mut one);
        schema = Schema::Object(one);
    }
    if let Schema::Object(page) = &schema
        && let Some(RefOr::T(Schema::Array(_))) = page.properties.get("data")
    {
        let mut page = page.clone();
        let Some(RefOr::T(Schema::Array(data))) = page.properties.get_mut("data") else { return None };
        let ArrayItems::RefOrSchema(items) = &mut data.items else { return None };
        // A listing's card may be widened by fields of the page.
        let item = match items.as_ref() {
            RefOr::Ref(card) if card.ref_location == format!("{SCHEMAS}ProductCard") => {
                Ref::from_schema_name("ProductPage").into()
            }
            other => other.clone(),
        };
        **items = part(components, &item)?;
        return Some(Schema::Object(page).into());
    }
    let part_name = format!("{}Part", name?);
    if !components.schemas.contains_key(&part_name) {
        let mut part = Object::new();
        gather(components, &schema, &mut part);
        part.description = Some("The fields that `fields` names.".to_owned());
        components.schemas.insert(part_name.clone(), Schema::Object(part).into());
    }
    Some(Ref::from_schema_name(part_name).into())
}

fn resolve(components: &Components, schema: &RefOr<Schema>) -> Option<Schema> {
    match schema {
        RefOr::T(schema) => Some(schema.clone()),
        RefOr::Ref(reference) => {
            let name = reference.ref_location.trim_start_matches(SCHEMAS);
            components.schemas.get(name).and_then(|schema| resolve(components, schema))
        }
    }
}

/// All fields of an object, of those that it is made of too.
fn gather(components: &Components, schema: &Schema, part: &mut Object) {
    match schema {
        Schema::Object(object) => {
            part.properties
                .extend(object.properties.iter().map(|(name, field)| (name.clone(), field.clone())));
        }
        Schema::AllOf(all) => {
            for item in &all.items {
                if let Some(item) = resolve(components, item) {
                    gather(components, &item, part);
                }
            }
        }
        _ => {}
    }
}
