//! Shows a mail without sending it.

use tradepost_domain::kernel::Locale;
use tradepost_domain::order::OrderNumber;
use tradepost_port::Mail;
use uuid::Uuid;

use super::kind::MailKind;
use super::order::{last_story, render};
use super::template::{Letter, MailTemplates, RenderMailError};
use crate::error::WriteError;
use crate::shop::Shop;

/// A mail about a made-up order, or to a made-up customer.
pub fn preview_sample_mail(
    templates: &MailTemplates,
    kind: MailKind,
    locale: &Locale,
) -> Result<Mail, RenderMailError> {
    let values = super::sample::samples(kind, templates, locale).into_iter().next();
    let to = super::sample::reader();
    templates.render(kind, Letter { id: Uuid::nil(), to, locale: Some(locale.as_str()) }, &values)
}

/// The mail that an order of this shop gives, with its last parcel or refund; `None` where there is no such order, or it
/// has no parcel or refund.
pub async fn preview_order_mail(
    shop: &Shop,
    kind: MailKind,
    number: &OrderNumber,
    locale: Option<&Locale>,
) -> Result<Option<Mail>, WriteError> {
    let Some(story) = last_story(shop, kind, number.as_str()).await? else { return Ok(None) };
    let written = render(shop, (Uuid::nil(), kind), &story, locale);
    written.map_err(|error| WriteError::Store(tradepost_store::StoreError::inconsistent("mail", error)))
}
