//! Whether the shop is sound: every invariant that can be checked against the database, a finding each.

use std::collections::{BTreeMap, HashSet};

use tradepost_store::audit_rules::{self, BrokenRule};
use tradepost_store::job::{self, UndoneJobs};
use tradepost_store::migrate::{SchemaState, schema_state};
use tradepost_store::payment::webhook_inbox;
use tradepost_store::system::{self, Wrong};
use tradepost_store::{Client, StoreError};

use super::backlogs::COUNTED_MAX;
use crate::mail::QUEUES;
use crate::payment::method;
use crate::shop::Shop;
use crate::webhook::{SecretsFound, find_secrets};

/// Events that may wait while the worker works; more means that it does not.
const BACKLOG_SECONDS_MAX: i64 = 60;
/// Share of the server's connections that one process may take, in percent (the rest is for others and for staff).
const CONNECTION_SHARE_PERCENT: i64 = 80;

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it must be.
    Sound,
    /// Nothing is broken, but somebody should know.
    Notable,
    /// Not as it must be.
    Broken,
}

/// One check and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked, in a word or two.
    pub check: &'static str,
    /// What it came to.
    pub verdict: Verdict,
    /// What was found, and for what is not sound, what to do.
    pub detail: String,
}

impl Finding {
    /// A check that found what must be.
    pub fn sound(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Sound, detail: detail.into() }
    }

    /// A check that found something to know.
    pub fn notable(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Notable, detail: detail.into() }
    }

    /// A check that found what must not be.
    pub fn broken(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Broken, detail: detail.into() }
    }
}

/// Checks everything, in an order in which each check may rely on those before it; stops at a schema of another
/// version. `stored_blobs` are the names of the pictures that are really there.
pub async fn examine(
    shop: &Shop,
    stored_blobs: impl Iterator<Item = String>,
) -> Result<Vec<Finding>, StoreError> {
    let client = shop.store.worker().conn().await?;
    let mut findings = vec![schema(&client).await?];
    if findings.iter().any(|finding| finding.verdict == Verdict::Broken) {
        return Ok(findings);
    }
    findings.push(connections(shop, &client).await?);
    findings.push(backlog(shop, &client).await?);
    findings.push(mails(&job::count_undone(&client, QUEUES, COUNTED_MAX).await?));
    findings.push(payment_events(&webhook_inbox::parked(&client).await?));
    findings.push(methods(&job::count_undone(&client, method::QUEUES, COUNTED_MAX).await?));
    findings.push(webhook_secrets(&find_secrets(shop, &client).await?));
    findings.push(ratings(&system::wrong_ratings(&client).await?));
    findings.push(rules(&audit_rules::find_broken(&client, shop.clock.now()).await?));
    findings.extend(pictures(&client, stored_blobs).await?);
    Ok(findings)
}

async fn schema(client: &Client) -> Result<Finding, StoreError> {
    const CHECK: &str = "schema";
    Ok(match schema_state(client).await? {
        SchemaState::Current => Finding::sound(CHECK, "every migration is applied"),
        SchemaState::Behind(missing) => {
            Finding::broken(CHECK, format!("missing: {}; run `tradepost migrate`", missing.join(", ")))
        }
        SchemaState::Ahead(version) => {
            Finding::broken(CHECK, format!("version {version} is newer than this program; update it"))
        }
    })
}

async fn connections(shop: &Shop, client: &Client) -> Result<Finding, StoreError> {
    let limit = i64::from(system::connection_limit(client).await?);
    let own: usize = shop.store.pools().iter().map(|db| db.usage().max).sum();
    let own = i64::try_from(own).unwrap_or(i64::MAX);
    let allowed = limit.saturating_mul(CONNECTION_SHARE_PERCENT) / 100;
    let detail = format!("the pools take up to {own} of the server's {limit} connections");
    if own <= allowed {
        return Ok(Finding::sound("connections", detail));
    }
    let advice = format!("{detail}: lower [pools] to {allowed} in all, or raise max_connections");
    Ok(Finding::broken("connections", advice))
}

async fn backlog(shop: &Shop, client: &Client) -> Result<Finding, StoreError> {
    const CHECK: &str = "outbox";
    let (pending, oldest_at) = system::outbox_backlog(client).await?;
    let queued = system::projection_backlog(client).await?;
    let waiting_seconds =
        oldest_at.map_or(0, |oldest_at| shop.clock.now().duration_since(oldest_at).as_secs());
    let detail = format!("{pending} events and {queued} products wait, the oldest for {waiting_seconds} s");
    Ok(match (pending, queued) {
        (0, 0) => Finding::sound(CHECK, "nothing waits"),
        _ if waiting_seconds <= BACKLOG_SECONDS_MAX => Finding::notable(CHECK, detail),
        _ => Finding::broken(CHECK, format!("{detail}: run `tradepost worker`, or look into its log")),
    })
}

/// Mails that were put aside: nobody will send them unless somebody asks for it.
fn mails(undone: &UndoneJobs) -> Finding {
    const CHECK: &str = "mails";
    let UndoneJobs { waiting, parked, last_error } = undone;
    if *parked == 0 {
        return Finding::sound(CHECK, format!("{waiting} wait, none was put aside"));
    }
    let reason = last_error.as_deref().unwrap_or("for no known reason");
    let detail = format!(
        "{parked} were put aside, the last one because {reason}: `tradepost mail retry` sends them again"
    );
    Finding::notable(CHECK, detail)
}

/// What payment providers told and nobody understood for a day.
fn payment_events((parked, last_error): &(i64, Option<String>)) -> Finding {
    const CHECK: &str = "payment events";
    if *parked == 0 {
        return Finding::sound(CHECK, "none was put aside");
    }
    let reason = last_error.as_deref().unwrap_or("for no known reason");
    let detail = format!(
        "{parked} were put aside, the last one because {reason}: `tradepost payments retry` works them off again"
    );
    Finding::notable(CHECK, detail)
}

/// Payment methods that could be neither kept nor forgotten at the provider.
fn methods(undone: &UndoneJobs) -> Finding {
    const CHECK: &str = "payment methods";
    let UndoneJobs { waiting, parked, last_error } = undone;
    if *parked == 0 {
        return Finding::sound(CHECK, format!("{waiting} wait, none was put aside"));
    }
    let reason = last_error.as_deref().unwrap_or("for no known reason");
    let detail = format!(
        "{parked} were put aside, the last one because {reason}: `tradepost payments retry` tries again"
    );
    Finding::notable(CHECK, detail)
}

/// Whether what signs webhooks can be read: without the key that sealed it, deliveries wait.
fn webhook_secrets(found: &SecretsFound) -> Finding {
    const CHECK: &str = "webhook secrets";
    let SecretsFound { readable, former, unreadable, reason } = found;
    match reason {
        None if *former == 0 => Finding::sound(CHECK, format!("all {readable} can be read")),
        None => Finding::notable(
            CHECK,
            format!(
                "{former} are still sealed with a former key: keep it until the worker has sealed them anew"
            ),
        ),
        Some(reason) => Finding::broken(
            CHECK,
            format!(
                "{unreadable} cannot be read, one of them because {reason}; their deliveries wait: put the key back into \
                 encryption_key, or its file encryption.key into data_dir, or give the endpoints new secrets"
            ),
        ),
    }
}

fn ratings(wrong: &Wrong) -> Finding {
    counted("ratings", wrong, "every product's rating is that of its approved reviews", || {
        format!("{} products have another rating than their approved reviews give", wrong.count)
    })
}

/// The rules that hold at every moment, each with how many break it and one of them.
fn rules(broken: &[BrokenRule]) -> Finding {
    const CHECK: &str = "rules";
    if broken.is_empty() {
        return Finding::sound(CHECK, "every rule of stock, money and promotions holds");
    }
    let mut by_rule: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for BrokenRule { rule, id } in broken {
        by_rule.entry(rule).or_insert((0, id)).0 += 1;
    }
    let told = by_rule.iter().map(|(rule, (count, id))| format!("{rule}: {count}, {id} for one"));
    Finding::broken(CHECK, told.collect::<Vec<_>>().join("; "))
}

fn counted(check: &'static str, wrong: &Wrong, sound: &str, broken: impl Fn() -> String) -> Finding {
    if wrong.count == 0 {
        return Finding::sound(check, sound);
    }
    let example = wrong.example.as_deref().unwrap_or("unnamed");
    Finding::broken(check, format!("{}, `{example}` for one", broken()))
}

/// Pictures that products show and are not there, and pictures that are there and nothing shows.
async fn pictures(client: &Client, stored: impl Iterator<Item = String>) -> Result<Vec<Finding>, StoreError> {
    // 128 bits of a name's hash tell as surely apart as all 256, in a quarter of the memory.
    let key = |name: &str| name.get(..32).and_then(|digits| u128::from_str_radix(digits, 16).ok());
    let stored: HashSet<u128> = stored.filter_map(|name| key(&name)).collect();
    let mut shown: HashSet<u128> = HashSet::new();
    let (mut missing, mut example) = (0_u64, None);
    let mut after = Some(String::new());
    while let Some(last) = after {
        let (names, next) = system::list_blobs(client, &last).await?;
        for name in names {
            let key = key(&name);
            shown.extend(key);
            if !key.is_some_and(|key| stored.contains(&key)) {
                missing = missing.saturating_add(1);
                example.get_or_insert(name);
            }
        }
        after = next;
    }
    let orphans = stored.difference(&shown).count();
    let found = match example {
        None => Finding::sound("pictures", format!("all {} are there", shown.len())),
        Some(name) => Finding::broken(
            "pictures",
            format!("{missing} files are missing, {name} for one: restore the folder `media` from a backup"),
        ),
    };
    let mut findings = vec![found];
    if orphans > 0 {
        let detail = format!("{orphans} files belong to no product: left by changes that were not finished");
        findings.push(Finding::notable("orphans", detail));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::UnsealError;

    #[test]
    fn mails_that_were_put_aside_are_told_with_the_last_reason() {
        let undone =
            |parked| UndoneJobs { waiting: 2, parked, last_error: Some("no such mailbox".to_owned()) };
        assert_eq!(mails(&undone(0)).verdict, Verdict::Sound);
        let found = mails(&undone(3));
        assert_eq!(found.verdict, Verdict::Notable);
        assert!(found.detail.contains("3 were put aside") && found.detail.contains("no such mailbox"));
    }

    #[test]
    fn payment_methods_that_were_put_aside_are_told_with_what_to_do() {
        let undone = |parked| UndoneJobs { waiting: 0, parked, last_error: Some("no answer".to_owned()) };
        assert_eq!(methods(&undone(0)).verdict, Verdict::Sound);
        let found = methods(&undone(2));
        assert_eq!(found.verdict, Verdict::Notable);
        for part in ["2 were put aside", "no answer", "tradepost payments retry"] {
            assert!(found.detail.contains(part), "{}", found.detail);
        }
    }

    #[test]
    fn secrets_that_cannot_be_read_are_told_with_the_key_that_is_missing() {
        let readable = |former| SecretsFound { readable: 3, former, ..SecretsFound::default() };
        assert_eq!(webhook_secrets(&readable(0)).verdict, Verdict::Sound);
        assert_eq!(webhook_secrets(&readable(1)).verdict, Verdict::Notable);
        let reason = Some(UnsealError::UnknownKey("0a1b".to_owned()));
        let found = webhook_secrets(&SecretsFound { readable: 1, former: 0, unreadable: 2, reason });
        assert_eq!(found.verdict, Verdict::Broken);
        for part in ["2 cannot be read", "the key 0a1b", "which this shop does not have", "encryption_key"] {
            assert!(found.detail.contains(part), "{}", found.detail);
        }
    }

    #[test]
    fn payment_events_that_were_put_aside_are_told_with_what_to_do() {
        assert_eq!(payment_events(&(0, None)).verdict, Verdict::Sound);
        let found = payment_events(&(2, Some("no order of ours belongs to it".to_owned())));
        assert_eq!(found.verdict, Verdict::Notable);
        for part in ["2 were put aside", "no order of ours", "tradepost payments retry"] {
            assert!(found.detail.contains(part), "{}", found.detail);
        }
    }
}
