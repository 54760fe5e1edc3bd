//! `tradepost keys create`: makes a key and prints it, once.

use std::process::ExitCode;

use tradepost_app::WriteError;
use tradepost_app::api_key::{ApiKeyCreate, KeyGrant, create_api_key};
use tradepost_app::auth::Scope;

use crate::cli::{KeyKind, KeysCreate};
use crate::config::Config;
use crate::failure::Failure;
use crate::house::{House, Tenancy};

/// Makes a key.
pub async fn create(config: &Config, arguments: KeysCreate) -> Result<ExitCode, Failure> {
    let grant = grant(&arguments)?;
    let house = House::open(config, Tenancy::Guest).await?;
    let made = create_api_key(&house.staff(), ApiKeyCreate { name: arguments.name, grant }).await;
    let made = made.map_err(|error| match error {
        WriteError::NotFound { .. } => Failure::new(
            "there is no such channel; name one with --channel, or make one with POST /api/admin/channels",
        ),
        error => error.into(),
    });
    // The database stops properly whatever came of it.
    house.close().await?;
    println!("{}", made?.text);
    eprintln!("Keep this key: it is not shown again.");
    Ok(ExitCode::SUCCESS)
}

fn grant(arguments: &KeysCreate) -> Result<KeyGrant, Failure> {
    match arguments.kind {
        KeyKind::Publishable if !arguments.scopes.is_empty() => Err(Failure::usage(
            "a publishable key carries no scopes; leave --scopes out, or make a secret key",
        )),
        KeyKind::Publishable => {
            let channel = arguments.channel.as_deref().map(str::parse).transpose();
            channel.map(KeyGrant::Publishable).map_err(|error| Failure::usage(format!("--channel: {error}")))
        }
        KeyKind::Secret if arguments.channel.is_some() => Err(Failure::usage(
            "a secret key names no channel; leave --channel out, or make a publishable key",
        )),
        KeyKind::Secret => scopes(&arguments.scopes).map(KeyGrant::Secret),
    }
}

fn scopes(words: &[String]) -> Result<Vec<Scope>, Failure> {
    let known = || Scope::ALL.map(Scope::as_str).join(", ");
    if words.is_empty() {
        return Err(Failure::usage(format!("a secret key needs --scopes: `all`, or some of {}", known())));
    }
    if words.iter().any(|word| word == "all") {
        return Ok(Scope::ALL.to_vec());
    }
    let scope = |word: &String| {
        Scope::parse(word)
            .ok_or_else(|| Failure::usage(format!("`{word}` is no scope; there are {}", known())))
    };
    words.iter().map(scope).collect()
}
