//! Which value of a key is in force, and where it comes from.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// All keys with their documentation and defaults.
pub const DEFAULTS: &str = include_str!("../config.default.toml");
/// Read where no other file is named.
const USUAL_FILE: &str = "tradepost.toml";
const PREFIX: &str = "TRADEPOST_";
/// Keys whose values never print and that may stand in a file of their own.
const SECRETS: &[&str] = &[
    "database_url",
    "encryption_key",
    "mail.smtp_url",
    "opensearch.url",
    "shipping_service_secret",
    "stripe_secret_key",
    "stripe_webhook_secret",
    "tax_service_secret",
];
/// Variables that other programs use for the same.
const ALIASES: &[(&str, &str)] = &[("database_url", "DATABASE_URL")];
/// Variables of ours that are no keys.
const OTHER_VARIABLES: &[&str] = &["TRADEPOST_CONFIG", "TRADEPOST_LAB_", "TRADEPOST_TEST_"];

/// Why the configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value that makes no sense.
    #[error("`{key}` is {value} ({origin}): it {expected}")]
    Invalid {
        /// The key, with its table.
        key: String,
        /// The value in backquotes, or a word for a secret one.
        value: String,
        /// Where it comes from.
        origin: Origin,
        /// What it has to be.
        expected: String,
    },
    /// A key that does not exist.
    #[error("there is no key `{key}` ({origin}); `tradepost config print` lists all keys")]
    Unknown {
        /// The key.
        key: String,
        /// Where it stands.
        origin: Origin,
    },
    /// A file that cannot be read.
    #[error("cannot read {path} ({named_by}): {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Who named it.
        named_by: String,
        /// The answer of the system.
        source: std::io::Error,
    },
    /// A file that is no TOML.
    #[error("{path} is not valid TOML: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column and what is wrong.
        message: String,
    },
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `config.default.toml`.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
    /// A file that a variable names.
    SecretFile(String, PathBuf),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path) => write!(formatter, "file {}", path.display()),
            Self::Variable(name) => write!(formatter, "environment variable {name}"),
            Self::SecretFile(name, path) => {
                write!(formatter, "file {}, named by {name}", path.display())
            }
            Self::Flag(name) => write!(formatter, "flag {name}"),
        }
    }
}

/// What the process was given.
#[derive(Debug, Default)]
pub struct Inputs {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// The environment.
    pub variables: BTreeMap<String, String>,
    /// Key, flag and value.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

impl Inputs {
    /// The environment of this process; variables that are no text are not ours.
    pub fn from_environment() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { variables: std::env::vars_os().filter_map(text).collect(), ..Self::default() }
    }

    /// Only these variables, and no file.
    #[cfg(test)]
    pub fn of_variables(variables: &[(&str, &str)]) -> Self {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { variables: owned.collect(), ..Self::default() }
    }
}

#[derive(Debug)]
struct Setting {
    value: Value,
    origin: Origin,
}

/// Every key with the value in force.
#[derive(Debug)]
pub struct Layers {
    /// By dotted key, in the order of the file.
    settings: Vec<(String, Setting)>,
    /// Variables that look like ours and are none.
    pub unknown_variables: Vec<String>,
}

impl Layers {
    /// Reads file, environment and flags over the defaults.
    pub fn read(inputs: &Inputs) -> Result<Self, ConfigError> {
        let defaults = parse(DEFAULTS, Path::new("config.default.toml"))?;
        let mut flat = Vec::new();
        flatten("", defaults, &mut flat);
        let default = |(key, value)| (key, Setting { value, origin: Origin::Default });
        let settings = flat.into_iter().map(default).collect();
        let mut layers = Self { settings, unknown_variables: Vec::new() };
        layers.read_file(inputs)?;
        layers.read_variables(&inputs.variables)?;
        for (key, flag, text) in &inputs.flags {
            layers.set_text(key, text, Origin::Flag(flag))?;
        }
        Ok(layers)
    }

    fn read_file(&mut self, inputs: &Inputs) -> Result<(), ConfigError> {
        let (path, named_by) = match (&inputs.file, present(&inputs.variables, "TRADEPOST_CONFIG")) {
            (Some(path), _) => (path.clone(), "flag --config"),
            (None, Some(path)) => (PathBuf::from(path), "environment variable TRADEPOST_CONFIG"),
            (None, None) if cfg!(not(test)) && Path::new(USUAL_FILE).exists() => {
                (PathBuf::from(USUAL_FILE), "found in the working folder")
            }
            (None, None) => return Ok(()),
        };
        let text = read_text(&path, named_by)?;
        let mut flat = Vec::new();
        flatten("", parse(&text, &path)?, &mut flat);
        for (key, value) in flat {
            self.set(&key, value, Origin::File(path.clone()))?;
        }
        Ok(())
    }

    fn read_variables(&mut self, variables: &BTreeMap<String, String>) -> Result<(), ConfigError> {
        let keys: Vec<String> = self.keys().map(str::to_owned).collect();
        let mut known: Vec<String> = Vec::new();
        for key in &keys {
            let own = format!("{PREFIX}{}", key.replace('.', "_").to_uppercase());
            // The last one wins, so the name that others use too comes first.
            let alias = ALIASES.iter().find(|(name, _)| name == key).map(|(_, alias)| (*alias).to_owned());
            for name in alias.into_iter().chain([own]) {
                if SECRETS.contains(&key.as_str()) {
                    let file_variable = format!("{name}_FILE");
                    if let Some(path) = present(variables, &file_variable) {
                        let path = PathBuf::from(path);
                        let text = read_text(&path, &format!("environment variable {file_variable}"))?;
                        let origin = Origin::SecretFile(file_variable.clone(), path);
                        self.set_text(key, text.trim(), origin)?;
                    }
                    known.push(file_variable);
                }
                if let Some(text) = present(variables, &name) {
                    self.set_text(key, text, Origin::Variable(name.clone()))?;
                }
                known.push(name);
            }
        }
        let ours = |name: &&String| name.starts_with(PREFIX) && !known.contains(name);
        let other = |name: &&String| !OTHER_VARIABLES.iter().any(|other| name.starts_with(other));
        self.unknown_variables = variables.keys().filter(ours).filter(other).cloned().collect();
        Ok(())
    }

    /// A value that is text so far, read as the kind of its key.
    fn set_text(&mut self, key: &str, text: &str, origin: Origin) -> Result<(), ConfigError> {
        let refused = |expected: &str| Err(invalid(key, &Value::from(text), origin.clone(), expected));
        let value = match self.get(key) {
            Some(Value::Integer(_)) => match text.trim().parse() {
                Ok(number) => Value::Integer(number),
                Err(_) => return refused("must be a whole number"),
            },
            Some(Value::Boolean(_)) => match text.trim() {
                "true" | "1" => Value::Boolean(true),
                "false" | "0" => Value::Boolean(false),
                _ => return refused("must be true or false"),
            },
            Some(Value::Array(_)) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Value::Array(parts.map(Value::from).collect())
            }
            _ => Value::from(text),
        };
        self.set(key, value, origin)
    }

    fn set(&mut self, key: &str, value: Value, origin: Origin) -> Result<(), ConfigError> {
        let Some((_, setting)) = self.settings.iter_mut().find(|(name, _)| name == key) else {
            return Err(ConfigError::Unknown { key: key.to_owned(), origin });
        };
        let texts = |value: &Value| value.as_array().is_none_or(|parts| parts.iter().all(Value::is_str));
        if !setting.value.same_type(&value) || !texts(&value) {
            let expected = match setting.value {
                Value::Integer(_) => "must be a whole number",
                Value::Boolean(_) => "must be true or false",
                Value::Array(_) => "must be a list of texts",
                _ => "must be a text in quotation marks",
            };
            return Err(invalid(key, &value, origin, expected));
        }
        *setting = Setting { value, origin };
        Ok(())
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.setting(key).map(|setting| &setting.value)
    }

    fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|(name, _)| name == key).map(|(_, setting)| setting)
    }

    /// All keys, dotted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.settings.iter().map(|(key, _)| key.as_str())
    }

    /// The value of a key that is a whole number.
    pub fn integer(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Value::as_integer)
    }

    /// The error for a value that makes no sense; `expected` begins with a verb.
    pub fn invalid(&self, key: &str, expected: impl AsRef<str>) -> ConfigError {
        match self.setting(key) {
            Some(setting) => invalid(key, &setting.value, setting.origin.clone(), expected.as_ref()),
            None => ConfigError::Unknown { key: key.to_owned(), origin: Origin::Default },
        }
    }

    /// All values as a struct with the same fields.
    pub fn to_typed<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let mut root = Table::new();
        for (key, setting) in &self.settings {
            match key.split_once('.') {
                None => {
                    root.insert(key.clone(), setting.value.clone());
                }
                Some((table, name)) => {
                    let entry = root.entry(table).or_insert_with(|| Value::Table(Table::new()));
                    if let Value::Table(table) = entry {
                        table.insert(name.to_owned(), setting.value.clone());
                    }
                }
            }
        }
        root.try_into().map_err(|error: toml::de::Error| ConfigError::Syntax {
            path: PathBuf::from("config.default.toml"),
            message: error.message().to_owned(),
        })
    }

    /// What is in force as TOML, each value with its source, secrets hidden.
    pub fn print(&self) -> String {
        let mut text = String::new();
        for (key, setting) in &self.settings {
            let value = shown(key, &setting.value);
            let _ = writeln!(text, "{:<60} # {}", format!("{key} = {value}"), setting.origin);
        }
        text
    }
}

fn invalid(key: &str, value: &Value, origin: Origin, expected: &str) -> ConfigError {
    let value = match value {
        _ if SECRETS.contains(&key) => "not shown".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{}`", written(other)),
    };
    ConfigError::Invalid { key: key.to_owned(), value, origin, expected: expected.to_owned() }
}

fn shown(key: &str, value: &Value) -> String {
    let given = value.as_str().is_none_or(|text| !text.is_empty());
    if SECRETS.contains(&key) && given { "\"(hidden)\"".to_owned() } else { written(value) }
}

/// A value as it stands in a file.
fn written(value: &Value) -> String {
    match value {
        // The escapes of JSON are among those of TOML.
        Value::String(text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::Array(parts) => format!("[{}]", parts.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        other => format!("a {}", other.type_str()),
    }
}

fn present<'a>(variables: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    variables.get(name).map(String::as_str).filter(|text| !text.is_empty())
}

fn read_text(path: &Path, named_by: &str) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        named_by: named_by.to_owned(),
        source,
    })
}

fn parse(text: &str, path: &Path) -> Result<Table, ConfigError> {
    toml::from_str(text).map_err(|error: toml::de::Error| ConfigError::Syntax {
        path: path.to_owned(),
        message: match error.span() {
            Some(span) => {
                let before = text.get(..span.start).unwrap_or_default();
                let line = before.matches('\n').count().saturating_add(1);
                format!("line {line}: {}", error.message())
            }
            None => error.message().to_owned(),
        },
    })
}

fn flatten(prefix: &str, table: Table, into: &mut Vec<(String, Value)>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(inner) => flatten(&key, inner, into),
            value => into.push((key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(file: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    fn value_of(inputs: &Inputs, key: &str) -> String {
        let layers = Layers::read(inputs).unwrap();
        let setting = layers.setting(key).unwrap();
        format!("{} from {}", shown(key, &setting.value), setting.origin)
    }

    #[test]
    fn flags_win_over_the_environment_which_wins_over_the_file() {
        let (_folder, path) = folder_with("shop.toml", "listen = \"1.1.1.1:1\"\n[pools]\nadmin = 9\n");
        let mut inputs = Inputs { file: Some(path.clone()), ..Inputs::default() };
        assert_eq!(value_of(&inputs, "pools.admin"), format!("9 from file {}", path.display()));
        assert_eq!(value_of(&inputs, "pools.worker"), "6 from default");
        inputs.variables.insert("TRADEPOST_LISTEN".to_owned(), "2.2.2.2:2".to_owned());
        assert!(value_of(&inputs, "listen").starts_with("\"2.2.2.2:2\" from environment variable"));
        inputs.flags.push(("listen", "--listen", "3.3.3.3:3".to_owned()));
        assert_eq!(value_of(&inputs, "listen"), "\"3.3.3.3:3\" from flag --listen");
    }

    #[test]
    fn unknown_keys_are_refused_and_unknown_variables_told() {
        let (_folder, path) = folder_with("shop.toml", "[pools]\nshop = 1\n");
        let error = Layers::read(&Inputs { file: Some(path), ..Inputs::default() }).unwrap_err();
        assert!(error.to_string().starts_with("there is no key `pools.shop` (file "), "{error}");
        let inputs = Inputs::of_variables(&[("TRADEPOST_LISTN", "x"), ("TRADEPOST_TEST_DATABASE_URL", "x")]);
        assert_eq!(Layers::read(&inputs).unwrap().unknown_variables, ["TRADEPOST_LISTN"]);
    }

    #[test]
    fn a_secret_is_read_from_its_file_and_never_printed() {
        let (_folder, path) = folder_with("url", "postgres://u:secretword@h/d\n");
        let mut inputs = Inputs::default();
        inputs.variables.insert("TRADEPOST_DATABASE_URL_FILE".to_owned(), path.display().to_string());
        let layers = Layers::read(&inputs).unwrap();
        assert_eq!(layers.get("database_url").unwrap().as_str(), Some("postgres://u:secretword@h/d"));
        assert!(layers.print().contains("database_url = \"(hidden)\""));
        assert!(!layers.print().contains("secretword"));
        inputs.variables.insert("TRADEPOST_DATABASE_URL_FILE".to_owned(), "/nowhere/url".to_owned());
        let error = Layers::read(&inputs).unwrap_err().to_string();
        assert!(error.contains("/nowhere/url (environment variable TRADEPOST_DATABASE_URL_FILE)"), "{error}");
    }

    #[test]
    fn our_own_variable_wins_over_the_one_that_others_use() {
        let inputs = Inputs::of_variables(&[("DATABASE_URL", "a"), ("TRADEPOST_DATABASE_URL", "b")]);
        assert_eq!(Layers::read(&inputs).unwrap().get("database_url").unwrap().as_str(), Some("b"));
    }

    #[test]
    fn an_empty_variable_counts_as_absent() {
        assert_eq!(
            value_of(&Inputs::of_variables(&[("TRADEPOST_POOLS_ADMIN", "")]), "pools.admin"),
            "4 from default"
        );
    }

    #[test]
    fn a_file_of_another_kind_or_with_a_value_of_another_kind_is_refused_with_its_line() {
        let (_folder, path) = folder_with("shop.toml", "log = \"info\"\nlisten = 8080 8081\n");
        let error = Layers::read(&Inputs { file: Some(path), ..Inputs::default() }).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        let (_folder, path) = folder_with("shop.toml", "listen = 8080\ntrusted_proxies = [1]\n");
        let error = Layers::read(&Inputs { file: Some(path), ..Inputs::default() }).unwrap_err().to_string();
        assert!(
            error.contains("`listen` is `8080`") && error.contains("a text in quotation marks"),
            "{error}"
        );
    }

    #[test]
    fn what_is_printed_is_a_file_that_can_be_read() {
        let layers = Layers::read(&Inputs::default()).unwrap();
        let (_folder, path) = folder_with("shop.toml", &layers.print());
        let again = Layers::read(&Inputs { file: Some(path), ..Inputs::default() }).unwrap();
        assert_eq!(again.settings.len(), layers.settings.len());
    }
}
