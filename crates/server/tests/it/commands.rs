//! Commands that end: what they print, and how they fail.

use super::process::{folder, run, tradepost};

#[test]
fn the_document_and_the_version_need_no_configuration() {
    let output = tradepost(&["openapi"]).env("TRADEPOST_POOLS_ADMIN", "nonsense").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(String::from_utf8(run(&["version"]).stdout).unwrap().starts_with("tradepost 0."));
}

#[test]
fn a_bad_configuration_fails_with_key_value_and_source() {
    let output = tradepost(&["config", "check"]).env("TRADEPOST_LISTEN", "nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with(
            "tradepost: `listen` is `nowhere` (environment variable TRADEPOST_LISTEN): it must be"
        )
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(run(&["config", "check"]).status.code(), Some(0));
}

#[test]
fn a_printed_configuration_hides_secrets_and_names_sources() {
    let url = "postgres://shop:secretword@db/shop";
    let output = tradepost(&["config", "print"]).env("DATABASE_URL", url).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("database_url = \"(hidden)\"") && said.contains("environment variable DATABASE_URL")
    );
    assert!(!said.contains("secretword"));
}

#[test]
fn a_command_that_cannot_be_meant_like_that_is_a_usage_error() {
    let folder = folder();
    let data = folder.path().join("shop");
    for arguments in [
        &["keys", "create", "--kind", "secret"][..],
        &["keys", "create", "--kind", "secret", "--scopes", "everything"],
        &["keys", "create", "--kind", "publishable", "--scopes", "all"],
        &["keys", "create", "--kind", "secret", "--scopes", "all", "--channel", "web"],
        &["frobnicate"],
        &["serve", "--nonsense"],
    ] {
        let mut all = arguments.to_vec();
        if arguments.first() == Some(&"keys") {
            all.extend(["--data", data.to_str().unwrap()]);
        }
        let output = run(&all);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    assert!(!data.exists(), "no database is started for a command that cannot be meant like that");
}

#[test]
fn a_database_that_is_away_fails_with_one_line() {
    let mut command = tradepost(&["migrate"]);
    let output =
        command.env("DATABASE_URL", "host=127.0.0.1 port=1 user=nobody dbname=none").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let last = said.lines().last().unwrap();
    assert!(last.starts_with("tradepost: ") && last.to_lowercase().contains("connect"), "{said}");
    assert!(!said.contains("panicked"));
}

#[test]
fn a_shop_in_a_folder_is_migrated_rebuilt_and_sound() {
    let folder = folder();
    let data = folder.path().join("shop");
    let data = data.to_str().unwrap();
    let migrated = run(&["migrate", "--data", data]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    assert!(String::from_utf8_lossy(&migrated.stdout).contains("the schema is at version"));
    assert!(run(&["rebuild", "--data", data]).status.success());
    let key = run(&["keys", "create", "--kind", "publishable", "--channel", "web", "--data", data]);
    assert!(String::from_utf8_lossy(&key.stdout).starts_with("pk_"));
    let missing = run(&["keys", "create", "--kind", "publishable", "--channel", "moon", "--data", data]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("no such channel"));
    let examined = run(&["doctor", "--data", data]);
    assert!(examined.status.success(), "{}", String::from_utf8_lossy(&examined.stdout));
}
