//! Levels counted anew or corrected, many at once, each by itself: in one transaction, with statements whose number does
//! not depend on how many there are. A level that is not there is made.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::kernel::ids::{EntityId, StockLocationId, VariantId};
use tradepost_store::catalog::stock_level::{self, LevelWrite, StockLevel, Target, VariantRef};
use tradepost_store::inventory::Cause;

use crate::answer::{Answer, Outcome};
use crate::batch::Refusal;
use crate::catalog::stock_level::{
    REASON_LEN_MAX, StockChange, StockLevelView, counted, level_payload, refuse_oversold, staff_cause,
};
use crate::error::WriteError;
use crate::work::{StaffContext, Work};

/// Times that a change is tried when somebody else makes a level at the same moment.
const ATTEMPTS: u32 = 3;

/// What is to lie where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetStockLevel {
    /// Of which variant.
    pub variant: VariantRef,
    /// Where; at the default location when it is not said.
    pub location_id: Option<StockLocationId>,
    /// How much.
    pub change: StockChange,
    /// Version that the change is meant for, when it is said.
    pub version: Option<i64>,
    /// Why.
    pub reason: Option<String>,
}

/// What came of one level: what [`BatchItemView`](crate::batch::BatchItemView) describes.
#[derive(Serialize)]
struct Item {
    index: usize,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<StockLevelView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Box<RawValue>>,
}

impl Item {
    fn refused(index: usize, refusal: &Refusal) -> Result<Self, WriteError> {
        let problem = serde_json::from_slice(&refusal.problem)?;
        Ok(Self { index, status: refusal.status, body: None, problem: Some(problem) })
    }
}

#[derive(Serialize)]
struct Items {
    results: Vec<Item>,
}

/// Makes a level; one that is there already is refused.
pub async fn create_stock_level(context: &StaffContext, item: &SetStockLevel) -> Result<Answer, WriteError> {
    let (work, mut done) = apply(context, std::slice::from_ref(item), |_| "$".to_owned()).await?;
    let Some(done) = done.pop().transpose()? else {
        return Err(WriteError::NotFound { kind: "stock_level" });
    };
    if done.outcome != Outcome::Created {
        let detail = "the variant has a level at this location: change that";
        return Err(WriteError::conflict("stock_level_exists", detail, Some("$.location_id"))
            .with_fact("stock_level_id", done.level.id.to_string()));
    }
    let view = StockLevelView::from(&done.level);
    let answer = Answer::new(Outcome::Created, &view, Some(done.level.version))?;
    work.finish(answer.at(format!("/api/admin/stock-levels/{}", done.level.id))).await
}

/// Sets many levels; one that is refused leaves the others as they are. What could not be read comes as its refusal.
/// `refuse` turns an error into a refusal, or gives it back when it must not be kept.
pub async fn set_stock_levels<E, R>(
    context: &StaffContext,
    items: Vec<Result<SetStockLevel, Refusal>>,
    refuse: R,
) -> Result<Answer, E>
where
    E: From<WriteError>,
    R: Fn(WriteError) -> Result<Refusal, E>,
{
    let mut results = Vec::with_capacity(items.len());
    let (mut places, mut readable) = (Vec::new(), Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Ok(item) => {
                places.push(index);
                readable.push(item);
            }
            Err(refusal) => results.push(Item::refused(index, &refusal)?),
        }
    }
    let path = |index: usize| format!("$.items[{}]", places.get(index).unwrap_or(&index));
    let (work, done) = apply(context, &readable, path).await?;
    for (index, done) in places.into_iter().zip(done) {
        results.push(match done {
            Ok(done) => Item {
                index,
                status: done.outcome.status(),
                body: Some(StockLevelView::from(&done.level)),
                problem: None,
            },
            Err(error) => Item::refused(index, &refuse(error)?)?,
        });
    }
    results.sort_by_key(|item| item.index);
    let answer = Answer::new(Outcome::Done, &Items { results }, None);
    work.finish(answer.map_err(WriteError::from)?).await.map_err(E::from)
}

/// A level as it is now, and whether it was made.
struct Done {
    level: StockLevel,
    outcome: Outcome,
}

type Results = Vec<Result<Done, WriteError>>;

async fn apply<'a>(
    context: &'a StaffContext,
    items: &[SetStockLevel],
    path: impl Fn(usize) -> String,
) -> Result<(Work<'a>, Results), WriteError> {
    for _ in 0..ATTEMPTS {
        match attempt(context, items, &path).await {
            Ok(Some(done)) => return Ok(done),
            // Somebody else has made one of the levels meanwhile: look again.
            Ok(None) => {}
            Err(error) if error.is_retryable() => {}
            Err(error) => return Err(error),
        }
    }
    let detail = "others change the same levels: try again";
    Err(WriteError::conflict("stock_level_contended", detail, None))
}

/// What an item comes to before anything is written.
struct Decision {
    place: (VariantId, StockLocationId),
    before: Option<StockLevel>,
    on_hand: i64,
    reason: Option<String>,
}

async fn attempt<'a>(
    context: &'a StaffContext,
    items: &[SetStockLevel],
    path: &impl Fn(usize) -> String,
) -> Result<Option<(Work<'a>, Results)>, WriteError> {
    let mut work = context.begin("set_stock_levels").await?;
    let default = stock_level::default_location(&work.tx, work.next_id(), work.now).await?;
    let targets: Vec<Target> = items
        .iter()
        .map(|item| Target {
            variant: item.variant.clone(),
            location_id: item.location_id.unwrap_or(default),
        })
        .collect();
    let places = stock_level::resolve(&work.tx, &targets).await?;
    let known: Vec<_> = places.iter().filter_map(|place| place.variant_id.zip(place.location_id)).collect();
    let there = by_place(stock_level::lock_at(&work.tx, &known).await?);
    let mut seen = BTreeSet::new();
    let mut decisions = Vec::with_capacity(items.len());
    for (index, (item, place)) in items.iter().zip(&places).enumerate() {
        let at = path(index);
        decisions.push(decide(item, (place.variant_id, place.location_id), &there, &at).and_then(
            |decision| {
                if seen.insert(decision.place) {
                    return Ok(decision);
                }
                let message = "an earlier item sets the same level";
                Err(WriteError::invalid(at, "duplicate_item", message))
            },
        ));
    }
    if !write(&mut work, &decisions).await? {
        return Ok(None);
    }
    let now = by_place(stock_level::lock_at(&work.tx, &known).await?);
    let done = decisions.into_iter().map(|decision| {
        let decision = decision?;
        let level = now.get(&decision.place).cloned().ok_or(WriteError::NotFound { kind: "stock_level" })?;
        let outcome = if decision.before.is_some() { Outcome::Done } else { Outcome::Created };
        tell(&mut work, &decision, &level);
        Ok(Done { level, outcome })
    });
    let done: Results = done.collect();
    Ok(Some((work, done)))
}

fn by_place(levels: Vec<StockLevel>) -> BTreeMap<(VariantId, StockLocationId), StockLevel> {
    levels.into_iter().map(|level| ((level.variant_id, level.location_id), level)).collect()
}

fn decide(
    item: &SetStockLevel,
    place: (Option<VariantId>, Option<StockLocationId>),
    there: &BTreeMap<(VariantId, StockLocationId), StockLevel>,
    at: &str,
) -> Result<Decision, WriteError> {
    let reason = item.reason.as_deref();
    if let Some(issue) =
        reason.and_then(|reason| check_text(&format!("{at}.reason"), reason, REASON_LEN_MAX, false))
    {
        return Err(WriteError::Invalid(vec![issue]));
    }
    let (Some(variant_id), Some(location_id)) = place else {
        let (field, code) = match (place.0, &item.variant) {
            (Some(_), _) => ("location_id", "unknown_stock_location"),
            (None, VariantRef::Id(_)) => ("variant_id", "unknown_variant"),
            (None, VariantRef::Sku(_)) => ("sku", "unknown_variant"),
        };
        return Err(WriteError::invalid(format!("{at}.{field}"), code, "there is none"));
    };
    let place = (variant_id, location_id);
    let before = there.get(&place).cloned();
    if let Some(wanted) = item.version {
        let current = before.as_ref().map_or(0, |level| level.version);
        if wanted != current {
            return Err(WriteError::VersionMismatch { current });
        }
    }
    let on_hand = counted(before.as_ref(), item.change, at)?;
    if let Some(before) = &before {
        refuse_oversold(before, on_hand, &format!("{at}.{}", item.change.field()))?;
    }
    Ok(Decision { place, before, on_hand, reason: item.reason.clone() })
}

/// Writes what changes; `false` when somebody else made one of the levels.
async fn write(work: &mut Work<'_>, decisions: &[Result<Decision, WriteError>]) -> Result<bool, WriteError> {
    let changes = |decision: &&Decision| {
        decision.before.as_ref().is_none_or(|before| before.on_hand != decision.on_hand)
    };
    let writes = decisions.iter().filter_map(|decision| decision.as_ref().ok()).filter(changes);
    let writes: Vec<LevelWrite> = writes
        .map(|decision| LevelWrite {
            id: work.next_id(),
            variant_id: decision.place.0,
            location_id: decision.place.1,
            on_hand: decision.on_hand,
            version: decision.before.as_ref().map_or(0, |before| before.version) + 1,
            cause: Cause { note: decision.reason.clone(), ..staff_cause(work) },
        })
        .collect();
    Ok(stock_level::write(&work.tx, &writes, work.now).await? == writes.len())
}

fn tell(work: &mut Work<'_>, decision: &Decision, level: &StockLevel) {
    let action = match &decision.before {
        None => "stock_level.create",
        Some(before) if before.version == level.version => return,
        Some(_) => "stock_level.update",
    };
    work.event("stock.updated", level.product_id.as_uuid(), level.version, level_payload(level));
    let before = decision.before.as_ref().map(|before| json!({"on_hand": before.on_hand}));
    let after = json!({"on_hand": level.on_hand, "reason": decision.reason});
    work.audit(action, ("stock_level", level.id.as_uuid()), before, Some(after));
}
