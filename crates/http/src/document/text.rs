//! The shapes of texts: what a schema says of an id, a handle, a locale or an order's number.

use serde_json::Value;
use tradepost_domain::kernel::limits::HANDLE_LEN_MAX;
use utoipa::openapi::schema::{ArrayItems, Object, SchemaType, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};

/// Small letters and digits of any script and `_`, in groups between single `-`: what `kernel::Handle` reads.
const HANDLE: &str = r"^[\p{Ll}\p{Lo}\p{Nd}_]+(-[\p{Ll}\p{Lo}\p{Nd}_]+)*$";
/// A language with or without a region: what `kernel::Locale` reads.
const LOCALE: &str = "^[A-Za-z]{2,3}(-([A-Za-z]{2}|[0-9]{3}))?$";
/// What an id has after its prefix.
const BASE32: &str = "_[0-7][0-9a-hjkmnp-tv-z]{25}$";
/// What an order's number is made of, between the ends of a text: what `domain::OrderNumber` reads.
const ORDER_NUMBER: &str = "[- ]*([0-9B-DF-TV-Xb-df-tv-x][- ]*){8}";

/// Bounds of a text.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// Characters at least.
    pub(super) min: Option<usize>,
    /// Characters at most.
    pub(super) max: Option<usize>,
    /// A regular expression of ECMA-262.
    pub(super) pattern: Option<String>,
    /// The only texts that there are.
    pub(super) values: Option<Vec<Value>>,
}

impl Text {
    pub(super) fn pattern(pattern: impl Into<String>) -> Self {
        Self { pattern: Some(pattern.into()), ..Self::default() }
    }

    pub(super) fn id(prefix: &str) -> Self {
        Self::pattern(format!("^{prefix}{BASE32}"))
    }

    pub(super) fn id_of(prefixes: &[&str]) -> Self {
        Self::id(&format!("({})", prefixes.join("|")))
    }

    pub(super) fn handle() -> Self {
        Self { min: Some(1), max: Some(HANDLE_LEN_MAX), ..Self::pattern(HANDLE) }
    }

    pub(super) fn locale() -> Self {
        Self::pattern(LOCALE)
    }

    /// An order's number as people type it: any case, dashes and spaces anywhere, O, I and L for digits.
    pub(super) fn order_number() -> Self {
        Self::pattern(format!("^{ORDER_NUMBER}$"))
    }

    /// An order's id, or its number.
    pub(super) fn order_or_number() -> Self {
        Self::pattern(format!("^(ord{}|{ORDER_NUMBER})$", BASE32.trim_end_matches('$')))
    }

    pub(super) fn one_of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self { values: Some(values.into_iter().map(Value::from).collect()), ..Self::default() }
    }

    pub(super) fn object(&self) -> Object {
        let mut object = ObjectBuilder::new().schema_type(Type::String).build();
        self.bound(&mut object);
        object
    }

    /// Bounds what is not bounded yet.
    fn bound(&self, object: &mut Object) {
        object.min_length = object.min_length.or(self.min);
        object.max_length = object.max_length.or(self.max);
        object.pattern = object.pattern.take().or_else(|| self.pattern.clone());
        if object.enum_values.is_none() {
            object.enum_values.clone_from(&self.values);
            let nullable =
                matches!(&object.schema_type, SchemaType::Array(types) if types.contains(&Type::Null));
            object.enum_values.iter_mut().filter(|_| nullable).for_each(|values| values.push(Value::Null));
        }
    }

    /// Bounds a text, or each text of a list.
    pub(super) fn give(&self, schema: &mut RefOr<Schema>) {
        match schema {
            RefOr::T(Schema::Object(object)) if is_text(object) => self.bound(object),
            RefOr::T(Schema::Array(array)) => {
                if let ArrayItems::RefOrSchema(items) = &mut array.items {
                    self.give(items);
                }
            }
            _ => {}
        }
    }
}

pub(super) fn is_text(object: &Object) -> bool {
    match &object.schema_type {
        SchemaType::Type(kind) => *kind == Type::String,
        SchemaType::Array(types) => types.contains(&Type::String),
        SchemaType::AnyValue => false,
    }
}
