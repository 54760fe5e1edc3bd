//! Finds what a change refers to: brand, type, categories, channels, stored pictures. At most one look-up a kind.

use std::collections::BTreeMap;

use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::catalog::{AttributeSchema, Issue};
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::{BrandId, CategoryId, ChannelId, EntityId, ProductTypeId};
use tradepost_domain::kernel::limits::TITLE_LEN_MAX;
use tradepost_store::catalog::media::{self, MediaAsset};
use tradepost_store::catalog::product::ProductRecord;
use tradepost_store::catalog::reference::{self, Reference};
use tradepost_store::{StoreError, channel};

use super::changes::{Clearable, MediaChange, MediaSource, ProductChanges};
use crate::work::Work;

/// What the names in a change mean. `None`: the change does not speak of it.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub brand: Clearable<BrandId>,
    pub product_type: Clearable<ProductTypeId>,
    /// Schema of the type that the product will have.
    pub schema: AttributeSchema,
    pub category: Clearable<CategoryId>,
    pub categories: Option<Vec<CategoryId>>,
    pub channels: Clearable<Vec<ChannelId>>,
    /// Stored pictures that the change names, by blob.
    pub assets: BTreeMap<String, MediaAsset>,
}

/// Finds everything; what cannot be found becomes an issue.
pub(super) async fn resolve(
    work: &Work<'_>,
    before: Option<&ProductRecord>,
    changes: &ProductChanges,
    issues: &mut Vec<Issue>,
) -> Result<Resolved, StoreError> {
    let mut resolved = Resolved::default();
    match &changes.brand {
        None => {}
        Some(None) => resolved.brand = Some(None),
        Some(Some(text)) => resolved.brand = brand(work, text, issues).await?.map(Some),
    }
    match &changes.product_type {
        None => {
            let present = before.and_then(|before| before.product.product_type_id);
            resolved.schema = schema(work, present).await?;
        }
        Some(None) => resolved.product_type = Some(None),
        Some(Some(text)) => {
            if let Some((id, schema)) = product_type(work, text, issues).await? {
                resolved.product_type = Some(Some(id));
                resolved.schema = schema;
            }
        }
    }
    categories(work, changes, &mut resolved, issues).await?;
    match &changes.channels {
        None => {}
        Some(None) => resolved.channels = Some(None),
        Some(Some(texts)) => resolved.channels = Some(Some(channels(work, texts, issues).await?)),
    }
    resolved.assets = assets(work, changes).await?;
    Ok(resolved)
}

async fn schema(work: &Work<'_>, id: Option<ProductTypeId>) -> Result<AttributeSchema, StoreError> {
    let Some(id) = id else { return Ok(AttributeSchema::default()) };
    let wanted = Reference { id: Some(id.as_uuid()), ..Reference::default() };
    Ok(reference::find_type(&work.tx, wanted).await?.map(|(_, schema)| schema).unwrap_or_default())
}

/// A brand or type as it is named in a change.
enum Named<T> {
    Id(T),
    Handle(Handle),
}

/// Reads the name of a brand or type; `None` with an issue when nothing can have this name.
fn read_name<T: EntityId>(path: &str, text: &str, issues: &mut Vec<Issue>) -> Option<Named<T>> {
    if let Ok(id) = text.parse::<T>() {
        return Some(Named::Id(id));
    }
    if let Some(issue) = check_text(path, text, TITLE_LEN_MAX, true) {
        issues.push(issue);
        return None;
    }
    match Handle::from_title(text) {
        Ok(handle) => Some(Named::Handle(handle)),
        Err(error) => {
            issues.push(Issue::new(path, "invalid_name", error.to_string()));
            None
        }
    }
}

async fn brand(work: &Work<'_>, text: &str, issues: &mut Vec<Issue>) -> Result<Option<BrandId>, StoreError> {
    let handle = match read_name::<BrandId>("$.brand", text, issues) {
        None => return Ok(None),
        Some(Named::Id(id)) => {
            let wanted = Reference { id: Some(id.as_uuid()), ..Reference::default() };
            let found = reference::find_brand(&work.tx, wanted).await?;
            if found.is_none() {
                issues.push(Issue::new("$.brand", "unknown_brand", "there is no brand with this id"));
            }
            return Ok(found);
        }
        Some(Named::Handle(handle)) => handle,
    };
    let wanted = Reference { id: None, handle: Some(&handle), name: Some(text.trim()) };
    if let Some(found) = reference::find_brand(&work.tx, wanted).await? {
        return Ok(Some(found));
    }
    reference::add_brand(&work.tx, work.next_id(), &handle, text.trim(), work.now).await?;
    // Not the id that was drawn: another transaction may have added the brand first.
    reference::find_brand(&work.tx, wanted).await
}

async fn product_type(
    work: &Work<'_>,
    text: &str,
    issues: &mut Vec<Issue>,
) -> Result<Option<(ProductTypeId, AttributeSchema)>, StoreError> {
    let handle = match read_name::<ProductTypeId>("$.type", text, issues) {
        None => return Ok(None),
        Some(Named::Id(id)) => {
            let wanted = Reference { id: Some(id.as_uuid()), ..Reference::default() };
            let found = reference::find_type(&work.tx, wanted).await?;
            if found.is_none() {
                issues.push(Issue::new("$.type", "unknown_type", "there is no product type with this id"));
            }
            return Ok(found);
        }
        Some(Named::Handle(handle)) => handle,
    };
    let wanted = Reference { id: None, handle: Some(&handle), name: Some(text.trim()) };
    if let Some(found) = reference::find_type(&work.tx, wanted).await? {
        return Ok(Some(found));
    }
    reference::add_type(&work.tx, work.next_id(), &handle, text.trim(), work.now).await?;
    reference::find_type(&work.tx, wanted).await
}

async fn categories(
    work: &Work<'_>,
    changes: &ProductChanges,
    resolved: &mut Resolved,
    issues: &mut Vec<Issue>,
) -> Result<(), StoreError> {
    if let Some(None) = changes.category {
        resolved.category = Some(None);
    }
    let main = changes.category.as_ref().and_then(Option::as_ref);
    let further = changes.categories.as_deref();
    let texts = || main.into_iter().chain(further.unwrap_or_default());
    if main.is_none() && further.is_none() {
        return Ok(());
    }
    let ids: Vec<CategoryId> = texts().filter_map(|text| text.parse().ok()).collect();
    let handles: Vec<&str> = texts().map(String::as_str).collect();
    let found = reference::find_categories(&work.tx, &ids, &handles).await?;
    let mut find = |path: String, text: &String| {
        let id = text.parse::<CategoryId>().ok();
        let category = found.iter().find(|category| Some(category.id) == id || category.handle == *text);
        if category.is_none() {
            issues.push(Issue::new(path, "unknown_category", "there is no category with this id or handle"));
        }
        category.map(|category| category.id)
    };
    if let Some(text) = main {
        resolved.category = find("$.category".to_owned(), text).map(Some);
    }
    if let Some(texts) = further {
        let mut ids: Vec<CategoryId> = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            ids.extend(find(format!("$.categories[{index}]"), text).filter(|id| !ids.contains(id)));
        }
        resolved.categories = Some(ids);
    }
    Ok(())
}

async fn channels(
    work: &Work<'_>,
    texts: &[String],
    issues: &mut Vec<Issue>,
) -> Result<Vec<ChannelId>, StoreError> {
    let all = channel::list(&work.tx).await?;
    let mut ids: Vec<ChannelId> = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let id = text.parse::<ChannelId>().ok();
        match all.iter().find(|channel| Some(channel.id) == id || channel.handle.as_str() == text) {
            Some(channel) if ids.contains(&channel.id) => {}
            Some(channel) => ids.push(channel.id),
            None => issues.push(Issue::new(
                format!("$.channels[{index}]"),
                "unknown_channel",
                "there is no channel with this id or handle",
            )),
        }
    }
    Ok(ids)
}

/// The stored pictures that the change names. One that is not there is found missing where it is applied.
async fn assets(
    work: &Work<'_>,
    changes: &ProductChanges,
) -> Result<BTreeMap<String, MediaAsset>, StoreError> {
    let items = match &changes.media {
        MediaChange::Replace(items) => items.iter().collect(),
        MediaChange::Add(item) | MediaChange::Patch(_, item) => vec![&**item],
        MediaChange::Keep | MediaChange::Remove(_) => Vec::new(),
    };
    let blob = |source: &MediaSource| match source {
        MediaSource::Blob(blob) => Some(blob.clone()),
        MediaSource::Url(_) => None,
    };
    let blobs: Vec<String> = items.iter().filter_map(|item| blob(item.source.as_ref()?)).collect();
    if blobs.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<&str> = blobs.iter().map(String::as_str).collect();
    let found = media::find(&work.tx, &names).await?;
    Ok(found.into_iter().map(|asset| (asset.blob.clone(), asset)).collect())
}
