//! What matches count in search: staff weigh the fields of products against each other and against what sells.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tradepost_domain::kernel::Issue;
use tradepost_domain::kernel::ids::{ChannelId, EntityId, SearchWeightsId};
use tradepost_domain::kernel::limits::RULE_LIST_MAX;
use tradepost_port::search::plan::Scoring;
use tradepost_store::StoreError;
use tradepost_store::pricing::rule;
use tradepost_store::search_weights::{self, WeightsRow};
use utoipa::ToSchema;

use crate::answer::Answer;
use crate::change::{Resource, Versions, check_version, no_payload, refuse, resource};
use crate::error::WriteError;
use crate::pricing::rule::read_definition;
use crate::shop::Shop;
use crate::work::StaffContext;

/// What a field counts at most, and all words in a name.
const FIELD_MAX: f64 = 100.0;
/// How much better the best selling product is at most.
const POPULARITY_MAX: f64 = 10.0;

/// What matches count. What is left out is as it usually is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SearchWeights {
    /// Words of the title that say what the product is.
    #[schema(minimum = 0, maximum = 100, default = 4.0)]
    pub core: f64,
    /// Words of the title up to "for", "with" and the like.
    #[schema(minimum = 0, maximum = 100, default = 4.0)]
    pub title: f64,
    /// Words of the rest of the title.
    #[schema(minimum = 0, maximum = 100, default = 2.0)]
    pub tail: f64,
    /// Words of the brand.
    #[schema(minimum = 0, maximum = 100, default = 4.0)]
    pub brand: f64,
    /// Words of the product type and the categories.
    #[schema(minimum = 0, maximum = 100, default = 4.0)]
    pub types: f64,
    /// Words of options, attributes and tags.
    #[schema(minimum = 0, maximum = 100, default = 2.0)]
    pub attributes: f64,
    /// Words of the description.
    #[schema(minimum = 0, maximum = 100, default = 5.0)]
    pub description: f64,
    /// Model numbers.
    #[schema(minimum = 0, maximum = 100, default = 4.0)]
    pub compound: f64,
    /// Part of what the other fields of a word count beside its best one.
    #[schema(minimum = 0, maximum = 1, default = 0.1)]
    pub tie: f64,
    /// What it counts that all words are in the name.
    #[schema(minimum = 0, maximum = 100, default = 5.0)]
    pub named: f64,
    /// By how much the best selling product is better than one that nobody buys: 0.2 is a fifth.
    #[schema(minimum = 0, maximum = 10, default = 0.2)]
    pub popularity: f64,
}

impl Default for SearchWeights {
    fn default() -> Self {
        let Scoring {
            core,
            title,
            tail,
            brand,
            types,
            attributes,
            description,
            compound,
            tie,
            named,
            popularity,
            ..
        } = Scoring::default();
        let [core, title, tail, brand, types, attributes, description, compound, tie, named, popularity] =
            [core, title, tail, brand, types, attributes, description, compound, tie, named, popularity]
                .map(wide);
        Self { core, title, tail, brand, types, attributes, description, compound, tie, named, popularity }
    }
}

/// The number that is written alike.
fn wide(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| number.into())
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a weight between 0 and 100")]
fn narrow(number: f64) -> f32 {
    number as f32
}

impl SearchWeights {
    fn fields(&self) -> [(&'static str, f64); 8] {
        [
            ("core", self.core),
            ("title", self.title),
            ("tail", self.tail),
            ("brand", self.brand),
            ("types", self.types),
            ("attributes", self.attributes),
            ("description", self.description),
            ("compound", self.compound),
        ]
    }

    pub(super) fn issues(&self, path: &str) -> Vec<Issue> {
        let others = [("tie", self.tie, 1.0), ("named", self.named, FIELD_MAX)];
        let fields = self.fields().into_iter().map(|(name, weight)| (name, weight, FIELD_MAX));
        let all = fields.chain(others).chain([("popularity", self.popularity, POPULARITY_MAX)]);
        let wrong = all.filter(|(_, weight, most)| !(0.0..=*most).contains(weight));
        let mut issues: Vec<Issue> = wrong
            .map(|(name, _, most)| {
                Issue::new(format!("{path}.{name}"), "out_of_range", format!("a weight from 0 to {most}"))
            })
            .collect();
        if self.fields().iter().all(|(_, weight)| *weight <= 0.0) {
            issues.push(Issue::new(path, "invalid_weights", "one field at least must count"));
        }
        issues
    }

    /// As search takes them.
    pub(super) fn scoring(&self) -> Scoring {
        Scoring {
            core: narrow(self.core),
            title: narrow(self.title),
            tail: narrow(self.tail),
            brand: narrow(self.brand),
            types: narrow(self.types),
            attributes: narrow(self.attributes),
            description: narrow(self.description),
            compound: narrow(self.compound),
            tie: narrow(self.tie),
            named: narrow(self.named),
            popularity: narrow(self.popularity),
            ..Scoring::default()
        }
    }
}

/// Weights of one channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelWeights {
    /// Which.
    #[schema(value_type = String)]
    pub channel_id: ChannelId,
    /// What matches count there.
    pub weights: SearchWeights,
}

/// The weights of a shop.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchWeightsPut {
    /// What matches count in all channels that have no weights of their own; what is usual when absent.
    #[serde(default)]
    #[schema(required = false)]
    pub weights: SearchWeights,
    /// Channels that have their own.
    #[serde(default)]
    #[schema(required = false, max_items = 250)]
    pub channels: Vec<ChannelWeights>,
}

/// The weights of a shop as staff see them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SearchWeightsView {
    /// Id.
    #[schema(value_type = String)]
    pub id: SearchWeightsId,
    /// What matches count in all channels that have no weights of their own.
    pub weights: SearchWeights,
    /// Channels that have their own.
    pub channels: Vec<ChannelWeights>,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
}
resource!(SearchWeightsView, SearchWeightsId, "search_weights", "/api/admin/search/weights");

impl SearchWeightsPut {
    /// As search takes them in a channel.
    pub(super) fn of(&self, channel_id: ChannelId) -> Scoring {
        let own = self.channels.iter().find(|own| own.channel_id == channel_id);
        own.map_or(&self.weights, |own| &own.weights).scoring()
    }

    fn issues(&self) -> Vec<Issue> {
        let mut issues = self.weights.issues("$.weights");
        if self.channels.len() > RULE_LIST_MAX {
            issues.push(Issue::new("$.channels", "too_many", format!("at most {RULE_LIST_MAX} entries")));
        }
        for (index, own) in self.channels.iter().enumerate() {
            issues.extend(own.weights.issues(&format!("$.channels[{index}].weights")));
            if self.channels.iter().take(index).any(|other| other.channel_id == own.channel_id) {
                let path = format!("$.channels[{index}].channel_id");
                issues.push(Issue::new(path, "duplicate_value", "this channel is there twice"));
            }
        }
        issues
    }
}

fn view(row: &WeightsRow) -> Result<SearchWeightsView, StoreError> {
    let SearchWeightsPut { weights, channels } = read_definition(&row.definition)?;
    Ok(SearchWeightsView { id: SearchWeightsId::from_uuid(row.id), weights, channels, version: row.version })
}

/// Shows the weights.
pub async fn get_weights(shop: &Shop) -> Result<SearchWeightsView, StoreError> {
    view(&search_weights::get(&*shop.store.storefront().conn().await?).await?)
}

/// Puts other weights in the place of those that there are, if they still have the version that was read.
pub async fn put_weights(
    context: &StaffContext,
    version: Option<Versions>,
    put: SearchWeightsPut,
) -> Result<Answer, WriteError> {
    let work = context.begin(SearchWeightsView::KIND.updated).await?;
    let row = search_weights::get_for_update(&work.tx).await?;
    check_version(version, row.version)?;
    refuse(put.issues())?;
    let before = view(&row)?;
    let known = |id: &ChannelId| before.channels.iter().any(|own| own.channel_id == *id);
    let new = put.channels.iter().map(|own| own.channel_id).filter(|id| !known(id));
    let new: Vec<_> = new.map(|id| id.as_uuid()).collect();
    if !new.is_empty() {
        let found = rule::lock(&work.tx, None, &new).await?;
        if new.iter().any(|id| !found.contains(id)) {
            let detail = "this names something that is not there";
            return Err(WriteError::invalid("$.channels", "unknown_reference", detail));
        }
    }
    if (&put.weights, &put.channels) == (&before.weights, &before.channels) {
        return work.finish_unchanged(&before).await;
    }
    let definition = serde_json::to_value(&put)?;
    let row = WeightsRow { definition, version: row.version.saturating_add(1), ..row };
    let now: Timestamp = work.now;
    search_weights::update(&work.tx, &row, now).await?;
    let after = view(&row)?;
    work.finish_updated(&before, &after, no_payload()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_is_what_search_does_without_weights() {
        assert_eq!(SearchWeights::default().scoring(), Scoring::default());
        let told = serde_json::to_value(SearchWeights::default()).unwrap();
        assert_eq!((&told["tie"], &told["popularity"]), (&serde_json::json!(0.1), &serde_json::json!(0.2)));
    }
}
