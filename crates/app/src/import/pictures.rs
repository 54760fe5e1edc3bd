//! Pictures of which the shop has only the name: kept in metadata, with their places among those that it can show.

use std::collections::HashMap;

use serde_json::{Value, json};
use tradepost_domain::catalog::{JsonMap, Media};
use tradepost_domain::kernel::ids::MediaId;
use tradepost_port::blob::is_blob_name;
use tradepost_store::catalog::media::MediaAsset;

use super::draft::{Draft, patch_metadata};
use super::record::{IMPORT_KEY, STORED_PREFIX};

/// What is kept of a picture that stands at a place among all, from 0.
pub(super) fn file(name: &str, alt: &str, place: usize) -> Value {
    json!({"name": name, "alt": alt, "position": place})
}

/// Keeps what only a file knows.
pub(super) fn remember(metadata: &mut JsonMap, key: &str, value: Value) {
    let kept = metadata.entry(IMPORT_KEY).or_insert_with(|| Value::Object(JsonMap::new()));
    if let Some(kept) = kept.as_object_mut() {
        kept.insert(key.to_owned(), value);
    }
}

/// Forgets what was kept.
pub(super) fn forget(metadata: &mut JsonMap, key: &str) {
    let Some(kept) = metadata.get_mut(IMPORT_KEY).and_then(Value::as_object_mut) else { return };
    kept.remove(key);
    if kept.is_empty() {
        metadata.remove(IMPORT_KEY);
    }
}

/// Puts the names of files back to their places among the other pictures.
pub fn in_order<T>(mut pictures: Vec<T>, files: &[Value], of_file: impl Fn(&Value) -> T) -> Vec<T> {
    for file in files {
        let place =
            file.get("position").and_then(Value::as_u64).and_then(|place| usize::try_from(place).ok());
        let last = pictures.len();
        pictures.insert(place.map_or(last, |place| place.min(last)), of_file(file));
    }
    pictures
}

/// A picture of a draft.
#[derive(Clone)]
enum Picture {
    Shown(Media),
    File(Value),
}

/// The name of the stored picture that this one is, or would be: it is made of the content, so that a picture of that name
/// is the same on any shop.
pub fn named_by_hash(media: &Media) -> Option<&str> {
    let of_address = || media.source_url.as_deref()?.rsplit_once(STORED_PREFIX).map(|(_, name)| name);
    media.blob.as_deref().or_else(of_address).filter(|name| is_blob_name(name))
}

/// Stored pictures get the size that is known of them; of those that the shop does not have only the name stays.
pub fn settle(draft: &mut Draft, assets: &HashMap<String, MediaAsset>) {
    let media = &mut draft.imported.product.media;
    for media in &mut *media {
        if let Some(asset) = named_by_hash(media).and_then(|blob| assets.get(blob)) {
            (media.blob, media.source_url) = (Some(asset.blob.clone()), None);
        }
        if let Some(asset) = media.blob.as_ref().and_then(|blob| assets.get(blob)) {
            (media.width, media.height) = (asset.width, asset.height);
        }
    }
    let missing = |media: &Media| media.blob.as_ref().is_some_and(|blob| !assets.contains_key(blob));
    if !media.iter().any(missing) {
        return;
    }
    let kept = draft.metadata.get(IMPORT_KEY).and_then(|kept| kept.get("files"));
    let files = kept.and_then(Value::as_array).cloned().unwrap_or_default();
    let shown = std::mem::take(media).into_iter().map(Picture::Shown).collect();
    let (mut files_now, mut gone) = (Vec::new(), HashMap::new());
    for (place, picture) in
        in_order(shown, &files, |file| Picture::File(file.clone())).into_iter().enumerate()
    {
        match picture {
            Picture::Shown(shown) if missing(&shown) => {
                let name = format!("{STORED_PREFIX}{}", shown.blob.as_deref().unwrap_or_default());
                files_now.push(file(&name, &shown.alt, place));
                gone.insert(shown.id, name);
            }
            Picture::Shown(shown) => media.push(shown),
            Picture::File(file) => files_now.push(file),
        }
    }
    remember(&mut draft.metadata, "files", Value::Array(files_now));
    patch_metadata(&mut draft.imported.product.metadata, &draft.metadata, &[]);
    name_gone(draft, &gone);
}

/// Variants whose pictures are gone remember them by name.
fn name_gone(draft: &mut Draft, gone: &HashMap<MediaId, String>) {
    for (variant, facts) in draft.imported.product.variants.iter_mut().zip(&mut draft.variants) {
        if let Some(name) = variant.media_id.and_then(|id| gone.get(&id)) {
            variant.media_id = None;
            facts.image = Some(name.clone());
            facts.patch_metadata(&mut variant.metadata, &[]);
        }
    }
}
