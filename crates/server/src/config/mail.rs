//! Configuration of mails: who carries them, who writes them, and which templates they are made of.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tradepost_adapters::{Sender, SmtpSettings};
use tradepost_app::mail::{MailTemplateError, MailTemplates};
use tradepost_domain::kernel::{EmailAddress, EmailError};

use super::{ConfigError, Layers};

/// What a shop without a sender is called in its mails.
const NAMELESS: &str = "Tradepost";

/// How mails are sent, and what stands in them.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// The server that takes them; `None` for a folder.
    pub smtp: Option<SmtpSettings>,
    /// What the shop is called in them.
    pub shop_name: String,
    /// Who of its staff is written to.
    pub staff: Option<EmailAddress>,
    /// The shop's own templates, by file name.
    pub own_templates: BTreeMap<String, String>,
}

/// The same as it stands in the file.
#[derive(Deserialize)]
pub(super) struct RawMail {
    smtp_url: SecretString,
    from: String,
    staff: String,
    templates_dir: String,
}

impl MailConfig {
    /// Checks what is in force, and that every mail can be written with the templates.
    pub(super) fn read(layers: &Layers, raw: &RawMail, has_public_url: bool) -> Result<Self, ConfigError> {
        let sender = (!raw.from.is_empty()).then(|| raw.from.parse::<Sender>()).transpose();
        let sender = sender.map_err(|error| layers.invalid("mail.from", error.to_string()))?;
        let smtp = if raw.smtp_url.expose_secret().is_empty() {
            None
        } else {
            let sender = sender.clone().ok_or_else(|| {
                layers.invalid("mail.from", "must name a sender where mail.smtp_url is set")
            })?;
            if !has_public_url {
                return Err(
                    layers.invalid("public_url", "must be set where mail.smtp_url is: mails lead there")
                );
            }
            let settings = SmtpSettings::new(&raw.smtp_url, sender);
            Some(settings.map_err(|error| layers.invalid("mail.smtp_url", error.to_string()))?)
        };
        let staff = (!raw.staff.is_empty()).then(|| raw.staff.parse()).transpose();
        let staff = staff.map_err(|error: EmailError| layers.invalid("mail.staff", error.to_string()))?;
        let shop_name = sender.as_ref().map_or(NAMELESS, Sender::name).to_owned();
        let refused = |error: &dyn std::fmt::Display| {
            layers.invalid("mail.templates_dir", format!("holds what cannot be used: {error}"))
        };
        let own_templates = read_templates(&raw.templates_dir).map_err(|error| refused(&error))?;
        let config = Self { smtp, shop_name, staff, own_templates };
        config.templates().map_err(|error| refused(&error))?;
        Ok(config)
    }

    /// What mails are made of.
    pub fn templates(&self) -> Result<MailTemplates, MailTemplateError> {
        MailTemplates::new(&self.shop_name, self.own_templates.clone())
    }
}

/// The files of a folder by name; those that begin with a dot are editors' and systems' own.
fn read_templates(folder: &str) -> io::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    if folder.is_empty() {
        return Ok(files);
    }
    for entry in Path::new(folder).read_dir()? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.starts_with('.') {
            let text = std::fs::read_to_string(&path);
            files.insert(name.clone(), text.map_err(|error| io::Error::other(format!("`{name}`: {error}")))?);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Inputs};
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<MailConfig, String> {
        let layers = Layers::read(&Inputs::of_variables(variables)).map_err(|error| error.to_string())?;
        Config::from_layers(&layers).map(|config| config.mail).map_err(|error| error.to_string())
    }

    const URL: (&str, &str) =
        ("TRADEPOST_MAIL_SMTP_URL", "smtp://ada:secretword@mail.example.com:587?tls=required");
    const FROM: (&str, &str) = ("TRADEPOST_MAIL_FROM", "Ada's shop <orders@example.com>");
    const PUBLIC: (&str, &str) = ("TRADEPOST_PUBLIC_URL", "https://shop.example.com");

    #[test]
    fn without_a_server_mails_go_into_a_folder() {
        let config = load(&[]).unwrap();
        assert!(config.smtp.is_none() && config.shop_name == "Tradepost");
        assert_eq!(load(&[("TRADEPOST_MAIL_FROM", "orders@example.com")]).unwrap().shop_name, "example.com");
    }

    #[test]
    fn a_server_needs_a_sender_and_an_address_that_links_can_lead_to() {
        let config = load(&[URL, FROM, PUBLIC]).unwrap();
        assert!(config.smtp.is_some() && config.shop_name == "Ada's shop");
        assert!(!format!("{config:?}").contains("secretword"));
        for (variables, expected) in [
            (vec![URL, PUBLIC], "`mail.from` is ``"),
            (vec![URL, FROM], "`public_url` is ``"),
            (vec![URL, PUBLIC, ("TRADEPOST_MAIL_FROM", "nobody")], "must name a sender such as"),
            (
                vec![FROM, PUBLIC, ("TRADEPOST_MAIL_SMTP_URL", "smtp://a:secretword@mail.example.com")],
                "would send the password in the open",
            ),
            (
                vec![FROM, PUBLIC, ("TRADEPOST_MAIL_SMTP_URL", "https://secretword@mail.example.com")],
                "must be an address such as smtp://",
            ),
        ] {
            let refused = load(&variables).unwrap_err();
            assert!(refused.contains(expected) && !refused.contains("secretword"), "{refused}");
        }
    }

    #[test]
    fn staff_are_written_to_at_an_address_or_not_at_all() {
        assert_eq!(load(&[]).unwrap().staff, None);
        let staff = load(&[("TRADEPOST_MAIL_STAFF", "staff@example.com")]).unwrap().staff;
        assert_eq!(staff.unwrap().as_str(), "staff@example.com");
        let refused = load(&[("TRADEPOST_MAIL_STAFF", "staff")]).unwrap_err();
        assert!(refused.contains("`mail.staff` is `staff`"), "{refused}");
    }

    #[test]
    fn templates_are_read_from_a_folder_and_a_wrong_one_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let dir = ("TRADEPOST_MAIL_TEMPLATES_DIR", path);
        std::fs::write(folder.path().join(".swp"), "").unwrap();
        std::fs::write(folder.path().join("order_shipped.de.html"), "<p>{{ order.number }}").unwrap();
        assert_eq!(load(&[dir]).unwrap().own_templates.len(), 1);
        std::fs::write(folder.path().join("order_shipped.html"), "{{ order.colour }}").unwrap();
        let refused = load(&[dir]).unwrap_err();
        assert!(
            refused.contains("mail.templates_dir") && refused.contains("order_shipped.html:1"),
            "{refused}"
        );
        assert!(
            load(&[("TRADEPOST_MAIL_TEMPLATES_DIR", "/no/such/folder")])
                .unwrap_err()
                .contains("No such file")
        );
    }
}
