//! Mails to staff: that events of the shop go elsewhere now, or nowhere any more.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_domain::kernel::ids::WebhookEndpointId;
use tradepost_port::Mail;
use uuid::Uuid;

use super::kind::MailKind;
use super::template::Letter;
use super::worker::SendError;
use crate::shop::Shop;
use crate::work::Work;

/// Queue of the jobs.
pub(super) const QUEUE: &str = "send-staff-mail";

/// A mail to staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum StaffMail {
    /// A webhook endpoint has another address (case C65).
    WebhookEndpointMoved {
        /// Which.
        endpoint: WebhookEndpointId,
        /// The one before.
        former_url: String,
        /// The one now.
        url: String,
    },
    /// The shop has disabled a webhook endpoint.
    WebhookEndpointDisabled {
        /// Which.
        endpoint: WebhookEndpointId,
        /// Where it is.
        url: String,
        /// `gone` or `failing`.
        reason: String,
    },
}

impl StaffMail {
    /// Its kind.
    pub fn kind(&self) -> MailKind {
        match self {
            Self::WebhookEndpointMoved { .. } => MailKind::WebhookEndpointMoved,
            Self::WebhookEndpointDisabled { .. } => MailKind::WebhookEndpointDisabled,
        }
    }
}

/// Asks for a mail in the transaction of what it tells of.
pub(crate) fn tell_staff(work: &mut Work<'_>, mail: &StaffMail) {
    work.job(QUEUE, json!(mail), None);
}

/// The mail, if the shop knows where to send it.
pub(super) fn write(shop: &Shop, id: Uuid, mail: &StaffMail) -> Result<Option<Mail>, SendError> {
    let Some(to) = shop.staff_mail.clone() else { return Ok(None) };
    let mut values = json!(mail);
    if let Some(values) = values.as_object_mut() {
        values.insert("shop".to_owned(), json!(shop.public_url));
    }
    let letter = Letter { id, to, locale: None };
    Ok(Some(shop.mail_templates.render(mail.kind(), letter, &values)?))
}
