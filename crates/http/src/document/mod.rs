//! The OpenAPI 3.1 document, made of the handlers: what is not documented cannot be routed.

mod groups;
mod parts;
mod text;
mod vocabulary;

use std::collections::BTreeMap;

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AnyOfBuilder, ArrayItems, Object, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema};
use utoipa::{IntoResponses, Modify, OpenApi, openapi};

use crate::problem::Problem;

/// What stands above the paths.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Tradepost",
        description = "The API of a shop without a face: catalogue, search, carts, checkout, payments and orders for any \
            storefront, and everything that staff do. \
            Money is `{amount, currency}` in minor units; times are RFC 3339 in UTC; errors are RFC 9457 problems with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem)),
    modifiers(&Security, &Problems)
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("Secret key `sk_…` of staff or an integration"))
                .build(),
        );
        components.add_security_scheme("secret_key", bearer);
        let access = SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .description(Some("Access token of a customer, from /api/auth/login"))
                .build(),
        );
        components.add_security_scheme("access_token", access);
        let publishable = ApiKeyValue::with_description(
            "Publishable-Key",
            "Names the channel; absent means the default channel",
        );
        components
            .add_security_scheme("publishable_key", SecurityScheme::ApiKey(ApiKey::Header(publishable)));
    }
}

/// The problems that there are: name, status and what they mean. Said once; answers refer to them by name.
const PROBLEMS: [(&str, &str, &str); 12] = [
    ("Malformed", "400", "The body, a parameter or a header is unknown, malformed or there twice."),
    ("Unauthenticated", "401", "A key is needed and none was sent, or it is not known."),
    ("Forbidden", "403", "The key lacks the scope."),
    ("NotFound", "404", "There is no such thing."),
    ("Conflict", "409", "Against the present state."),
    ("VersionMismatch", "412", "The version in `If-Match` is not the present one, which is `current`."),
    ("TooLarge", "413", "The body is too large."),
    ("UnsupportedMediaType", "415", "The body is of another type than this operation takes."),
    ("Invalid", "422", "Understood, but against the rules."),
    ("PreconditionRequired", "428", "`If-Match` is missing."),
    ("TooMany", "429", "Tried too often: wait as long as `Retry-After` says."),
    ("Unavailable", "503", "Overloaded, or the database is away."),
];

/// Declares which problems operations of a kind may answer with.
macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident: $($problem:ident)*;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                refer_to(&[$(stringify!($problem)),*])
            }
        }
    )*};
}
problems! {
    /// Problems that a read which anyone may make can answer with.
    PublicProblems: Malformed NotFound Unavailable;
    /// Problems that every storefront read may answer with.
    ReadProblems: Malformed Unauthenticated NotFound Unavailable;
    /// Problems that every write of a shopper may answer with.
    ShopperWriteProblems: Malformed Unauthenticated NotFound Conflict VersionMismatch TooLarge
        UnsupportedMediaType Invalid TooMany Unavailable;
    /// Problems that signing in, up and out can answer with.
    SignInProblems: Malformed Unauthenticated Forbidden Conflict TooLarge UnsupportedMediaType Invalid TooMany Unavailable;
    /// Problems that every read of a customer may answer with.
    CustomerReadProblems: Malformed Unauthenticated NotFound Unavailable;
    /// Problems that every write of a customer may answer with.
    CustomerWriteProblems: Malformed Unauthenticated Forbidden NotFound Conflict VersionMismatch TooLarge
        UnsupportedMediaType Invalid TooMany Unavailable;
    /// Problems that every read of staff may answer with.
    StaffReadProblems: Malformed Unauthenticated Forbidden NotFound Unavailable;
    /// Problems that reports to staff may answer with: what they are of may be more than they can tell.
    StaffReportProblems: Malformed Unauthenticated Forbidden NotFound Invalid Unavailable;
    /// Problems that every write of staff may answer with.
    StaffWriteProblems: Malformed Unauthenticated Forbidden NotFound Conflict VersionMismatch TooLarge
        UnsupportedMediaType Invalid PreconditionRequired Unavailable;
}

fn refer_to(names: &[&str]) -> BTreeMap<String, RefOr<Response>> {
    let wanted = PROBLEMS.into_iter().filter(|(name, ..)| names.contains(name));
    wanted.map(|(name, status, _)| (status.to_owned(), Ref::from_response_name(name).into())).collect()
}

struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, _, meaning) in PROBLEMS {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let response =
                ResponseBuilder::new().description(meaning).content("application/problem+json", content);
            components.responses.insert(name.to_owned(), response.build().into());
        }
    }
}

/// The whole document.
pub fn openapi() -> openapi::OpenApi {
    let mut document = Document::openapi();
    let (_, routes) = crate::routes().split_for_parts();
    document.merge(routes);
    vocabulary::apply(&mut document);
    parts::apply(&mut document);
    open_batches(&mut document);
    name_channel(&mut document);
    groups::apply(&mut document);
    document
}

/// Bodies of batches, and the lists of their items.
const BATCHES: [(&str, &str); 3] =
    [("PriceBatch", "prices"), ("ProductBatch", "operations"), ("StockLevelBulk", "items")];

/// Says that an item of a batch may be anything: one of another shape is refused by itself, and the others are done.
fn open_batches(document: &mut openapi::OpenApi) {
    let Some(components) = &mut document.components else { return };
    for (body, list) in BATCHES {
        if let Some(RefOr::T(Schema::Object(body))) = components.schemas.get_mut(body)
            && let Some(RefOr::T(Schema::Array(list))) = body.properties.get_mut(list)
            && let ArrayItems::RefOrSchema(item) = &mut list.items
        {
            let mut other = Object::with_type(SchemaType::AnyValue);
            other.description = Some("Anything else is refused by itself, with its problem.".to_owned());
            let either = AnyOfBuilder::new().item((**item).clone()).item(Schema::Object(other));
            **item = Schema::AnyOf(either.build()).into();
        }
    }
}

/// Where a shopper's requests are served in the channel of a publishable key, as [`crate::extract::Buyer`] reads it.
const IN_A_CHANNEL: [&str; 3] = ["/api/carts", "/api/orders", "/api/payments/{"];

/// Says of everything that is done in a channel which header names it.
fn name_channel(document: &mut openapi::OpenApi) {
    let key = ParameterBuilder::new()
        .name("Publishable-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("Names the channel; the default one when absent"))
        .schema(Some(Object::with_type(Type::String)))
        .build();
    for (path, _, operation) in operations(document) {
        if IN_A_CHANNEL.iter().any(|place| path.starts_with(place)) {
            operation.parameters.get_or_insert_default().push(key.clone().into());
        }
    }
}

/// Every operation with its path and its method in small letters.
fn operations(document: &mut openapi::OpenApi) -> impl Iterator<Item = (&str, &'static str, &mut Operation)> {
    document.paths.paths.iter_mut().flat_map(|(path, item)| {
        let methods = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        let known = methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)));
        known.map(move |(method, operation)| (path.as_str(), method, operation))
    })
}
