//! Secrets of endpoints as they are stored: sealed, each for its endpoint.

use tradepost_domain::kernel::ids::WebhookEndpointId;
use tradepost_store::webhook::endpoint::{self, EndpointRow};
use tradepost_store::{Client, StoreError};

use super::signature::WebhookSecret;
use crate::error::WriteError;
use crate::seal::UnsealError;
use crate::shop::Shop;

/// Endpoints that are looked at, at most: a shop has fewer.
const ENDPOINTS_MAX: i64 = 100;

/// What a secret is sealed for. The former one, and that of a farewell, were the endpoint's own once: they need no place of
/// their own.
fn place(endpoint: WebhookEndpointId) -> String {
    format!("webhook_endpoint.secret {endpoint}")
}

pub(super) fn seal(
    shop: &Shop,
    endpoint: WebhookEndpointId,
    secret: &WebhookSecret,
) -> Result<Vec<u8>, WriteError> {
    let sealed = shop.seals.seal(&*shop.ids, &place(endpoint), secret.as_bytes());
    sealed.map_err(|error| StoreError::inconsistent("webhook_endpoint", error).into())
}

pub(super) fn open(
    shop: &Shop,
    endpoint: WebhookEndpointId,
    sealed: &[u8],
) -> Result<WebhookSecret, UnsealError> {
    shop.seals.open(&place(endpoint), sealed).map(WebhookSecret::of_bytes)
}

/// That a secret cannot be read: only somebody who runs the shop can mend that.
pub(super) fn unreadable(error: &UnsealError) -> WriteError {
    let detail = format!("the endpoint's secret cannot be read: {error}; `tradepost doctor` says what to do");
    WriteError::conflict("secret_unreadable", detail, None)
}

/// What stands of secrets in a shop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretsFound {
    /// Endpoints whose secrets can be read.
    pub readable: usize,
    /// Endpoints among these with a secret that a former key has sealed.
    pub former: usize,
    /// Endpoints whose secrets cannot be read.
    pub unreadable: usize,
    /// Why one of these cannot.
    pub reason: Option<UnsealError>,
}

fn secrets(row: &EndpointRow) -> impl Iterator<Item = &[u8]> {
    std::iter::once(row.secret.as_slice())
        .chain(row.former_secret.as_ref().map(|(secret, _)| secret.as_slice()))
}

/// Looks whether every secret can be read.
pub async fn find_secrets(shop: &Shop, client: &Client) -> Result<SecretsFound, StoreError> {
    let mut found = SecretsFound::default();
    for row in endpoint::list(client, None, ENDPOINTS_MAX).await? {
        match secrets(&row).map(|secret| open(shop, row.id, secret)).find_map(Result::err) {
            None => {
                found.readable += 1;
                found.former += usize::from(secrets(&row).any(|secret| !shop.seals.is_current(secret)));
            }
            Some(error) => {
                found.unreadable += 1;
                found.reason = Some(error);
            }
        }
    }
    Ok(found)
}

/// Seals with the present key what a former one has sealed, so that it can be given up.
pub(super) async fn seal_anew(shop: &Shop) -> Result<(), WriteError> {
    let db = shop.store.worker();
    let rows = endpoint::list(&*db.conn().await?, None, ENDPOINTS_MAX).await?;
    let is_former = |row: &EndpointRow| secrets(row).any(|secret| !shop.seals.is_current(secret));
    for former in rows.into_iter().filter(is_former) {
        let tx = db.begin("seal_webhook_secret_anew").await?;
        let Some(mut row) = endpoint::get_for_update(&tx, former.id).await? else { continue };
        let again = |sealed: &[u8]| open(shop, row.id, sealed).ok().map(|secret| seal(shop, row.id, &secret));
        // What cannot be read stays as it is, for whoever brings the key back.
        let Some(secret) = again(&row.secret).transpose()? else { continue };
        let before = match &row.former_secret {
            None => None,
            Some((sealed, until)) => match again(sealed).transpose()? {
                None => continue,
                Some(sealed) => Some((sealed, *until)),
            },
        };
        (row.secret, row.former_secret) = (secret, before);
        endpoint::update(&tx, &row).await?;
        tx.commit().await?;
    }
    Ok(())
}
