//! The one way of every change: resolve, apply, validate, claim names, store, tell.

use serde_json::{Value, json};
use tradepost_domain::catalog::{AttributeSchema, Issue, Product, ProductStatus};
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::{EntityId, ProductId};
use tradepost_port::IdSource;
use tradepost_store::catalog::product::{self, ProductRecord};
use tradepost_store::catalog::stock_level::{self, OnHand};

use super::apply::{self, Draft};
use super::audit::{difference, snapshot};
use super::changes::{ProductChanges, VariantChanges, VariantsChange};
use super::resolve;
use crate::catalog::stock_level::staff_cause;
use crate::change::check_handle;
use crate::error::WriteError;
use crate::work::Work;

/// Handles that are tried with a number behind them; then comes one that nobody else has.
const NUMBERED_HANDLES: u32 = 50;

/// What the database itself guards, names, pictures and promised stock, as a writer learns of it who lost a race.
const CONFLICTS: [(&str, &str, &str, &str); 5] = [
    ("product_handle_key", "handle_taken", "another product has this handle", "$.handle"),
    ("variant_sku_key", "sku_taken", "another variant has this SKU", "$.variants"),
    ("stock_level_promised", "variant_in_use", VARIANT_IN_USE, "$.variants"),
    ("stock_level_not_oversold", "stock_promised", STOCK_PROMISED, "$.variants"),
    ("product_media_blob_fkey", "media_not_found", "a picture was deleted meanwhile", "$.media"),
];
const VARIANT_IN_USE: &str =
    "the variant is part of open orders or checkouts: finish them first, or archive the product";
const STOCK_PROMISED: &str = "orders and checkouts hold more units than would lie there: cancel or ship them first, or allow backorders";

/// Whether another writer was faster, so that a second attempt may find its way around.
pub(super) fn is_lost_race(error: &WriteError) -> bool {
    let WriteError::Store(source) = error else { return false };
    let violated = source.violated_constraint();
    error.is_retryable() || CONFLICTS.iter().any(|(name, ..)| Some(*name) == violated)
}

/// The conflict that is left when no attempt found a way.
pub(super) fn name_conflict(error: WriteError) -> WriteError {
    match error {
        WriteError::Store(error) => WriteError::from_constraint(error, &CONFLICTS),
        error => error,
    }
}

/// What a change came to.
#[derive(Debug)]
pub(super) struct Saved {
    /// The product as it is now.
    pub record: ProductRecord,
}

/// Applies a change to a product that is locked, or to a blank one that is new, and stores it.
///
/// A change that changes nothing is stored nowhere: version, time and audit log stay as they are.
pub(super) async fn save(
    work: &mut Work<'_>,
    ids: &dyn IdSource,
    start: Start,
    changes: &ProductChanges,
    action: &str,
) -> Result<Saved, WriteError> {
    let (before, blank) = match start {
        Start::New(blank) => (None, Some(blank)),
        Start::Stored(record) => (Some(record), None),
    };
    let record = blank.or_else(|| before.clone());
    let Some(record) = record.map(|record| *record) else {
        return Err(WriteError::NotFound { kind: "product" });
    };
    let before = before.as_deref();
    let mut issues = Vec::new();
    let resolved = resolve::resolve(work, before, changes, &mut issues).await?;
    let mut draft = Draft { record, stock: std::collections::BTreeMap::new(), issues, ids };
    apply::apply(&mut draft, changes, &resolved, work.now);
    let schema = answered_for(before, &draft.record.product, (changes, resolved.schema));
    if let Err(found) = draft.record.product.validate(&schema) {
        let place =
            |issue: Issue| Issue { path: relocate(&draft.record.product, changes, &issue.path), ..issue };
        draft.issues.extend(found.into_iter().map(place).collect::<Vec<_>>());
    }
    if !draft.issues.is_empty() {
        return Err(WriteError::Invalid(draft.issues));
    }
    refuse_removal_in_use(before, &draft.record.product)?;
    choose_handle(work, &mut draft.record.product, before, changes).await?;
    refuse_taken_skus(work, &draft.record.product, changes).await?;
    store(work, draft, before, action).await
}

/// The part of the type's schema that a change must meet: all of it when the product is new or gets another type, else
/// what it says of the attributes that are sent.
fn answered_for(
    before: Option<&ProductRecord>,
    after: &Product,
    (changes, schema): (&ProductChanges, AttributeSchema),
) -> AttributeSchema {
    let same_type = before.is_some_and(|before| before.product.product_type_id == after.product_type_id);
    match &changes.attributes {
        Some(Some(sent)) if same_type => schema.of_keys(|key| sent.contains_key(key)),
        None if same_type => AttributeSchema::default(),
        _ => schema,
    }
}

/// What a change begins with.
pub(super) enum Start {
    /// A product that has nothing yet.
    New(Box<ProductRecord>),
    /// A product as it is stored; its row is locked.
    Stored(Box<ProductRecord>),
}

/// A variant that belongs to orders or is held for checkouts cannot go.
fn refuse_removal_in_use(before: Option<&ProductRecord>, after: &Product) -> Result<(), WriteError> {
    let Some(before) = before else { return Ok(()) };
    let kept = |id| after.variants.iter().any(|variant| variant.id == id);
    let in_use =
        before.stock.iter().find(|level| level.allocated + level.reserved > 0 && !kept(level.variant_id));
    let Some(level) = in_use else { return Ok(()) };
    Err(WriteError::conflict("variant_in_use", VARIANT_IN_USE, Some("$.variants"))
        .with_fact("variant_id", level.variant_id.to_string())
        .with_fact("allocated", level.allocated)
        .with_fact("reserved", level.reserved))
}

async fn choose_handle(
    work: &Work<'_>,
    product: &mut Product,
    before: Option<&ProductRecord>,
    changes: &ProductChanges,
) -> Result<(), WriteError> {
    match &changes.handle {
        None if before.is_some() => Ok(()),
        Some(Some(handle)) => {
            check_handle::<ProductId>(handle)?;
            if let Some(holder) = product::find_handle_holder(&work.tx, handle, product.id).await? {
                let detail = format!("another product has the handle {handle}");
                return Err(WriteError::conflict("handle_taken", detail, Some("$.handle"))
                    .with_fact("product_id", holder.to_string()));
            }
            product.handle = handle.clone();
            Ok(())
        }
        _ => {
            // A title without letters or digits makes no handle; the id does.
            let base = Handle::from_title(&product.title).unwrap_or_else(|_| product.handle.clone());
            product::lock_handle(&work.tx, &base).await?;
            let candidates = handle_candidates(&base, product.id);
            let free = product::find_free_handle(&work.tx, &candidates, product.id).await?;
            product.handle = free.ok_or_else(|| {
                WriteError::conflict(
                    "handle_taken",
                    "choose a handle: those of this title are taken",
                    Some("$.handle"),
                )
            })?;
            Ok(())
        }
    }
}

fn handle_candidates(base: &Handle, id: ProductId) -> Vec<Handle> {
    let numbered = (2..=NUMBERED_HANDLES).map(|number| base.with_suffix(number));
    let low_bits = u32::try_from(id.as_uuid().as_u128() & u128::from(u32::MAX)).unwrap_or_default();
    std::iter::once(base.clone()).chain(numbered).chain([base.with_suffix(low_bits)]).collect()
}

async fn refuse_taken_skus(
    work: &Work<'_>,
    product: &Product,
    changes: &ProductChanges,
) -> Result<(), WriteError> {
    let skus: Vec<&str> = product.variants.iter().filter_map(|variant| variant.sku.as_deref()).collect();
    if skus.is_empty() {
        return Ok(());
    }
    let holders = product::find_sku_holders(&work.tx, &skus, product.id).await?;
    let Some(holder) = holders.into_iter().next() else { return Ok(()) };
    let has = |sku: &Option<String>| sku.as_ref() == Some(&holder.sku);
    let index = product.variants.iter().position(|variant| has(&variant.sku)).unwrap_or_default();
    let path = relocate(product, changes, &format!("$.variants[{index}].sku"));
    let detail = format!("another variant has the SKU {}", holder.sku);
    Err(WriteError::conflict("sku_taken", detail, Some(&path))
        .with_fact("product_id", holder.product_id.to_string())
        .with_fact("variant_id", holder.variant_id.to_string()))
}

/// The path in the request of a path in the product: a variant's fields may stand beside the product's own, or be all
/// of the body.
fn relocate(product: &Product, changes: &ProductChanges, path: &str) -> String {
    let Some((index, rest)) = path.strip_prefix("$.variants[").and_then(|rest| rest.split_once(']')) else {
        return path.to_owned();
    };
    let Ok(index) = index.parse::<usize>() else { return path.to_owned() };
    let id = product.variants.get(index).map(|variant| variant.id);
    let (prefix, item): (String, Option<&VariantChanges>) = match &changes.variants {
        VariantsChange::Replace(items) => (format!("$.variants[{index}]"), items.get(index)),
        VariantsChange::Single(item) => ("$".to_owned(), Some(item)),
        VariantsChange::Add(item) if index + 1 == product.variants.len() => ("$".to_owned(), Some(item)),
        VariantsChange::Patch(patched, item) if id == Some(*patched) => ("$".to_owned(), Some(item)),
        _ => (format!("$.variants[{index}]"), None),
    };
    let has_one_price = item.is_some_and(|item| item.price.is_some() && item.prices.is_none());
    match rest.strip_prefix(".prices[").and_then(|rest| rest.split_once(']')) {
        Some((_, field)) if has_one_price => format!("{prefix}.price{field}"),
        _ => format!("{prefix}{rest}"),
    }
}

async fn store(
    work: &mut Work<'_>,
    mut draft: Draft<'_>,
    before: Option<&ProductRecord>,
    action: &str,
) -> Result<Saved, WriteError> {
    let stock = stock_changes(work, &draft).await?;
    let same = |before: &ProductRecord| {
        before.product == draft.record.product && before.translations == draft.record.translations
    };
    if before.is_some_and(same) && stock.levels.is_empty() {
        return Ok(Saved { record: draft.record });
    }
    let product = &mut draft.record.product;
    product.version += i64::from(before.is_some());
    product.updated_at = work.now;
    product::save(&work.tx, before, &draft.record).await?;
    if let Some(location) = stock.location {
        let cause = staff_cause(work);
        stock_level::set_on_hand(&work.tx, location, &stock.levels, (&cause, work.now)).await?;
    }
    let stored = product::get(&work.tx, draft.record.product.id).await?;
    let record = stored.ok_or(WriteError::NotFound { kind: "product" })?;
    tell(work, before, &record, &stock.levels);
    let after = snapshot(&record)?;
    let entity = ("product", record.product.id.as_uuid());
    match before.map(snapshot).transpose()? {
        None => work.audit(action, entity, None, Some(after)),
        Some(before) => {
            let (before, after) = difference(before, after).unzip();
            work.audit(action, entity, before, after);
        }
    }
    Ok(Saved { record })
}

/// What is to lie where, as far as it differs.
struct StockChanges {
    location: Option<tradepost_domain::kernel::ids::StockLocationId>,
    levels: Vec<OnHand>,
}

async fn stock_changes(work: &Work<'_>, draft: &Draft<'_>) -> Result<StockChanges, WriteError> {
    if draft.stock.is_empty() {
        return Ok(StockChanges { location: None, levels: Vec::new() });
    }
    let location = stock_level::default_location(&work.tx, work.next_id(), work.now).await?;
    let is_there = |variant_id, on_hand| {
        let mut levels = draft.record.stock.iter();
        levels.any(|level| {
            level.variant_id == variant_id && level.location_id == location && level.on_hand == on_hand
        })
    };
    let changed = draft.stock.iter().filter(|(variant, on_hand)| !is_there(**variant, **on_hand));
    let level = |(variant, on_hand): (&_, &i64)| OnHand {
        id: work.next_id(),
        variant_id: *variant,
        on_hand: *on_hand,
    };
    Ok(StockChanges { location: Some(location), levels: changed.map(level).collect() })
}

fn tell(work: &mut Work<'_>, before: Option<&ProductRecord>, after: &ProductRecord, stock: &[OnHand]) {
    let product = &after.product;
    let kind = match (before.map(|before| before.product.status), product.status) {
        (None, _) => "product.created",
        (Some(old), new) if old == new => "product.updated",
        (Some(_), ProductStatus::Published) => "product.published",
        (Some(_), ProductStatus::Archived) => "product.archived",
        (Some(_), ProductStatus::Draft) => "product.updated",
    };
    let payload: Value = json!({
        "handle": product.handle.as_str(),
        "title": product.title,
        "status": product.status.as_str(),
    });
    work.event(kind, product.id.as_uuid(), product.version, payload);
    if before.is_some() && !stock.is_empty() {
        let variants: Vec<String> = stock.iter().map(|level| level.variant_id.to_string()).collect();
        work.event("stock.updated", product.id.as_uuid(), product.version, json!({"variant_ids": variants}));
    }
}
