//! The OpenAPI 3.1 document, made of the handlers: what is not documented cannot be routed.

mod parts;
mod vocabulary;

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoResponses, Modify, OpenApi, openapi};

use crate::problem::Problem;

/// What stands above the paths.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Tradepost",
        description = "Headless commerce: catalogue, search, cart, checkout, payments and orders. \
            Money is `{amount, currency}` in minor units; times are RFC 3339 in UTC; errors are RFC 9457 problems with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem)),
    modifiers(&Security)
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
        let publishable = ApiKeyValue::with_description(
            "Publishable-Key",
            "Names the channel; absent means the default channel",
        );
        components
            .add_security_scheme("publishable_key", SecurityScheme::ApiKey(ApiKey::Header(publishable)));
    }
}

/// Problems that a read which anyone may make can answer with.
#[derive(Debug, IntoResponses)]
pub enum PublicProblems {
    /// A parameter is unknown, malformed or there twice.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] Problem),
    /// Overloaded, or the database is away.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}

/// Problems that every storefront read may answer with.
#[derive(Debug, IntoResponses)]
pub enum ReadProblems {
    /// A parameter is unknown, malformed or there twice.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// The publishable key is not known.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(#[to_schema] Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] Problem),
    /// Overloaded, or the database is away.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}

/// Problems that every read of staff may answer with.
#[derive(Debug, IntoResponses)]
pub enum StaffReadProblems {
    /// A parameter is unknown, malformed or there twice.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// No key, or one that is not known.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(#[to_schema] Problem),
    /// The key lacks the scope.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] Problem),
    /// Overloaded, or the database is away.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}

/// Problems that every write of staff may answer with.
#[derive(Debug, IntoResponses)]
pub enum StaffWriteProblems {
    /// The body, a parameter or a header is malformed.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// No key, or one that is not known.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(#[to_schema] Problem),
    /// The key lacks the scope.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] Problem),
    /// Against the present state.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(#[to_schema] Problem),
    /// The version in `If-Match` is not the present one.
    #[response(status = 412, content_type = "application/problem+json")]
    VersionMismatch(#[to_schema] Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(#[to_schema] Problem),
    /// The body is not JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(#[to_schema] Problem),
    /// Understood, but against the rules.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(#[to_schema] Problem),
    /// `If-Match` is missing.
    #[response(status = 428, content_type = "application/problem+json")]
    PreconditionRequired(#[to_schema] Problem),
    /// Overloaded, or the database is away.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}

/// The whole document.
pub fn openapi() -> openapi::OpenApi {
    let mut document = Document::openapi();
    let (_, routes) = crate::routes().split_for_parts();
    document.merge(routes);
    vocabulary::apply(&mut document);
    parts::apply(&mut document);
    document
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
