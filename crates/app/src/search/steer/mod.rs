//! How staff steer search: synonyms and rules, held in memory by every process and renewed by the epoch that tells of them.

pub(crate) mod course;
pub mod rule;
pub mod synonym;

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_store::StoreError;
use tradepost_store::pricing::rule as rule_store;

use self::course::LocalRule;
use self::rule::{SearchRuleCreate, SearchRuleView};
use self::synonym::SearchSynonymCreate;
use super::Shelves;
use super::standing::Standing;
use crate::pricing::rule::{RuleFields, read_definition, view_of};

/// What staff wrote, as of one moment.
#[derive(Debug, Default)]
pub(super) struct Steering {
    synonyms: Vec<SearchSynonymCreate>,
    /// Rules that can apply, in the order in which they do.
    rules: Vec<Arc<SearchRuleView>>,
    /// The moments at which rules begin or end, in their order.
    turns: Vec<Timestamp>,
}

impl Steering {
    fn new(synonyms: Vec<SearchSynonymCreate>, mut rules: Vec<Arc<SearchRuleView>>) -> Self {
        rules.retain(|rule| rule.fields.active);
        // Ids grow with time: of the same priority, the older goes first.
        rules.sort_by_key(|rule| (std::cmp::Reverse(rule.fields.priority), rule.id.as_uuid()));
        let mut turns: Vec<Timestamp> =
            rules.iter().flat_map(|rule| [rule.fields.starts_at, rule.fields.ends_at]).flatten().collect();
        turns.sort_unstable();
        Self { synonyms, rules, turns }
    }

    /// Lets a shelf take what is for it.
    pub(super) fn hand_to(&self, standing: &Standing) {
        let locale = &standing.name.locale;
        let synonyms = self.synonyms.iter().filter_map(|synonym| synonym.for_locale(locale));
        standing.shelf.take_synonyms(synonyms.collect());
        let own = self.rules.iter().filter(|rule| {
            let fields = &rule.fields;
            let here =
                fields.channel_ids.is_empty() || fields.channel_ids.contains(&standing.name.channel_id);
            let spoken = |own: &Locale| own == locale || own.as_str() == locale.language();
            here && (fields.locales.is_empty() || fields.locales.iter().any(spoken))
        });
        let local = own.map(|rule| LocalRule::new(rule.clone(), &|text| standing.shelf.stems(text)));
        standing.take_rules(local.collect());
    }
}

impl Shelves {
    /// Takes the synonyms and rules that there are now.
    pub async fn steer(&self) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        self.steer_in_turn().await
    }

    /// The same by whoever has the turn.
    pub(super) async fn steer_in_turn(&self) -> Result<(), StoreError> {
        let steering = self.load_steering().await?;
        for standing in self.read().values() {
            steering.hand_to(standing);
        }
        Ok(())
    }

    /// Reads what staff wrote; by whoever has the turn.
    pub(super) async fn load_steering(&self) -> Result<Arc<Steering>, StoreError> {
        let conn = self.store.worker().conn().await?;
        let synonyms = rule_store::list(&conn, SearchSynonymCreate::TABLE, None, i64::MAX);
        let rules = rule_store::list(&conn, SearchRuleCreate::TABLE, None, i64::MAX);
        let (synonyms, rules) = futures_util::future::try_join(synonyms, rules).await?;
        let synonyms =
            synonyms.iter().map(|row| read_definition(&row.definition)).collect::<Result<_, _>>()?;
        let rules = rules.iter().map(|row| view_of(row).map(Arc::new)).collect::<Result<_, _>>()?;
        let steering = Arc::new(Steering::new(synonyms, rules));
        self.steering.write().unwrap_or_else(PoisonError::into_inner).clone_from(&steering);
        Ok(steering)
    }

    /// Lets go of answers that were given before a rule began or ended.
    pub(super) fn mind_the_season(&self) {
        let now = self.clock.now();
        let season = {
            let steering = self.steering.read().unwrap_or_else(PoisonError::into_inner);
            steering.turns.partition_point(|turn| *turn <= now)
        };
        if self.season.swap(season, Ordering::SeqCst) != season {
            self.cache.renew();
        }
    }
}
