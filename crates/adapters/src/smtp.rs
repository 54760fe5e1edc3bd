//! Mails by SMTP (RFC 5321): one connection a mail, and an answer that says whether another try makes sense.

use std::str::FromStr;
use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use tradepost_port::{BoxFuture, Mail, MailError, Mailer};

/// How long the server may take to let us in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it may take for a whole mail, from the first byte to its word that it has it.
const SEND_TIMEOUT: Duration = Duration::from_secs(90);
/// Characters of a server's answer that are kept.
const REASON_LEN_MAX: usize = 500;
/// Refusals of us and not of the mail (RFC 4954, section 6): the password is wrong, or encryption is asked for.
const NOT_LET_IN: [u16; 4] = [530, 534, 535, 538];

/// Why SMTP cannot be used so. The words hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpSettingsError {
    /// The address is none.
    #[error(
        "must be an address such as smtp://user:password@mail.example.com:587?tls=required or smtps://user:password@mail.example.com"
    )]
    Address,
    /// Nobody may read the password on the way.
    #[error("would send the password in the open: add ?tls=required, or use smtps://")]
    OpenRoad,
    /// No sender.
    #[error("must name a sender such as \"My shop <orders@example.com>\"")]
    From,
}

/// Who writes: an address, and the name that readers see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    /// What readers see; where there is no name, the domain of the address.
    pub fn name(&self) -> &str {
        self.0.name.as_deref().unwrap_or_else(|| self.0.email.domain())
    }
}

impl FromStr for Sender {
    type Err = SmtpSettingsError;

    /// Reads `My shop <orders@example.com>`, or the address alone.
    fn from_str(text: &str) -> Result<Self, SmtpSettingsError> {
        text.parse().map(Self).map_err(|_| SmtpSettingsError::From)
    }
}

/// How to reach a mail server, and who writes.
#[derive(Clone)]
pub struct SmtpSettings {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Sender,
    /// How long it may take for a whole mail.
    pub send_timeout: Duration,
}

impl std::fmt::Debug for SmtpSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SmtpSettings").field("from", &self.from).finish_non_exhaustive()
    }
}

impl SmtpSettings {
    /// Reads where the server is (`smtp://` or `smtps://`, with `?tls=required` for STARTTLS) and who writes.
    pub fn new(url: &SecretString, from: Sender) -> Result<Self, SmtpSettingsError> {
        let parsed: reqwest::Url = url.expose_secret().parse().map_err(|_| SmtpSettingsError::Address)?;
        let encrypted = parsed.scheme() == "smtps" || parsed.query() == Some("tls=required");
        let nearby = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if parsed.password().is_some() && !encrypted && !nearby {
            return Err(SmtpSettingsError::OpenRoad);
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret());
        let transport =
            builder.map_err(|_| SmtpSettingsError::Address)?.timeout(Some(CONNECT_TIMEOUT)).build();
        Ok(Self { transport, from, send_timeout: SEND_TIMEOUT })
    }
}

/// Sends mails through a server.
#[derive(Debug, Clone)]
pub struct SmtpMailer {
    settings: SmtpSettings,
}

impl SmtpMailer {
    /// A mailer with these settings; nothing is sent or asked yet.
    pub fn new(settings: SmtpSettings) -> Self {
        Self { settings }
    }

    /// The message as it travels. Names and subjects are encoded by the rules of headers, so that no text ends its line.
    fn message(&self, mail: &Mail) -> Result<Message, MailError> {
        let rejected = |error: &dyn std::fmt::Display| MailError::Rejected(error.to_string());
        let from = &self.settings.from.0;
        let to = mail.to.as_str().parse().map_err(|error| rejected(&error))?;
        let one_line = |text: &str| text.chars().filter(|letter| !letter.is_control()).collect::<String>();
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let builder = Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&mail.subject))
            .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())))
            // RFC 3834: nobody's holiday answers it.
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()));
        let built = match &mail.html {
            Some(html) => {
                builder.multipart(MultiPart::alternative_plain_html(mail.body.clone(), html.clone()))
            }
            None => builder.singlepart(SinglePart::plain(mail.body.clone())),
        };
        built.map_err(|error| rejected(&error))
    }
}

impl Mailer for SmtpMailer {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), MailError>> {
        Box::pin(async move {
            let message = self.message(&mail)?;
            let limit = self.settings.send_timeout;
            match tokio::time::timeout(limit, self.settings.transport.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(failure(&error, &mail)),
                // It may have taken the mail all the same; should it come twice, its Message-ID is the same.
                Err(_) => Err(MailError::Unavailable(format!("no answer within {} s", limit.as_secs()))),
            }
        })
    }
}

/// Whether another try makes sense, and why. What servers answer holds the address, which logs must not.
fn failure(error: &SmtpError, mail: &Mail) -> MailError {
    let reason = error.to_string().replace(mail.to.as_str(), &mail.to.masked());
    let reason = reason.chars().filter(|letter| !letter.is_control()).take(REASON_LEN_MAX).collect();
    let not_let_in = error.status().is_some_and(|code| NOT_LET_IN.contains(&u16::from(code)));
    if error.is_permanent() && !not_let_in {
        MailError::Rejected(reason)
    } else {
        MailError::Unavailable(reason)
    }
}
