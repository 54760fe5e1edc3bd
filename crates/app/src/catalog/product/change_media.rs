//! One picture of a product: added, changed, removed. The product's version counts these changes.

use tradepost_domain::kernel::ids::MediaId;
use tradepost_store::catalog::product::ProductRecord;

use super::changes::{MediaChange, MediaChanges, ProductChanges};
use super::patch::{ProductTarget, load};
use super::save::{Start, save};
use super::view::media_view;
use super::{PRODUCTS_PATH, retried};
use crate::answer::{Answer, Outcome};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Adds a picture.
pub async fn add_product_media(
    context: &StaffContext,
    target: &ProductTarget,
    media: MediaChanges,
) -> Result<Answer, WriteError> {
    let changes = with(MediaChange::Add(Box::new(media)));
    retried!(attempt(context, target, &changes, None))
}

/// Changes what a picture says and where it stands.
pub async fn patch_product_media(
    context: &StaffContext,
    target: &ProductTarget,
    id: MediaId,
    media: MediaChanges,
) -> Result<Answer, WriteError> {
    let changes = with(MediaChange::Patch(id, Box::new(media)));
    retried!(attempt(context, target, &changes, Some(id)))
}

/// Removes a picture from the product; what is stored of it stays.
pub async fn remove_product_media(
    context: &StaffContext,
    target: &ProductTarget,
    id: MediaId,
) -> Result<Answer, WriteError> {
    let changes = with(MediaChange::Remove(id));
    retried!(attempt(context, target, &changes, Some(id)))
}

fn with(media: MediaChange) -> ProductChanges {
    ProductChanges { media, ..ProductChanges::default() }
}

async fn attempt(
    context: &StaffContext,
    target: &ProductTarget,
    changes: &ProductChanges,
    id: Option<MediaId>,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("change_media").await?;
    let before = load(&work, target).await?;
    let known: Vec<MediaId> = before.product.media.iter().map(|media| media.id).collect();
    if id.is_some_and(|id| !known.contains(&id)) {
        return Err(WriteError::NotFound { kind: "media" });
    }
    let saved = save(&mut work, &*context.shop.ids, Start::Stored(before), changes, "product.update").await?;
    let answer = answer(&saved.record, &known, id)?;
    work.finish(answer).await
}

fn answer(record: &ProductRecord, known: &[MediaId], id: Option<MediaId>) -> Result<Answer, WriteError> {
    let product = &record.product;
    let media = match id {
        Some(id) => product.media.iter().find(|media| media.id == id),
        None => product.media.iter().find(|media| !known.contains(&media.id)),
    };
    let Some(media) = media else { return Ok(Answer::deleted()) };
    let view = media_view(record, media);
    let outcome = if id.is_some() { Outcome::Done } else { Outcome::Created };
    let answer = Answer::new(outcome, &view, Some(product.version))?;
    let location = || format!("{PRODUCTS_PATH}/{}/media/{}", product.id, view.id);
    Ok(if id.is_some() { answer } else { answer.at(location()) })
}
