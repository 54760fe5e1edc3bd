//! What a name means everywhere in the API, said once: the shape of ids, handles, locales, currencies, cursors and
//! headers is given to every parameter, and to every field of a request, that bears the name.
//!
//! Only what is sent is narrowed. What is answered keeps its plain types, so that a client which checks answers is not
//! broken by an id or a currency that it has not seen yet.

use serde_json::Value;
use tradepost_app::auth::Scope;
use tradepost_app::catalog::product::view::PRODUCT_FIELDS;
use tradepost_app::catalog::projection::{CARD_EXPANSIONS, CARD_FIELDS, PAGE_FIELDS};
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::limits::{FILTER_VALUES_MAX, FILTERS_MAX, HANDLE_LEN_MAX};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ArrayItems, Object, OneOfBuilder, SchemaType, Type,
};
use utoipa::openapi::{self, ObjectBuilder, Ref, RefOr, Required, Schema};

use super::operations;

/// Small letters and digits of any script and `_`, in groups between single `-`: what `kernel::Handle` reads.
const HANDLE: &str = r"^[\p{Ll}\p{Lo}\p{Nd}_]+(-[\p{Ll}\p{Lo}\p{Nd}_]+)*$";
/// A language with or without a region: what `kernel::Locale` reads.
const LOCALE: &str = "^[A-Za-z]{2,3}(-([A-Za-z]{2}|[0-9]{3}))?$";
/// What an id has after its prefix.
const BASE32: &str = "_[0-7][0-9a-hjkmnp-tv-z]{25}$";
/// Prefixes of the things that the audit log tells of.
const ANY_PREFIX: &str = "(prod|var|med|cat|col|brand|ptype|rev|chan|key|staff|loc|slev|imp|exp|cus|addr|ord|cgrp|plist|promo|coup|tclass|tzone|trate|szone|smeth)";
/// Component that lists the currencies.
const CURRENCY: &str = "CurrencyCode";
/// The selection of items in a price rule: lists of ids, where products have lists of handles by the same names.
const ITEMS: &str = "ItemsShape";
/// Types that describe what `domain` reads strictly: no other field is taken.
const CLOSED: [&str; 12] = [
    "RuleShape",
    "ConditionShape",
    "AttributeShape",
    "AmountShape",
    "PlaceShape",
    "ItemsShape",
    "EffectShape",
    "PromotionConditionShape",
    "CombinesShape",
    "ShippingRatesShape",
    "PriceStepShape",
    "WeightStepShape",
];

/// Bounds of a text.
#[derive(Debug, Default)]
struct Text {
    min: Option<usize>,
    max: Option<usize>,
    pattern: Option<String>,
    values: Option<Vec<Value>>,
}

impl Text {
    fn pattern(pattern: impl Into<String>) -> Self {
        Self { pattern: Some(pattern.into()), ..Self::default() }
    }

    fn id(prefix: &str) -> Self {
        Self::pattern(format!("^{prefix}{BASE32}"))
    }

    fn handle() -> Self {
        Self { min: Some(1), max: Some(HANDLE_LEN_MAX), ..Self::pattern(HANDLE) }
    }

    fn one_of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self { values: Some(values.into_iter().map(Value::from).collect()), ..Self::default() }
    }

    fn object(&self) -> Object {
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
    fn give(&self, schema: &mut RefOr<Schema>) {
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

fn is_text(object: &Object) -> bool {
    match &object.schema_type {
        SchemaType::Type(kind) => *kind == Type::String,
        SchemaType::Array(types) => types.contains(&Type::String),
        SchemaType::AnyValue => false,
    }
}

/// Gives every name its shape.
pub(super) fn apply(document: &mut openapi::OpenApi) {
    if let Some(components) = &mut document.components {
        let codes = Text { values: Some(currencies()), ..Text::default() };
        let mut currency = codes.object();
        currency.description = Some("Code of ISO 4217 in which a price can be given.".to_owned());
        components.schemas.insert(CURRENCY.to_owned(), Schema::Object(currency).into());
    }
    for (name, schema) in document.components.iter_mut().flat_map(|components| components.schemas.iter_mut())
    {
        let RefOr::T(schema) = schema else { continue };
        if CLOSED.contains(&name.as_str()) {
            close(schema);
        }
        if name == ITEMS {
            bound_items(schema);
        }
        bound_fields(schema);
    }
    for (path, method, operation) in operations(document) {
        if path.starts_with("/api/admin/") && method != "get" {
            add_idempotency_key(operation);
        }
        let id = operation.operation_id.clone().unwrap_or_default();
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter {
                bound_parameter(&id, parameter);
            }
        }
    }
}

fn close(schema: &mut Schema) {
    if let Schema::Object(object) = schema {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    }
}

/// The fields of an object that takes no others: only requests do.
fn bound_fields(schema: &mut Schema) {
    match schema {
        Schema::Object(object) => {
            let closed = object.additional_properties.as_deref();
            if !matches!(closed, Some(AdditionalProperties::FreeForm(false))) {
                return;
            }
            for (name, field) in &mut object.properties {
                if name == "currency" {
                    *field = Ref::from_schema_name(CURRENCY).into();
                }
                if let Some(text) = field_text(name) {
                    text.give(field);
                }
                if let (RefOr::T(Schema::Object(map)), "translations") = (field, name.as_str()) {
                    map.property_names = Some(Box::new(Schema::Object(Text::pattern(LOCALE).object())));
                }
            }
        }
        Schema::OneOf(one_of) => {
            for item in &mut one_of.items {
                if let RefOr::T(item) = item {
                    close(item);
                    bound_fields(item);
                }
            }
        }
        _ => {}
    }
}

/// The lists of ids of a selection of items.
fn bound_items(schema: &mut Schema) {
    let Schema::Object(object) = schema else { return };
    for (name, list) in &mut object.properties {
        let prefix = match name.as_str() {
            "categories" => Some("cat"),
            other => path_prefix(other.trim_end_matches('s')),
        };
        if let Some(prefix) = prefix {
            Text::id(prefix).give(list);
        }
    }
}

/// What a field of a request holds, by its name.
fn field_text(name: &str) -> Option<Text> {
    Some(match name {
        "handle" | "group" | "groups" => Text::handle(),
        "product_id" | "product_ids" => Text::id("prod"),
        "channel_id" | "channel_ids" | "default_channel_ids" | "channel" => Text::id("chan"),
        "variant_id" => Text::id("var"),
        "location_id" => Text::id("loc"),
        "customer_group_ids" | "customer_group" | "group_ids" => Text::id("cgrp"),
        "shipping_zone_ids" => Text::id("szone"),
        "tax_zone_id" => Text::id("tzone"),
        "tax_class_id" => Text::id("tclass"),
        "parent_id" | "category_ids" => Text::id("cat"),
        "locale" | "locales" | "default_locale" => Text::pattern(LOCALE),
        "scopes" => Text::one_of(Scope::ALL.map(Scope::as_str)),
        _ => return None,
    })
}

/// Every currency in which a price can be given. `kernel` reads codes and has no list of them.
fn currencies() -> Vec<Value> {
    let letters = || 'A'..='Z';
    let codes = letters().flat_map(|one| {
        letters().flat_map(move |two| letters().map(move |three| String::from_iter([one, two, three])))
    });
    codes.filter(|code| code.parse::<Currency>().is_ok()).map(Value::from).collect()
}

/// Prefix of the ids that a path parameter takes, by its name.
fn path_prefix(name: &str) -> Option<&'static str> {
    Some(match name {
        "api_key" => "key",
        "brand" => "brand",
        "category" => "cat",
        "channel" => "chan",
        "collection" => "col",
        "customer" => "cus",
        "customer_address" => "addr",
        "coupon" => "coup",
        "customer_group" => "cgrp",
        "fulfillment" => "ful",
        "import" => "imp",
        "media" => "med",
        "order" => "ord",
        "payment" => "pay",
        "price_list" => "plist",
        "promotion" => "promo",
        "shipping_method" => "smeth",
        "shipping_zone" => "szone",
        "tax_class" => "tclass",
        "tax_rate" => "trate",
        "tax_zone" => "tzone",
        "product" => "prod",
        "product_type" => "ptype",
        "review" => "rev",
        "stock_level" => "slev",
        "stock_location" => "loc",
        "variant" => "var",
        _ => return None,
    })
}

fn bound_parameter(operation: &str, parameter: &mut Parameter) {
    let names = match (operation, parameter.name.as_str()) {
        ("list_products", "fields") => Some([CARD_FIELDS, CARD_EXPANSIONS].concat()),
        ("list_products", "expand") => Some(CARD_EXPANSIONS.to_vec()),
        ("get_product", "fields") => Some([CARD_FIELDS, PAGE_FIELDS].concat()),
        (_, "fields") => Some(PRODUCT_FIELDS.to_vec()),
        _ => None,
    };
    if let Some(names) = names {
        let one = Text::one_of(names).object();
        let list = ArrayBuilder::new().items(one).min_items(Some(1)).max_items(Some(50)).build();
        parameter.schema = Some(list.into());
        parameter.style = Some(ParameterStyle::Form);
        parameter.explode = Some(false);
        return;
    }
    if operation == "list_products" && parameter.name == "filter" {
        parameter.schema = Some(named_filters().into());
        return;
    }
    if let ("list_products", "filter[brand]" | "filter[type]" | "filter[tag]") =
        (operation, parameter.name.as_str())
    {
        let values = ArrayBuilder::new().items(filter_value().object());
        parameter.schema = Some(values.min_items(Some(1)).max_items(Some(FILTER_VALUES_MAX)).build().into());
        parameter.style = Some(ParameterStyle::Form);
        parameter.explode = Some(false);
        return;
    }
    if parameter.name == "filter[currency]" {
        parameter.schema = Some(Ref::from_schema_name(CURRENCY).into());
        return;
    }
    if parameter.parameter_in == ParameterIn::Header && parameter.name == "If-Match" {
        parameter.schema = Some(if_match().into());
        return;
    }
    let takes_handle = parameter.description.as_deref().is_some_and(|text| text.contains("handle"));
    let text = match (&parameter.parameter_in, parameter.name.as_str()) {
        // What can be no handle is not found, as an unknown one is.
        (ParameterIn::Path, _) if takes_handle => Some(Text { min: Some(1), ..Text::default() }),
        (ParameterIn::Path, "blob") => Some(Text::pattern(r"^[0-9a-f]{64}\.[0-9a-z]{2,5}$")),
        (ParameterIn::Path, "order") if operation == "get_order_of_staff" => None,
        (ParameterIn::Path, name) => path_prefix(name).map(Text::id),
        (ParameterIn::Query, "cursor") => Some(Text { min: Some(1), ..Text::pattern("^[A-Za-z0-9_-]+$") }),
        (ParameterIn::Query, "locale") => Some(Text::pattern(LOCALE)),
        (ParameterIn::Query, "filter[product_id]") => Some(Text::id("prod")),
        (ParameterIn::Query, "filter[group_id]") => Some(Text::id("cgrp")),
        (ParameterIn::Query, "filter[variant_id]") => Some(Text::id("var")),
        (ParameterIn::Query, "filter[entity_id]" | "filter[actor_id]") => Some(Text::id(ANY_PREFIX)),
        (ParameterIn::Header, "Idempotency-Key") => Some(idempotency_key()),
        _ => None,
    };
    let Some(schema) = &mut parameter.schema else { return };
    if let RefOr::T(Schema::Object(object)) = schema {
        deny_null(&mut object.schema_type);
    }
    if let Some(text) = text {
        text.give(schema);
    }
}

/// Any version, or the `ETag` of one.
fn if_match() -> Schema {
    let any = Text::one_of(["*"]).object();
    let version = Text::pattern(r#"^"v[0-9]{1,18}"$"#).object();
    Schema::OneOf(OneOfBuilder::new().item(any).item(version).build())
}

/// One value of a filter: a comma would end it.
fn filter_value() -> Text {
    Text { min: Some(1), max: Some(255), ..Text::pattern(r"^[^\s,\\\x00]([^,\\\x00]*[^\s,\\\x00])?$") }
}

/// Filters whose names the shop's products give.
fn named_filters() -> Object {
    let names = r"^(option\.[^\[\]\x00]+|attribute(\.[^\[\].\x00]+){1,8})$";
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property_names(Some(Schema::Object(Text::pattern(names).object())))
        .additional_properties(Some(RefOr::T(Schema::Object(filter_value().object()))))
        .max_properties(Some(FILTERS_MAX))
        .build()
}

/// A parameter is there or it is not: none is null.
fn deny_null(kind: &mut SchemaType) {
    if let SchemaType::Array(types) = kind {
        types.retain(|one| *one != Type::Null);
        if let [one] = types.as_slice() {
            *kind = SchemaType::Type(one.clone());
        }
    }
}

fn idempotency_key() -> Text {
    Text { min: Some(1), max: Some(255), ..Text::pattern("^[!-~]+$") }
}

/// Every write of staff may be made repeatable.
fn add_idempotency_key(operation: &mut Operation) {
    let parameters = operation.parameters.get_or_insert_default();
    let is_key = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.name == "Idempotency-Key");
    if !parameters.iter().any(is_key) {
        let parameter = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("Makes a repeat of the request give the same answer"))
            .schema(Some(idempotency_key().object()))
            .build();
        parameters.push(RefOr::T(parameter));
    }
}
