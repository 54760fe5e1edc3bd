//! Applies a change of a product's pictures.

use std::collections::BTreeMap;

use tradepost_domain::catalog::Media;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::kernel::ids::MediaId;
use tradepost_store::catalog::media::MediaAsset;

use super::apply::Draft;
use super::changes::{MediaChange, MediaChanges, MediaSource};

/// Characters of a picture's description.
const ALT_LEN_MAX: usize = 1_000;
/// Characters of a picture's address.
const URL_LEN_MAX: usize = 2_048;

type Assets = BTreeMap<String, MediaAsset>;

pub(super) fn apply(draft: &mut Draft<'_>, change: &MediaChange, assets: &Assets) {
    match change {
        MediaChange::Keep => return,
        MediaChange::Replace(items) => replace(draft, items, assets),
        MediaChange::Add(item) => {
            let media = make(draft, item, None, "$", assets);
            place(draft, media, item.position);
        }
        MediaChange::Patch(id, item) => {
            let Some(index) = position(draft, *id) else { return };
            let old = draft.record.product.media.remove(index);
            let media = make(draft, item, Some(old), "$", assets);
            place(draft, media, item.position.or(Some(index)));
        }
        MediaChange::Remove(id) => draft.record.product.media.retain(|media| media.id != *id),
    }
    let product = &mut draft.record.product;
    for variant in &mut product.variants {
        // A variant whose picture is gone shows the product's first one.
        variant.media_id = variant.media_id.filter(|id| product.media.iter().any(|media| media.id == *id));
    }
}

fn position(draft: &Draft<'_>, id: MediaId) -> Option<usize> {
    draft.record.product.media.iter().position(|media| media.id == id)
}

fn place(draft: &mut Draft<'_>, media: Option<Media>, position: Option<usize>) {
    let Some(media) = media else { return };
    let list = &mut draft.record.product.media;
    list.insert(position.unwrap_or(list.len()).min(list.len()), media);
}

fn replace(draft: &mut Draft<'_>, items: &[MediaChanges], assets: &Assets) {
    let mut old = std::mem::take(&mut draft.record.product.media);
    let mut placed: Vec<(usize, Media)> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = format!("$.media[{index}]");
        let same = |media: &Media| match (item.id, &item.source) {
            (Some(id), _) => media.id == id,
            (None, Some(source)) => shows(media, source),
            (None, None) => false,
        };
        let known = old.iter().position(same).map(|place| old.remove(place));
        if item.id.is_some() && known.is_none() {
            draft.issue(format!("{path}.id"), "unknown_media", "the product has no picture with this id");
            continue;
        }
        if let Some(media) = make(draft, item, known, &path, assets) {
            placed.push((item.position.unwrap_or(index), media));
        }
    }
    placed.sort_by_key(|(position, _)| *position);
    draft.record.product.media = placed.into_iter().map(|(_, media)| media).collect();
}

/// Whether the picture is the one at this source.
pub(super) fn shows(media: &Media, source: &MediaSource) -> bool {
    match source {
        MediaSource::Blob(blob) => media.blob.as_ref() == Some(blob),
        MediaSource::Url(url) => media.source_url.as_ref() == Some(url),
    }
}

/// The picture as it is to be: `known` changed, or a new one.
fn make(
    draft: &mut Draft<'_>,
    item: &MediaChanges,
    known: Option<Media>,
    path: &str,
    assets: &Assets,
) -> Option<Media> {
    let mut media = match (known, &item.source) {
        (Some(known), _) => known,
        (None, Some(_)) => Media {
            id: draft.ids.next(),
            blob: None,
            source_url: None,
            alt: String::new(),
            width: None,
            height: None,
        },
        (None, None) => {
            draft.issue(path, "source_required", "a picture is given by `blob` or `source_url`");
            return None;
        }
    };
    match &item.source {
        Some(source) if !shows(&media, source) => set_source(draft, &mut media, source, path, assets),
        _ => {}
    }
    if let Some(alt) = &item.alt {
        alt.as_deref().unwrap_or_default().trim().clone_into(&mut media.alt);
        draft.issues.extend(check_text(&format!("{path}.alt"), &media.alt, ALT_LEN_MAX, false));
    }
    Some(media)
}

fn set_source(draft: &mut Draft<'_>, media: &mut Media, source: &MediaSource, path: &str, assets: &Assets) {
    (media.blob, media.source_url, media.width, media.height) = match source {
        MediaSource::Url(url) => {
            if !is_picture_url(url) {
                let message = "expected an http or https address of at most 2048 characters";
                draft.issue(format!("{path}.source_url"), "invalid_url", message);
            }
            (None, Some(url.clone()), None, None)
        }
        MediaSource::Blob(blob) => {
            let asset = assets.get(blob);
            if asset.is_none() {
                let message = "there is no such picture: upload it to /api/admin/media first";
                draft.issue(format!("{path}.blob"), "unknown_blob", message);
            }
            (Some(blob.clone()), None, asset.and_then(|it| it.width), asset.and_then(|it| it.height))
        }
    };
}

/// Whether a text can stand in a page as the address of a picture. It is never fetched by the shop.
pub(crate) fn is_picture_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let fit = |letter: char| !letter.is_whitespace() && !letter.is_control() && !"\"'<>\\`".contains(letter);
    url.chars().count() <= URL_LEN_MAX
        && host.chars().any(char::is_alphanumeric)
        && !host.contains('@')
        && url.chars().all(fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_name_a_picture() {
        assert!(is_picture_url("https://cdn.example/a%20b.jpg?w=1"));
        for url in [
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "//cdn.example/a.jpg",
            "https://",
            "https:///a.jpg",
            "https://a b/c.jpg",
            "https://a.example/\"onerror=x",
            "https://user:word@a.example/c.jpg",
            "file:///etc/passwd",
        ] {
            assert!(!is_picture_url(url), "{url}");
        }
    }
}
