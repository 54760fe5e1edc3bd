//! Texts of mails. A mail of an account, or to staff, is a text for each language; one of an order is a text and a page that all
//! languages share, whose words stand in a file for each language. A shop may put its own files in the place of any.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;
use serde_json::{Value, json};
use tradepost_domain::kernel::{EmailAddress, Locale};
use tradepost_port::Mail;
use uuid::Uuid;

use super::kind::MailKind;

/// Why a mail could not be written: a fault of its template.
#[derive(Debug, thiserror::Error)]
#[error("the mail cannot be written: {0}")]
pub struct RenderMailError(#[from] minijinja::Error);

/// Why templates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailTemplateError {
    /// A file that no mail is made of.
    #[error(
        "`{0}` is not the name of a template: a kind of mail or a part, such as order_confirmed.html, order_confirmed.de.html, password_reset.en.txt, layout.html or words.de.json"
    )]
    UnknownFile(String),
    /// Words that are no JSON.
    #[error("`{file}` is not valid JSON: {source}")]
    Words {
        /// The file.
        file: String,
        /// Where and what.
        source: serde_json::Error,
    },
    /// A template that does not parse, or that a mail cannot be written with.
    #[error("{what}: {source}")]
    Template {
        /// The file, or the mail.
        what: String,
        /// Where and what.
        source: minijinja::Error,
    },
}

macro_rules! built_in {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("templates/", $name)))),*] };
}

const BUILT_IN: &[(&str, &str)] = built_in![
    "email_changed.de.txt",
    "email_changed.en.txt",
    "email_verification.de.txt",
    "email_verification.en.txt",
    "layout.html",
    "order_canceled.html",
    "order_canceled.txt",
    "order_confirmed.html",
    "order_confirmed.txt",
    "order_shipped.html",
    "order_shipped.txt",
    "parts.html",
    "parts.txt",
    "password_changed.de.txt",
    "password_changed.en.txt",
    "password_reset.de.txt",
    "password_reset.en.txt",
    "payment_too_late.html",
    "payment_too_late.txt",
    "refund_sent.html",
    "refund_sent.txt",
    "webhook_endpoint_disabled.de.txt",
    "webhook_endpoint_disabled.en.txt",
    "webhook_endpoint_moved.de.txt",
    "webhook_endpoint_moved.en.txt",
    "words.de.json",
    "words.en.json",
];
const FALLBACK: &str = "en";

/// The texts of a shop's mails.
#[derive(Debug)]
pub struct MailTemplates {
    environment: Environment<'static>,
    words: BTreeMap<String, Value>,
    shop_name: String,
}

/// Whose mail, and in which language it is read.
#[derive(Debug, Clone)]
pub struct Letter<'a> {
    /// Stays the same when the mail is sent again.
    pub id: Uuid,
    /// Whom it goes to.
    pub to: EmailAddress,
    /// Locale of its reader, if one is known.
    pub locale: Option<&'a str>,
}

/// Puts values in the places of their names in brackets, once: what a value holds is not looked into.
#[expect(clippy::needless_pass_by_value, reason = "filters are given their arguments")]
fn with(text: &str, values: Kwargs) -> Result<String, minijinja::Error> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            return Err(minijinja::Error::new(ErrorKind::SyntaxError, format!("`{text}` lacks a bracket")));
        };
        filled.push_str(&values.get::<minijinja::Value>(name)?.to_string());
        rest = behind;
    }
    filled.push_str(rest);
    // A sentence need not use all that it is offered.
    for name in values.args() {
        let _ = values.get::<minijinja::Value>(name)?;
    }
    Ok(filled)
}

/// Puts what `own` says over what `base` says, word by word.
fn merge(base: &mut Value, own: Value) {
    match (base, own) {
        (Value::Object(base), Value::Object(own)) => {
            for (key, value) in own {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, own) => *base = own,
    }
}

fn language(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

/// The language that a file's words or texts are in, if it names one.
fn locale_of(file: &str) -> Option<Locale> {
    let mut parts = file.split('.').skip(1);
    let tag = parts.next()?;
    parts.next()?;
    tag.parse().ok()
}

fn is_template_name(file: &str) -> bool {
    let parts: Vec<&str> = file.split('.').collect();
    let is_locale = |tag: &str| tag.parse::<Locale>().is_ok_and(|locale| locale.as_str() == tag);
    match parts.as_slice() {
        ["words", tag, "json"] => is_locale(tag),
        ["layout" | "parts", "html"] | ["parts", "txt"] => true,
        [kind, "txt" | "html"] => MailKind::parse(kind).is_some_and(MailKind::is_of_order),
        [kind, tag, ending @ ("txt" | "html")] => MailKind::parse(kind)
            .is_some_and(|kind| is_locale(tag) && (kind.is_of_order() || *ending == "txt")),
        _ => false,
    }
}

impl MailTemplates {
    /// The built-in templates with `own` files in the place of those that have the same name. Each mail is written once in
    /// each language that there is: what cannot be written is found now, not when it is to be sent.
    pub fn new(shop_name: &str, own: BTreeMap<String, String>) -> Result<Self, MailTemplateError> {
        let mut environment = Environment::new();
        // A value that is missing is a fault to find, not a gap in a mail.
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        let syntax = environment.syntax().to_builder().trim_blocks(true).lstrip_blocks(true).build();
        let refused = |source| MailTemplateError::Template { what: "syntax".to_owned(), source };
        environment.set_syntax(syntax.map_err(refused)?);
        environment.add_filter("with", with);
        let mut templates = Self { environment, words: BTreeMap::new(), shop_name: shop_name.to_owned() };
        let built_in = BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let mut locales = BTreeSet::from([Locale::english()]);
        for (file, text) in built_in.chain(own) {
            if !is_template_name(&file) {
                return Err(MailTemplateError::UnknownFile(file));
            }
            locales.extend(locale_of(&file));
            templates.add(file, text)?;
        }
        templates.check(&locales)?;
        Ok(templates)
    }

    fn add(&mut self, file: String, text: String) -> Result<(), MailTemplateError> {
        let Some(tag) = file.strip_prefix("words.").and_then(|rest| rest.strip_suffix(".json")) else {
            let added = self.environment.add_template_owned(file.clone(), text);
            return added.map_err(|source| MailTemplateError::Template { what: file, source });
        };
        let own = serde_json::from_str(&text)
            .map_err(|source| MailTemplateError::Words { file: file.clone(), source })?;
        merge(self.words.entry(tag.to_owned()).or_insert_with(|| json!({})), own);
        Ok(())
    }

    /// Writes every mail in every language, of an order that has everything and of one that has next to nothing.
    fn check(&self, locales: &BTreeSet<Locale>) -> Result<(), MailTemplateError> {
        for kind in MailKind::ALL {
            for locale in locales {
                for values in super::sample::samples(kind, self, locale) {
                    self.render_parts(kind, Some(locale.as_str()), &values).map_err(|source| {
                        MailTemplateError::Template { what: format!("{} in {locale}", kind.as_str()), source }
                    })?;
                }
            }
        }
        Ok(())
    }

    /// What the shop is called.
    pub fn shop_name(&self) -> &str {
        &self.shop_name
    }

    /// The locale in which numbers are written, beside words of the same language.
    pub(super) fn reading(&self, locale: &Locale) -> Locale {
        let known = |tag: &str| self.words.contains_key(tag);
        if known(locale.as_str()) || known(locale.language()) { locale.clone() } else { Locale::english() }
    }

    /// What dates look like in the words of a locale, for `strftime`.
    pub(super) fn date_format(&self, locale: &Locale) -> String {
        let words = self.words(Some(locale.as_str()));
        words.get("date_format").and_then(Value::as_str).unwrap_or("%Y-%m-%d").to_owned()
    }

    /// The words of a locale over those of its language over the English ones.
    fn words(&self, locale: Option<&str>) -> Value {
        let mut words = json!({});
        let tag = locale.unwrap_or(FALLBACK);
        for tag in [FALLBACK, language(tag), tag] {
            if let Some(own) = self.words.get(tag) {
                merge(&mut words, own.clone());
            }
        }
        words
    }

    fn find(
        &self,
        kind: MailKind,
        locale: Option<&str>,
        ending: &str,
    ) -> Option<minijinja::Template<'_, '_>> {
        let kind = kind.as_str();
        let tag = locale.unwrap_or(FALLBACK);
        let in_language = |tag: &str| format!("{kind}.{tag}.{ending}");
        let best_first =
            [in_language(tag), in_language(language(tag)), format!("{kind}.{ending}"), in_language(FALLBACK)];
        best_first.iter().find_map(|name| self.environment.get_template(name).ok())
    }

    /// Subject, text and page of a mail.
    fn render_parts(
        &self,
        kind: MailKind,
        locale: Option<&str>,
        values: &Value,
    ) -> Result<(String, String, Option<String>), minijinja::Error> {
        let mut all = json!({"words": self.words(locale), "locale": locale.unwrap_or(FALLBACK)});
        merge(&mut all, values.clone());
        let missing = || minijinja::Error::new(ErrorKind::TemplateNotFound, kind.as_str());
        let text = self.find(kind, locale, "txt").ok_or_else(missing)?.render(Serde(&all))?;
        let (subject, body) = text.trim_start().split_once('\n').unwrap_or((&text, ""));
        // Whatever a name holds, a subject is one line.
        let subject = subject.chars().filter(|letter| !letter.is_control()).collect();
        let html = self.find(kind, locale, "html").map(|page| page.render(Serde(&all))).transpose()?;
        Ok((subject, tidy(body), html))
    }

    /// Writes a mail in the language of its reader.
    pub fn render(
        &self,
        kind: MailKind,
        letter: Letter<'_>,
        values: &impl Serialize,
    ) -> Result<Mail, RenderMailError> {
        let values = serde_json::to_value(values)
            .map_err(|error| minijinja::Error::new(ErrorKind::BadSerialization, error.to_string()))?;
        let Letter { id, to, locale } = letter;
        let (subject, body, html) = self.render_parts(kind, locale, &values)?;
        Ok(Mail { id, to, subject, body, html })
    }
}

/// The text without the gaps that parts leave which say nothing: one empty line at most between two lines.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.trim().lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_some_and(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(files: &[(&str, &str)]) -> Result<MailTemplates, MailTemplateError> {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        MailTemplates::new("Ada's shop", files.collect())
    }

    fn write(templates: &MailTemplates, kind: MailKind, locale: Option<&str>) -> Mail {
        let known = locale.and_then(|locale| locale.parse().ok()).unwrap_or_else(Locale::english);
        let values = super::super::sample::samples(kind, templates, &known).remove(0);
        let to = "ada@example.com".parse().unwrap();
        templates.render(kind, Letter { id: Uuid::nil(), to, locale }, &values).unwrap()
    }

    #[test]
    fn every_mail_is_written_in_the_language_of_its_reader() {
        let templates = own(&[]).unwrap();
        for kind in MailKind::ALL {
            let (english, german) =
                (write(&templates, kind, Some("en-GB")), write(&templates, kind, Some("de-AT")));
            assert!(!english.subject.is_empty() && english.subject != german.subject);
            assert!(english.body != german.body && english.html.is_some() == kind.is_of_order());
            assert_eq!(write(&templates, kind, None).subject, english.subject);
            assert_eq!(write(&templates, kind, Some("fr")).subject, english.subject);
        }
        let reset = write(&templates, MailKind::PasswordReset, Some("en"));
        assert!(reset.body.starts_with("Hello Ada,"), "{}", reset.body);
    }

    #[test]
    fn a_value_that_is_missing_is_found() {
        let templates = own(&[]).unwrap();
        let letter = Letter { id: Uuid::nil(), to: "ada@example.com".parse().unwrap(), locale: None };
        let rendered = templates.render(MailKind::PasswordReset, letter, &json!({"first_name": null}));
        assert!(rendered.is_err());
    }

    #[test]
    fn the_words_of_all_languages_are_for_the_same_places() {
        fn places(words: &Value, at: &str, found: &mut BTreeSet<String>) {
            match words {
                Value::Object(parts) => {
                    parts.iter().for_each(|(key, value)| places(value, &format!("{at}/{key}"), found));
                }
                _ => drop(found.insert(at.to_owned())),
            }
        }
        let templates = own(&[]).unwrap();
        let of = |tag: &str| {
            let mut found = BTreeSet::new();
            places(&templates.words[tag], "", &mut found);
            found
        };
        assert_eq!(of("de"), of("en"));
    }

    #[test]
    fn a_shop_changes_a_sentence_a_page_or_adds_a_language() {
        let templates = own(&[
            ("words.en.json", r#"{"order_confirmed": {"heading": "Hooray <3"}}"#),
            ("words.fr.json", r#"{"order_confirmed": {"subject": "Votre commande {number}"}}"#),
            ("order_confirmed.de.html", "<b>{{ order.number }}</b>"),
            ("password_reset.fr.txt", "Nouveau\n{{ link }}"),
        ])
        .unwrap();
        let mail = |kind, locale| write(&templates, kind, Some(locale));
        assert!(mail(MailKind::OrderConfirmed, "en").html.unwrap().contains("Hooray &lt;3"));
        assert_eq!(mail(MailKind::OrderConfirmed, "de-CH").html.unwrap(), "<b>7K3M-92QX</b>");
        let french = mail(MailKind::OrderConfirmed, "fr-BE");
        assert_eq!(french.subject, "Votre commande 7K3M-92QX");
        assert!(french.body.contains("1 x "), "{}", french.body);
        assert_eq!(mail(MailKind::PasswordReset, "fr").subject, "Nouveau");
    }

    #[test]
    fn a_template_that_cannot_be_used_is_refused_with_its_place() {
        for (file, text, expected) in [
            ("order_confirmd.html", "", "is not the name of a template"),
            ("password_reset.de.html", "", "is not the name of a template"),
            ("../words.de.json", "{}", "is not the name of a template"),
            ("order_shipped.html", "{{ shipment.", "order_shipped.html"),
            ("order_shipped.html", "\n{{ shipment.wight }}", "(in order_shipped.html:2)"),
            ("words.de.json", "{", "`words.de.json` is not valid JSON"),
            ("words.de.json", r#"{"labels": {"order": "Nr. {nummer}"}}"#, "nummer"),
        ] {
            let refused = own(&[(file, text)]).unwrap_err().to_string();
            assert!(refused.contains(expected), "{file}: {refused}");
        }
    }

    #[test]
    fn what_a_value_holds_is_not_looked_into() {
        let templates =
            own(&[("order_confirmed.en.txt", "{{ 'a {b} c' | with(b='{b}{c}', d=1) }}\n")]).unwrap();
        assert_eq!(write(&templates, MailKind::OrderConfirmed, None).subject, "a {b}{c} c");
    }
}
