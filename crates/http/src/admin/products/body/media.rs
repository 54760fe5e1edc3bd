//! Pictures in bodies.

use tradepost_app::catalog::product::changes::{MediaChanges, MediaSource};
use tradepost_domain::catalog::Issue;
use tradepost_domain::kernel::ids::MediaId;
use utoipa::ToSchema;

use super::clearable;
use crate::extract::patch::{Patch, present};
use crate::problem::Problem;

/// A picture in a product: stored here (`blob`) or elsewhere (`source_url`).
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductMediaWrite {
    /// Which one, to keep one that is there.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, pattern = "^med_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    id: Option<MediaId>,
    /// Address of a picture that is elsewhere.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    source_url: Option<String>,
    /// Name of a picture that was uploaded.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    blob: Option<String>,
    /// What it shows, for those who cannot see it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    alt: Patch<String>,
    /// Place among the pictures, from 0.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = u16, required = false, maximum = 65_535)]
    position: Option<u16>,
}

/// A picture to add to a product: stored here (`blob`) or elsewhere (`source_url`).
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductMediaAdd {
    /// Address of a picture that is elsewhere.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    source_url: Option<String>,
    /// Name of a picture that was uploaded.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    blob: Option<String>,
    /// What it shows, for those who cannot see it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    alt: Patch<String>,
    /// Place among the pictures, from 0; the last when it is not said.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = u16, required = false, maximum = 65_535)]
    position: Option<u16>,
}

/// What changes of a picture.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductMediaPatch {
    /// What it shows, for those who cannot see it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    alt: Patch<String>,
    /// Place among the pictures, from 0.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = u16, required = false, maximum = 65_535)]
    position: Option<u16>,
}

fn source(
    source_url: Option<String>,
    blob: Option<String>,
    path: &str,
) -> Result<Option<MediaSource>, Problem> {
    match (source_url, blob) {
        (None, None) => Ok(None),
        (Some(url), None) => Ok(Some(MediaSource::Url(url))),
        (None, Some(blob)) => Ok(Some(MediaSource::Blob(blob))),
        (Some(_), Some(_)) => {
            let message = "give either `blob` or `source_url`";
            Err(Problem::invalid(vec![Issue::new(path, "conflicting_fields", message)]))
        }
    }
}

impl ProductMediaWrite {
    /// What it changes; `path` is its own in the body.
    pub(super) fn into_changes(self, path: &str) -> Result<MediaChanges, Problem> {
        Ok(MediaChanges {
            id: self.id,
            source: source(self.source_url, self.blob, path)?,
            alt: clearable(self.alt),
            position: self.position.map(usize::from),
        })
    }
}

impl ProductMediaAdd {
    /// What it adds.
    pub fn into_changes(self) -> Result<MediaChanges, Problem> {
        Ok(MediaChanges {
            id: None,
            source: source(self.source_url, self.blob, "$")?,
            alt: clearable(self.alt),
            position: self.position.map(usize::from),
        })
    }
}

impl ProductMediaPatch {
    /// What it changes.
    pub fn into_changes(self) -> MediaChanges {
        MediaChanges {
            id: None,
            source: None,
            alt: clearable(self.alt),
            position: self.position.map(usize::from),
        }
    }
}
