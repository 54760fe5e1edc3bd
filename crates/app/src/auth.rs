//! Keys and scopes: who may do what through a secret key.

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use tradepost_domain::kernel::ids::ApiKeyId;
use tradepost_port::IdSource;
use tradepost_store::api_key::{self, ApiKeyRow};
use tradepost_store::{Db, StoreError};

/// What a secret key may do. A key without a scope may do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Read products, categories, collections, brands, types, media.
    ProductsRead,
    /// Change them.
    ProductsWrite,
    /// Read channels, keys and other settings.
    SettingsRead,
    /// Change them.
    SettingsWrite,
    /// Read and moderate reviews.
    ReviewsWrite,
    /// Read stock.
    StockRead,
    /// Change stock.
    StockWrite,
    /// Read the audit log.
    AuditRead,
    /// Read orders, payments and refunds.
    OrdersRead,
    /// Move orders on: cancel, send, refund.
    OrdersWrite,
    /// Read customers.
    CustomersRead,
    /// Change them.
    CustomersWrite,
    /// Read price lists, promotions and coupons.
    PricingRead,
    /// Change them.
    PricingWrite,
    /// Read webhook endpoints and what was told to them.
    WebhooksRead,
    /// Change them, test them, send events anew.
    WebhooksWrite,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 16] = [
        Self::ProductsRead,
        Self::ProductsWrite,
        Self::SettingsRead,
        Self::SettingsWrite,
        Self::ReviewsWrite,
        Self::StockRead,
        Self::StockWrite,
        Self::AuditRead,
        Self::OrdersRead,
        Self::OrdersWrite,
        Self::CustomersRead,
        Self::CustomersWrite,
        Self::PricingRead,
        Self::PricingWrite,
        Self::WebhooksRead,
        Self::WebhooksWrite,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProductsRead => "products:read",
            Self::ProductsWrite => "products:write",
            Self::SettingsRead => "settings:read",
            Self::SettingsWrite => "settings:write",
            Self::ReviewsWrite => "reviews:write",
            Self::StockRead => "stock:read",
            Self::StockWrite => "stock:write",
            Self::AuditRead => "audit:read",
            Self::OrdersRead => "orders:read",
            Self::OrdersWrite => "orders:write",
            Self::CustomersRead => "customers:read",
            Self::CustomersWrite => "customers:write",
            Self::PricingRead => "pricing:read",
            Self::PricingWrite => "pricing:write",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A live secret key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKey {
    /// Id.
    pub id: ApiKeyId,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The last use of it that is written.
    pub last_used_at: Option<Timestamp>,
}

/// SHA-256 of a key's text, which is what is stored of it.
pub fn key_hash(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

/// Text of a new key: its kind, its id and 256 random bits in hexadecimal.
pub fn new_key_text(prefix: &str, id: ApiKeyId, ids: &dyn IdSource) -> String {
    use std::fmt::Write as _;
    let mut text = format!("{prefix}_{}_", id.to_string().trim_start_matches("key_"));
    for byte in ids.next_secret() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// What may be shown of a key: its beginning and its last four characters.
pub fn key_hint(text: &str) -> String {
    let tail: String = text.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    let head: String = text.chars().take(12).collect();
    format!("{head}…{tail}")
}

/// The live secret key with this text, if there is one. Read from the primary: a revoked key stops at once.
pub async fn authenticate_secret(
    db: &Db,
    text: &str,
    now: Timestamp,
) -> Result<Option<SecretKey>, StoreError> {
    if !text.starts_with("sk_") || text.len() > 200 {
        return Ok(None);
    }
    let found = api_key::find_live(&*db.conn().await?, &key_hash(text), now).await?;
    let secret = |row: ApiKeyRow| SecretKey {
        id: row.id,
        last_used_at: row.last_used_at,
        scopes: row.scopes.iter().filter_map(|word| Scope::parse(word)).collect(),
    };
    Ok(found.filter(|row| row.kind == "secret").map(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_port::fake::CountingIds;

    #[test]
    fn scopes_read_back_from_their_words() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        assert_eq!(Scope::parse("everything"), None);
    }

    #[test]
    fn a_key_carries_its_kind_and_256_bits_and_shows_only_its_ends() {
        let ids = CountingIds::default();
        let source: &dyn IdSource = &ids;
        let text = new_key_text("sk", source.next(), source);
        assert_eq!(text.len(), 3 + 26 + 1 + 64);
        let hint = key_hint(&text);
        assert!(text.starts_with("sk_") && hint.chars().count() == 17 && !hint.contains(&text[20..40]));
        assert_eq!(key_hash(&text).len(), 32);
    }
}
