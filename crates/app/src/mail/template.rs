//! Texts of mails: a template for each kind and language, whose first line is the subject.

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use tradepost_domain::kernel::EmailAddress;
use tradepost_port::Mail;

/// Why a mail could not be written, which is a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("the mail cannot be written: {0}")]
pub struct RenderMailError(#[from] minijinja::Error);

/// A kind of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTemplate {
    /// The link to a new password.
    PasswordReset,
    /// The link that proves an address.
    EmailVerification,
    /// That the password was changed.
    PasswordChanged,
    /// That the address was changed, to the former one.
    EmailChanged,
}

macro_rules! texts {
    ($self:expr, $language:expr, $($kind:ident = $file:literal;)*) => {
        match ($self, $language) {
            $(
                (Self::$kind, "de") => include_str!(concat!("templates/", $file, ".de.txt")),
                (Self::$kind, _) => include_str!(concat!("templates/", $file, ".en.txt")),
            )*
        }
    };
}

impl MailTemplate {
    /// The text in a language, in English where there is none.
    fn text(self, language: &str) -> &'static str {
        texts! { self, language,
            PasswordReset = "password_reset";
            EmailVerification = "email_verification";
            PasswordChanged = "password_changed";
            EmailChanged = "email_changed";
        }
    }
}

/// Writes a mail in the language of a locale.
pub fn render_mail(
    template: MailTemplate,
    locale: Option<&str>,
    to: EmailAddress,
    values: &impl Serialize,
) -> Result<Mail, RenderMailError> {
    let language = locale.and_then(|locale| locale.split('-').next()).unwrap_or_default();
    let mut environment = Environment::new();
    // A value that is missing is a fault to find, not a gap in a mail.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    let text = environment.render_str(template.text(language), Serde(values))?;
    let (subject, body) = text.split_once('\n').unwrap_or((&text, ""));
    // Whatever a name holds, a subject is one line.
    let subject = subject.chars().filter(|letter| !letter.is_control()).collect();
    Ok(Mail { to, subject, body: format!("{}\n", body.trim()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_mail_is_written_in_the_language_of_its_reader() {
        let values = json!({"first_name": "Ada", "shop": "https://shop.example.com", "link": "https://shop.example.com/x?token=t",
            "minutes": 30});
        let to: EmailAddress = "ada@example.com".parse().unwrap();
        for template in [
            MailTemplate::PasswordReset,
            MailTemplate::EmailVerification,
            MailTemplate::PasswordChanged,
            MailTemplate::EmailChanged,
        ] {
            let write = |locale| render_mail(template, locale, to.clone(), &values).unwrap();
            let (english, german) = (write(Some("en-GB")), write(Some("de-AT")));
            assert!(english.body.starts_with("Hello Ada,") && german.body.starts_with("Hallo Ada,"));
            assert_eq!(write(None), english);
            assert_eq!(write(Some("fr")), english);
            assert!(!english.subject.is_empty() && english.subject != german.subject);
        }
    }

    #[test]
    fn a_value_that_is_missing_is_found() {
        let to: EmailAddress = "ada@example.com".parse().unwrap();
        assert!(render_mail(MailTemplate::PasswordReset, None, to, &json!({"first_name": null})).is_err());
    }
}
