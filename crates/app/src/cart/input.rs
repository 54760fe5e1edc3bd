//! What clients send of carts and orders, and how it is read: all findings at once, each with its JSONPath.

use serde::Deserialize;
use serde_json::Value;
use tradepost_domain::cart::Metadata;
use tradepost_domain::catalog::Issue;
use tradepost_domain::kernel::ids::{ProductId, VariantId};
use tradepost_domain::kernel::issue::check_text;
use tradepost_domain::kernel::limits::METADATA_KEYS_MAX;
use tradepost_domain::kernel::{EmailAddress, Quantity};
use tradepost_domain::promotion::CouponCode;
use tradepost_store::Client;
use tradepost_store::catalog::sellable;
use utoipa::ToSchema;

use crate::error::WriteError;

/// Characters of a key of metadata, and of a text in it.
const METADATA_TEXT_MAX: usize = 500;
const METADATA_KEY_MAX: usize = 50;

/// Units of a variant.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineAdd {
    /// The variant. Needed, unless a product with a single variant is named.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "var_01000000000000000000000001")]
    pub variant_id: Option<VariantId>,
    /// A product that has but one variant.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub product_id: Option<ProductId>,
    /// How many.
    #[schema(value_type = u32, minimum = 1, maximum = 9999)]
    pub quantity: Quantity,
    /// What the client keeps with the line: up to 50 short texts, numbers or truth values.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub metadata: Metadata,
}

/// Reads an e-mail address.
pub fn read_email(path: &str, text: &str) -> Result<EmailAddress, Issue> {
    text.trim()
        .parse()
        .map_err(|_| Issue::new(path, "invalid_email", "expected an e-mail address such as ada@example.com"))
}

/// Reads a coupon code.
pub fn read_code(path: &str, text: &str) -> Result<CouponCode, Issue> {
    text.parse().map_err(|_| {
        Issue::new(path, "invalid_coupon", "a coupon is 3 to 64 letters, digits, dashes and underscores")
    })
}

/// Checks what a client wants to keep: flat and short, so that it is neither a file nor a second catalogue (case C80).
pub fn check_metadata(path: &str, metadata: &Metadata) -> Vec<Issue> {
    let mut issues = Vec::new();
    if metadata.len() > METADATA_KEYS_MAX {
        issues.push(Issue::new(path, "too_many", format!("at most {METADATA_KEYS_MAX} keys")));
    }
    for (key, value) in metadata.iter().take(METADATA_KEYS_MAX) {
        let at = format!("{path}.{key}");
        issues.extend(check_text(&at, key, METADATA_KEY_MAX, true));
        match value {
            Value::String(text) => issues.extend(check_text(&at, text, METADATA_TEXT_MAX, false)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::Array(_) | Value::Object(_) => {
                issues.push(Issue::new(at, "invalid_type", "expected a text, a number, true, false or null"));
            }
        }
    }
    issues
}

/// A line with its variant found out.
#[derive(Debug, Clone)]
pub struct WantedLine {
    /// What.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: Quantity,
    /// What the client keeps with it.
    pub metadata: Metadata,
}

/// Reads lines; `path` is the JSONPath of the list. Products are resolved to their only variant by one statement.
pub async fn read_lines(
    client: &Client,
    path: &str,
    lines: Vec<LineAdd>,
) -> Result<Vec<WantedLine>, WriteError> {
    let products: Vec<ProductId> = lines.iter().filter_map(|line| line.product_id).collect();
    let singles = if products.is_empty() {
        std::collections::BTreeMap::new()
    } else {
        sellable::single_variants(client, &products).await?
    };
    let mut wanted = Vec::with_capacity(lines.len());
    let mut issues = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        let at =
            if path.ends_with(']') || path == "$" { path.to_owned() } else { format!("{path}[{index}]") };
        issues.extend(check_metadata(&format!("{at}.metadata"), &line.metadata));
        let variant = match (line.variant_id, line.product_id) {
            (Some(variant), None) => Ok(variant),
            (None, Some(product)) => match singles.get(&product) {
                Some((variant, 1)) => Ok(*variant),
                Some(_) => Err(Issue::new(
                    format!("{at}.product_id"),
                    "variant_required",
                    "the product has more than one variant: name one with variant_id",
                )),
                None => Err(Issue::new(
                    format!("{at}.product_id"),
                    "product_not_found",
                    "there is no such product",
                )),
            },
            _ => Err(Issue::new(
                format!("{at}.variant_id"),
                "required",
                "name either variant_id or product_id",
            )),
        };
        match variant {
            Ok(variant_id) => {
                wanted.push(WantedLine { variant_id, quantity: line.quantity, metadata: line.metadata });
            }
            Err(issue) => issues.push(issue),
        }
    }
    if issues.is_empty() { Ok(wanted) } else { Err(WriteError::Invalid(issues)) }
}
