//! What a name means everywhere in the API, said once: the shape of ids, handles, locales, currencies, cursors and
//! headers is given to every parameter, and to every field of a request, that bears the name.
//!
//! Only what is sent is narrowed. What is answered keeps its plain types, so that a client which checks answers is not
//! broken by an id or a currency that it has not seen yet.

use serde_json::Value;
use tradepost_app::audit::ENTITY_PREFIXES;
use tradepost_app::auth::Scope;
use tradepost_app::catalog::product::view::PRODUCT_FIELDS;
use tradepost_app::catalog::projection::{CARD_EXPANSIONS, CARD_FIELDS, PAGE_FIELDS};
use tradepost_app::inventory::CAUSE_PREFIXES;
use tradepost_app::payment::STATUS_WORDS;
use tradepost_domain::kernel::amounts::AMOUNTS_MAX;
use tradepost_domain::kernel::limits::{FILTER_VALUES_MAX, FILTERS_MAX};
use tradepost_domain::kernel::{Country, Currency};
use tradepost_domain::order::{FulfillmentStatus, OrderStatus};
use tradepost_domain::payment::PaymentStatus;
use tradepost_domain::promotion::condition::LIST_MAX;
use tradepost_domain::promotion::items::ITEMS_MAX;
use tradepost_domain::webhook::{DeliveryState, event_types};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{
    AdditionalProperties, Array, ArrayBuilder, ArrayItems, Object, OneOfBuilder, RefBuilder, SchemaType, Type,
};
use utoipa::openapi::{self, ObjectBuilder, Ref, RefOr, Required, Schema};

use super::operations;
use super::text::{Text, is_text};

/// Component that lists the currencies.
const CURRENCY: &str = "CurrencyCode";
/// Component that lists the countries.
const COUNTRY: &str = "CountryCode";
/// An amount of a rule, of which there is one for each currency.
const AMOUNT: &str = "AmountShape";
/// A part of the condition of a promotion, which bounds its lists.
const CONDITION: &str = "PromotionConditionShape";
/// The conditions of an export, which name things by their handles where products name them by anything.
const EXPORT_FILTER: &str = "ExportFilterView";
/// What a replay sends anew: the events by which it is told are named as nothing else is.
const REPLAY: &str = "WebhookReplay";
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

/// Gives every name its shape.
pub(super) fn apply(document: &mut openapi::OpenApi) {
    if let Some(components) = &mut document.components {
        let mut insert = |name: &str, codes, description: &str| {
            let mut object = Text { values: Some(codes), ..Text::default() }.object();
            object.description = Some(description.to_owned());
            components.schemas.insert(name.to_owned(), Schema::Object(object).into());
        };
        insert(CURRENCY, currencies(), "Code of ISO 4217 in which a price can be given.");
        insert(COUNTRY, countries(), "Code of ISO 3166-1 alpha-2.");
    }
    for (name, schema) in document.components.iter_mut().flat_map(|components| components.schemas.iter_mut())
    {
        let RefOr::T(schema) = schema else { continue };
        if CLOSED.contains(&name.as_str()) {
            close(schema);
        }
        match name.as_str() {
            ITEMS => bound_items(schema),
            EXPORT_FILTER => bound_texts(schema, &["brand", "type"], &Text::handle()),
            REPLAY => bound_texts(schema, &["id", "after"], &Text::id("evt")),
            _ => {}
        }
        bound_fields(name, schema);
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
fn bound_fields(component: &str, schema: &mut Schema) {
    match schema {
        Schema::Object(object) => {
            let closed = object.additional_properties.as_deref();
            if !matches!(closed, Some(AdditionalProperties::FreeForm(false))) {
                return;
            }
            for (name, field) in &mut object.properties {
                bound_field(component, name, field);
            }
        }
        Schema::OneOf(one_of) => {
            for item in &mut one_of.items {
                if let RefOr::T(item) = item {
                    close(item);
                    bound_fields(component, item);
                }
            }
        }
        _ => {}
    }
}

fn bound_field(component: &str, name: &str, field: &mut RefOr<Schema>) {
    match name {
        "currency" => *field = Ref::from_schema_name(CURRENCY).into(),
        "country" => refer(field, COUNTRY),
        _ => {}
    }
    if let Some(text) = field_text(name) {
        text.give(field);
    }
    match field {
        RefOr::T(Schema::Object(map)) if name == "translations" => {
            map.property_names = Some(Box::new(Schema::Object(Text::locale().object())));
        }
        // What a variant of an enum holds: it is written out, and closed as its enum is.
        RefOr::T(inner) if CLOSED.contains(&component) && is_object(inner) => {
            close(inner);
            bound_fields(component, inner);
        }
        RefOr::T(Schema::Array(list)) => {
            if is_list_of(list, AMOUNT) {
                (list.min_items, list.max_items) = (Some(1), Some(AMOUNTS_MAX));
            } else if component == CONDITION && !is_list_of(list, CONDITION) {
                list.max_items = Some(LIST_MAX);
            }
        }
        _ => {}
    }
}

fn is_object(schema: &Schema) -> bool {
    matches!(schema, Schema::Object(object) if object.schema_type == SchemaType::Type(Type::Object))
}

fn is_list_of(list: &Array, component: &str) -> bool {
    let wanted = Ref::from_schema_name(component).ref_location;
    matches!(&list.items, ArrayItems::RefOrSchema(items) if matches!(items.as_ref(), RefOr::Ref(item) if item.ref_location == wanted))
}

/// Puts a component in the place of a text, or of each text of a list; null stays what it was.
fn refer(field: &mut RefOr<Schema>, component: &str) {
    match field {
        RefOr::T(Schema::Object(object)) if is_text(object) => {
            let nullable =
                matches!(&object.schema_type, SchemaType::Array(types) if types.contains(&Type::Null));
            let reference = RefBuilder::new()
                .ref_location_from_schema_name(component)
                .description(object.description.take())
                .build();
            *field = if nullable {
                let null = ObjectBuilder::new().schema_type(Type::Null).build();
                Schema::OneOf(OneOfBuilder::new().item(reference).item(null).build()).into()
            } else {
                reference.into()
            };
        }
        RefOr::T(Schema::Array(list)) => {
            if let ArrayItems::RefOrSchema(items) = &mut list.items {
                refer(items, component);
            }
        }
        _ => {}
    }
}

/// Fields that mean in one component what they mean in no other.
fn bound_texts(schema: &mut Schema, names: &[&str], text: &Text) {
    let Schema::Object(object) = schema else { return };
    for (name, field) in &mut object.properties {
        if names.contains(&name.as_str()) {
            text.give(field);
        }
    }
}

/// The lists of a selection of items: each may be as long as all of them together.
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
        if let RefOr::T(Schema::Array(list)) = list {
            list.max_items = Some(ITEMS_MAX);
        }
    }
}

/// What a field of a request holds, by its name.
fn field_text(name: &str) -> Option<Text> {
    Some(match name {
        "handle" | "group" | "groups" => Text::handle(),
        "product_id" | "product_ids" | "hide_product_ids" | "seen_product_ids" => Text::id("prod"),
        "without" => Text::id("srule"),
        "channel_id" | "channel_ids" | "default_channel_ids" | "channel" => Text::id("chan"),
        "variant_id" => Text::id("var"),
        "location_id" => Text::id("loc"),
        "cart_id" => Text::id("cart"),
        "saved_payment_method" => Text::id("spm"),
        "line_id" => Text::id("oline"),
        "shipping_method" => Text::id("smeth"),
        "customer_group_ids" | "customer_group" | "group_ids" => Text::id("cgrp"),
        "shipping_zone_ids" => Text::id("szone"),
        "tax_zone_id" => Text::id("tzone"),
        "tax_class_id" => Text::id("tclass"),
        "parent_id" | "category_ids" => Text::id("cat"),
        "collection_ids" => Text::id("col"),
        "locale" | "locales" | "default_locale" => Text::locale(),
        "provider" => Text::one_of(["test", "stripe"]),
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

/// Every country: two letters each.
fn countries() -> Vec<Value> {
    let letters = || 'A'..='Z';
    let codes = letters().flat_map(|one| letters().map(move |two| String::from_iter([one, two])));
    codes.filter(|code| code.parse::<Country>().is_ok()).map(Value::from).collect()
}

/// Prefix of the ids that a path parameter takes, by its name.
fn path_prefix(name: &str) -> Option<&'static str> {
    Some(match name {
        "api_key" => "key",
        "brand" => "brand",
        "cart" => "cart",
        "category" => "cat",
        "channel" => "chan",
        "collection" => "col",
        "customer" => "cus",
        "customer_address" => "addr",
        "coupon" => "coup",
        "customer_group" => "cgrp",
        "event" => "evt",
        "export" => "exp",
        "fulfillment" => "ful",
        "import" => "imp",
        "line" => "line",
        "media" => "med",
        "order" => "ord",
        "payment" => "pay",
        "payment_method" => "spm",
        "price_list" => "plist",
        "promotion" => "promo",
        "shipping_method" => "smeth",
        "search_rule" => "srule",
        "search_synonym" => "syn",
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
        "webhook_endpoint" => "whe",
        _ => return None,
    })
}

fn bound_parameter(operation: &str, parameter: &mut Parameter) {
    // A search takes what a listing takes.
    let operation = if operation == "search_products" { "list_products" } else { operation };
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
        (ParameterIn::Path, "provider") => Some(Text::one_of(["stripe"])),
        (ParameterIn::Path, "blob") => Some(Text::pattern(r"^[0-9a-f]{64}\.[0-9a-z]{2,5}$")),
        (ParameterIn::Path, "order") if operation == "get_order_of_staff" => Some(Text::order_or_number()),
        (ParameterIn::Path, name) => path_prefix(name).map(Text::id),
        (ParameterIn::Query, "cursor") => Some(Text { min: Some(1), ..Text::pattern("^[A-Za-z0-9_-]+$") }),
        (ParameterIn::Query, "locale") => Some(Text::locale()),
        (ParameterIn::Query, name) => filter_text(operation, name),
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

/// What a filter of a list takes.
fn filter_text(operation: &str, name: &str) -> Option<Text> {
    let name = name.strip_prefix("filter[")?.strip_suffix(']')?;
    Some(match (operation, name) {
        ("list_webhook_deliveries", "state") => Text::one_of(DeliveryState::ALL.map(DeliveryState::as_str)),
        ("list_webhook_deliveries", "event_type") => {
            let names = event_types().map(|event| event.name.into());
            Text { values: Some(names.collect()), ..Text::default() }
        }
        ("list_orders_of_staff", "status") => Text::one_of(OrderStatus::ALL.map(OrderStatus::as_str)),
        ("list_payments", "status") => Text::one_of(STATUS_WORDS),
        ("list_payments", "provider") => Text::one_of(["test", "stripe"]),
        (_, "order_id") => Text::id("ord"),
        (_, "payment_status") => Text::one_of(PaymentStatus::ALL.map(PaymentStatus::as_str)),
        (_, "fulfillment_status") => Text::one_of(FulfillmentStatus::ALL.map(FulfillmentStatus::as_str)),
        (_, "number") => Text::order_number(),
        (_, "product_id") => Text::id("prod"),
        (_, "variant_id") => Text::id("var"),
        (_, "group_id") => Text::id("cgrp"),
        (_, "customer_id") => Text::id("cus"),
        (_, "channel_id") => Text::id("chan"),
        (_, "location_id") => Text::id("loc"),
        (_, "stock_level_id") => Text::id("slev"),
        (_, "cause_id") => Text::id_of(CAUSE_PREFIXES),
        (_, "entity_id" | "actor_id") => Text::id_of(ENTITY_PREFIXES),
        _ => return None,
    })
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
