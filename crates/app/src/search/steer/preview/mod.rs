//! A look ahead: what shoppers would be shown at a moment, with rules that are tried or without some, and why each product stands
//! where it does. Nothing is stored.

mod look;
mod parts;
mod view;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use tradepost_domain::kernel::Issue;
use tradepost_domain::kernel::ids::{EntityId, ProductId, SearchRuleId};
use tradepost_port::search::{Hit, SearchError};
use tradepost_store::StoreError;
use tradepost_store::catalog::fragment;
use uuid::Uuid;

pub use self::view::{
    PreviewBanner, PreviewBoost, PreviewHidden, PreviewPersonal, PreviewPlain, PreviewProduct,
    PreviewRedirect, PreviewRule, PreviewScore, SearchPreview, SearchPreviewView,
};

use self::look::{Seen, look};
use super::course::{LocalRule, Occasion};
use super::rule::SearchRuleView;
use super::weights::SearchWeights;
use super::{is_for, put_in_order};
use crate::catalog::channels::{FindChannelError, find_channel, get_channel};
use crate::catalog::list_products::{ListProducts, ListProductsError, canonical, resolve};
use crate::catalog::{Catalog, Shopper};
use crate::change::refuse;
use crate::error::WriteError;
use crate::pricing::rule::RuleFields;
use crate::search::ask::{Asked, course, read, request};
use crate::search::fill::aside;
use crate::search::personal::{Place, look_ahead};
use crate::search::standing::Standing;

/// Products of a preview at most.
const PRODUCTS_MAX: u32 = 50;
/// Rules that are left out at most.
const WITHOUT_MAX: usize = 50;
/// Rules that are tried at most.
const TRIED_MAX: usize = 20;

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// What is asked cannot be meant.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The index of the channel and locale is not ready.
    #[error("the search index is not ready")]
    NotReady,
    /// The list cannot be made.
    #[error(transparent)]
    List(#[from] ListProductsError),
}

impl From<StoreError> for PreviewError {
    fn from(error: StoreError) -> Self {
        Self::List(error.into())
    }
}

impl From<SearchError> for PreviewError {
    fn from(error: SearchError) -> Self {
        Self::List(error.into())
    }
}

impl SearchPreview {
    fn issues(&self) -> Vec<Issue> {
        let counts = [
            ("$.without", self.without.len(), WITHOUT_MAX),
            ("$.rules", self.rules.len(), TRIED_MAX),
            ("$.seen_product_ids", self.seen_product_ids.len(), WITHOUT_MAX),
            ("$.customer_group_ids", self.customer_group_ids.len(), WITHOUT_MAX),
        ];
        let over = counts.into_iter().filter(|(_, count, most)| count > most);
        let mut issues: Vec<Issue> = over
            .map(|(path, _, most)| Issue::new(path, "too_many", format!("at most {most} entries")))
            .collect();
        issues.extend(self.weights.iter().flat_map(|weights| weights.issues("$.weights")));
        for (index, rule) in self.rules.iter().enumerate() {
            issues.extend(rule.issues().into_iter().map(|issue| Issue {
                path: issue.path.replacen('$', &format!("$.rules[{index}]"), 1),
                ..issue
            }));
        }
        issues
    }
}

fn named(rule: &SearchRuleView) -> PreviewRule {
    PreviewRule {
        id: (rule.id.as_uuid().as_u128() <= u128::MAX - TRIED).then_some(rule.id),
        handle: rule.fields.handle.as_ref().map(ToString::to_string),
        name: rule.fields.name.clone(),
    }
}

/// Numbers behind all ids that are stored, for rules that are tried: of the same priority, the older goes first.
const TRIED: u128 = 1_000;

fn tried_id(index: usize) -> SearchRuleId {
    let number = u128::try_from(index.min(TRIED_MAX)).unwrap_or_default();
    SearchRuleId::from_uuid(Uuid::from_u128((u128::MAX - TRIED).saturating_add(1).saturating_add(number)))
}

/// Answers what shoppers would be shown, and why.
pub async fn preview(
    catalog: &Catalog,
    command: ListProducts,
    preview: SearchPreview,
) -> Result<SearchPreviewView, PreviewError> {
    refuse(preview.issues())?;
    let shopper = shopper(catalog, &preview).await?;
    let command = canonical(ListProducts { limit: command.limit.min(PRODUCTS_MAX), ..command });
    let shelves = catalog.shelves.as_ref().ok_or(PreviewError::NotReady)?;
    let standing = shelves.get(&shopper.view()).ok_or(PreviewError::NotReady)?;
    let (category_id, collection_id) = resolve(catalog, &command).await?;
    let now = preview.at.unwrap_or_else(|| catalog.clock.now());
    let asked = Asked {
        command: &command,
        category_id,
        collection_id,
        after: None,
        scored_by: None,
        pins_shown: 0,
        now,
    };
    let seen_products = preview.seen_product_ids.clone();
    let place = shelves.place().await?;
    let (mut request, labels) = request(&standing, &asked);
    request.scoring = preview.weights.as_ref().map(SearchWeights::scoring);
    let own = standing.clone();
    let work = move || {
        let _place = place;
        let groups = preview.customer_group_ids.clone();
        let rules = rules(&own, preview);
        let course = course(&own, &rules, &request, &Occasion { category: category_id, now, groups });
        look(&own, &request, course)
    };
    let mut seen = aside(work).await?;
    let answer = std::mem::take(&mut seen.answer);
    let hits = answer.hits.clone();
    let found = read(catalog, &standing, &asked, answer, labels).await?;
    let ids = hits.hits.iter().map(|hit| hit.id).chain(seen.hidden.iter().map(|(id, _)| *id));
    seen.personal = personal(catalog, &shopper, (&seen_products, now), &hits.hits).await?;
    let cards = titles(catalog, &shopper, &ids.collect::<Vec<_>>()).await?;
    Ok(SearchPreviewView { query: found.query, ..seen.tell(&hits.hits, hits.total, &cards) })
}

async fn shopper(catalog: &Catalog, preview: &SearchPreview) -> Result<Shopper, PreviewError> {
    let unknown = |param, detail| WriteError::invalid(param, "unknown_reference", detail);
    let channel = match preview.channel_id {
        Some(id) => get_channel(catalog, id).await?,
        None => match find_channel(catalog, None).await {
            Ok(channel) => Some(channel),
            Err(FindChannelError::Store(error)) => return Err(error.into()),
            Err(_) => None,
        },
    };
    let channel = channel.ok_or_else(|| unknown("$.channel_id", "there is no such open channel"))?;
    let shopper = Shopper::new(channel, preview.locale.as_ref());
    Ok(shopper.ok_or_else(|| unknown("$.locale", "the channel does not speak this locale"))?)
}

/// The rules of a shelf with those that are tried, and without those that are left out.
fn rules(standing: &Standing, preview: SearchPreview) -> Vec<LocalRule> {
    let stored = standing.rules();
    let kept = stored.iter().map(LocalRule::rule).filter(|rule| !preview.without.contains(&rule.id));
    let mut rules: Vec<Arc<SearchRuleView>> = kept.cloned().collect();
    let tried = preview.rules.into_iter().enumerate();
    let tried =
        tried.map(|(index, fields)| SearchRuleView { id: tried_id(index), fields, used: None, version: 0 });
    rules.extend(tried.filter(|rule| rule.fields.active && is_for(rule, standing)).map(Arc::new));
    put_in_order(&mut rules);
    rules.into_iter().map(|rule| LocalRule::new(rule, &|text| standing.shelf.stems(text))).collect()
}

impl Seen {
    /// What is told of hits, all of them but what was made of the words.
    fn tell(self, hits: &[Hit], total: u64, cards: &HashMap<ProductId, CardTitle>) -> SearchPreviewView {
        let told = |id: ProductId| cards.get(&id).cloned().unwrap_or_default();
        let product = |hit: &Hit| {
            let CardTitle { title, handle } = told(hit.id);
            let holds = self.boosts.iter().filter(|(_, _, products)| products.contains(&hit.id));
            let boosts =
                holds.map(|(rule, percent, _)| PreviewBoost { rule: rule.clone(), percent: *percent });
            let place = self.plain.hits.iter().position(|other| other.id == hit.id);
            PreviewProduct {
                product_id: hit.id,
                title,
                handle,
                step: hit.step.into(),
                score: hit.score,
                score_parts: self.parts.get(&hit.id).cloned(),
                position_without_rules: place.map(|place| place.saturating_add(1)),
                personal: self.personal.get(&hit.id).cloned(),
                pinned_by: self.pinned_by.get(&hit.id).cloned(),
                boosted_by: boosts.collect(),
            }
        };
        let products = hits.iter().map(product).collect();
        let hidden = self.hidden.into_iter().map(|(id, rule)| {
            let CardTitle { title, handle } = told(id);
            PreviewHidden { product_id: id, title, handle, rule }
        });
        let applied = &self.course.applied;
        let redirect = applied.iter().find_map(|rule| Some((rule.fields.redirect.clone()?, named(rule))));
        let banners = applied.iter().flat_map(|rule| rule.fields.banners.iter().map(|it| (it, named(rule))));
        let banners = banners.map(|(banner, rule)| PreviewBanner { banner: banner.clone(), rule });
        SearchPreviewView {
            products,
            total,
            rules: applied.iter().map(|rule| named(rule)).collect(),
            hidden: hidden.collect(),
            redirect: redirect.map(|(url, rule)| PreviewRedirect { url, rule }),
            // As many as shoppers are shown.
            banners: banners.take(self.course.banners.len()).collect(),
            query: None,
            without_rules: PreviewPlain {
                product_ids: self.plain.hits.iter().map(|hit| hit.id).collect(),
                total: self.plain.total,
            },
        }
    }
}

/// Where products would stand for somebody who has just looked at some.
async fn personal(
    catalog: &Catalog,
    shopper: &Shopper,
    (seen, now): (&[ProductId], Timestamp),
    hits: &[Hit],
) -> Result<HashMap<ProductId, PreviewPersonal>, PreviewError> {
    if seen.is_empty() {
        return Ok(HashMap::new());
    }
    let place = |hit: &Hit| {
        let Hit { id, score, step, pinned } = *hit;
        Place { id, score, step, pinned, bytes: 0 }
    };
    let places: Vec<Place> = hits.iter().map(place).collect();
    let conn = catalog.store.storefront().conn().await?;
    let told = look_ahead(&conn, &shopper.view(), (seen, now), &places).await?;
    let view = |(id, (position, affinity))| (id, PreviewPersonal { position, affinity });
    Ok(told.into_iter().map(view).collect())
}

/// What a product is called.
#[derive(Debug, Clone, Default, Deserialize)]
struct CardTitle {
    title: String,
    handle: String,
}

async fn titles(
    catalog: &Catalog,
    shopper: &Shopper,
    ids: &[ProductId],
) -> Result<HashMap<ProductId, CardTitle>, PreviewError> {
    let conn = catalog.store.storefront().conn().await?;
    let cards = fragment::list_cards(&conn, &shopper.view(), ids).await?;
    let read = |card: &fragment::CardRow| Ok((card.product_id, serde_json::from_slice(&card.card)?));
    let titles: Result<_, serde_json::Error> = cards.iter().map(read).collect();
    Ok(titles.map_err(ListProductsError::from)?)
}
