//! How staff steer search: synonyms and rules, held in memory by every process and renewed by the epoch that tells of them.

pub(crate) mod course;
pub mod preview;
pub mod rule;
pub mod segment;
pub mod synonym;
pub mod weights;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::{CustomerGroupId, EntityId};
use tradepost_store::StoreError;
use tradepost_store::pricing::rule::{self as rule_store, RuleRow};
use tradepost_store::search_weights::{self, WeightsRow};
use uuid::Uuid;

use self::course::LocalRule;
use self::rule::{SearchRuleCreate, SearchRuleView};
use self::synonym::SearchSynonymCreate;
use self::weights::SearchWeightsPut;
use super::Shelves;
use super::fill::aside;
use super::standing::Standing;
use crate::pricing::rule::{RuleFields, read_definition, view_of};

/// What staff wrote, as of one moment.
#[derive(Debug, Default)]
pub(super) struct Steering {
    synonyms: Vec<SearchSynonymCreate>,
    /// Rules that can apply, in the order in which they do.
    rules: Vec<Arc<SearchRuleView>>,
    weights: SearchWeightsPut,
    /// Groups of customers that rules are for.
    groups: BTreeSet<CustomerGroupId>,
    /// The moments at which rules begin or end.
    turns: Vec<Timestamp>,
    read: Versions,
}

/// The rows of synonyms and of rules, by id, in the versions that they have, and the version of the weights.
type Versions = (Vec<(Uuid, i64)>, Vec<(Uuid, i64)>, i64);

/// The ids and versions of rows, by id.
fn versions(rows: &[RuleRow]) -> Vec<(Uuid, i64)> {
    let mut versions: Vec<_> = rows.iter().map(|row| (row.id, row.version)).collect();
    versions.sort_unstable();
    versions
}

/// What a row says; one that cannot be read, of a program newer than this say, is left out: it is no reason for all others to
/// stand still.
fn readable<T>(id: Uuid, read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| {
        tracing::error!(row.id = %id, %error, "a synonym, a rule or the weights of search cannot be read: left out");
    })
    .ok()
}

impl Steering {
    fn new(synonyms: &[RuleRow], rules: &[RuleRow], weights: &WeightsRow) -> Self {
        let read = (versions(synonyms), versions(rules), weights.version);
        let weights = readable(weights.id, read_definition(&weights.definition)).unwrap_or_default();
        let synonyms = synonyms.iter().filter_map(|row| readable(row.id, read_definition(&row.definition)));
        let mut rules: Vec<Arc<SearchRuleView>> =
            rules.iter().filter_map(|row| readable(row.id, view_of(row)).map(Arc::new)).collect();
        rules.retain(|rule| rule.fields.active);
        put_in_order(&mut rules);
        let turns =
            rules.iter().flat_map(|rule| [rule.fields.starts_at, rule.fields.ends_at]).flatten().collect();
        let groups = rules.iter().flat_map(|rule| rule.fields.customer_group_ids.iter().copied()).collect();
        Self { synonyms: synonyms.collect(), rules, weights, groups, turns, read }
    }

    /// Lets a shelf take what is for it, unless it has. It works on the thread that calls.
    fn hand_to(self: &Arc<Self>, standing: &Standing) {
        if standing.is_steered_by(self) {
            return;
        }
        let locale = &standing.name.locale;
        let synonyms = self.synonyms.iter().filter_map(|synonym| synonym.for_locale(locale));
        standing.shelf.take_synonyms(synonyms.collect());
        standing.shelf.take_scoring(self.weights.of(standing.name.channel_id));
        let own = self.rules.iter().filter(|rule| is_for(rule, standing));
        let local = own.map(|rule| LocalRule::new(rule.clone(), &|text| standing.shelf.stems(text)));
        standing.take_rules(self.clone(), local.collect());
    }
}

/// Puts rules in the order in which they apply.
fn put_in_order(rules: &mut [Arc<SearchRuleView>]) {
    // Ids grow with time: of the same priority, the older goes first.
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.fields.priority), rule.id.as_uuid()));
}

/// Whether a rule can apply in the channel and locale of a shelf.
pub(super) fn is_for(rule: &SearchRuleView, standing: &Standing) -> bool {
    let (fields, locale) = (&rule.fields, &standing.name.locale);
    let here = fields.channel_ids.is_empty() || fields.channel_ids.contains(&standing.name.channel_id);
    let spoken = |own: &Locale| own == locale || own.as_str() == locale.language();
    here && (fields.locales.is_empty() || fields.locales.iter().any(spoken))
}

impl Shelves {
    /// Takes the synonyms and rules that there are now.
    pub async fn steer(&self) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        self.steer_in_turn().await
    }

    /// The same by whoever has the turn.
    pub(super) async fn steer_in_turn(&self) -> Result<(), StoreError> {
        let standing: Vec<_> = self.read().values().cloned().collect();
        let steering = self.load_steering().await?;
        for standing in standing {
            hand(&steering, standing).await;
        }
        Ok(())
    }

    /// Reads what staff wrote; by whoever has the turn.
    pub(super) async fn load_steering(&self) -> Result<Arc<Steering>, StoreError> {
        let conn = self.store.worker().conn().await?;
        let known = self.steering.read().unwrap_or_else(PoisonError::into_inner).clone();
        let synonyms = rule_store::versions(&conn, SearchSynonymCreate::TABLE);
        let rules = rule_store::versions(&conn, SearchRuleCreate::TABLE);
        let weights = search_weights::get(&conn);
        let (synonyms, rules, weights) = futures_util::future::try_join3(synonyms, rules, weights).await?;
        if (synonyms, rules, weights.version) == known.read {
            return Ok(known);
        }
        let synonyms = rule_store::list(&conn, SearchSynonymCreate::TABLE, None, i64::MAX);
        let rules = rule_store::list(&conn, SearchRuleCreate::TABLE, None, i64::MAX);
        let (synonyms, rules) = futures_util::future::try_join(synonyms, rules).await?;
        let steering = Arc::new(Steering::new(&synonyms, &rules, &weights));
        self.steering.write().unwrap_or_else(PoisonError::into_inner).clone_from(&steering);
        Ok(steering)
    }

    /// Of these groups of customers, those that rules are for, in their order.
    pub fn segments_of(&self, groups: &[CustomerGroupId]) -> Vec<CustomerGroupId> {
        let steering = self.steering.read().unwrap_or_else(PoisonError::into_inner).clone();
        steering.groups.iter().filter(|group| groups.contains(group)).copied().collect()
    }

    /// Whether some rules are for groups of customers alone.
    pub fn has_segments(&self) -> bool {
        !self.steering.read().unwrap_or_else(PoisonError::into_inner).groups.is_empty()
    }

    /// Lets go of answers that were given before a rule began or ended, as long as it is polled.
    pub(super) async fn keep_minding(&self) {
        loop {
            self.mind_the_season();
            tokio::time::sleep(SEASON_EVERY).await;
        }
    }

    /// Lets go of answers that were given before a rule began or ended, where one has since this was last called.
    pub fn mind_the_season(&self) {
        let now = self.clock.now().as_microsecond();
        let last = self.minded.swap(now, Ordering::SeqCst);
        let steering = self.steering.read().unwrap_or_else(PoisonError::into_inner).clone();
        if steering.turns.iter().any(|turn| (last.saturating_add(1)..=now).contains(&turn.as_microsecond())) {
            self.cache.renew();
        }
    }
}

/// How often it is looked whether a rule has begun or ended.
const SEASON_EVERY: Duration = Duration::from_secs(1);

/// Lets a shelf take what is for it.
pub(super) async fn hand(steering: &Arc<Steering>, standing: Arc<Standing>) {
    let (steering, name) = (steering.clone(), standing.name.clone());
    let work = move || {
        steering.hand_to(&standing);
        Ok(())
    };
    if let Err(error) = aside(work).await {
        tracing::error!(channel.id = %name.channel_id, locale = %name.locale, %error, "search keeps its old rules");
    }
}
