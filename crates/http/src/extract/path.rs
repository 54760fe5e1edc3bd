//! Path parameters: ids, handles, and either.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use tradepost_app::catalog::Reference;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_port::blob::is_blob_name;

use crate::problem::Problem;
use crate::state::ApiState;

/// A value that stands in a path.
pub trait PathValue: Sized {
    /// Reads it; the problem names no parameter yet.
    fn read(text: &str) -> Result<Self, Problem>;
}

impl<T: EntityId> PathValue for T {
    fn read(text: &str) -> Result<Self, Problem> {
        text.parse().map_err(|error: tradepost_domain::kernel::IdError| {
            Problem::new(axum::http::StatusCode::BAD_REQUEST, "invalid_id", error.to_string())
        })
    }
}

/// Stands for the kind of a thing until the name of the parameter is known.
const UNNAMED: &str = "thing";

/// An id, or the handle that people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdOrHandle<T> {
    /// Id.
    Id(T),
    /// Handle.
    Handle(Handle),
}

impl<T: Copy> IdOrHandle<T> {
    /// The id, if it is one.
    pub fn id(&self) -> Option<T> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Handle(_) => None,
        }
    }

    /// The handle, if it is one.
    pub fn handle(&self) -> Option<&Handle> {
        match self {
            Self::Id(_) => None,
            Self::Handle(handle) => Some(handle),
        }
    }
}

impl<T: EntityId> PathValue for IdOrHandle<T> {
    fn read(text: &str) -> Result<Self, Problem> {
        let looks_like_id = text.strip_prefix(T::PREFIX).is_some_and(|rest| rest.starts_with('_'));
        if looks_like_id {
            return T::read(text).map(Self::Id);
        }
        // What can be no handle names nothing, as an unknown one does; the parameter says what of.
        text.parse().map(Self::Handle).map_err(|_| Problem::missing(UNNAMED))
    }
}

/// Name of a stored picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobName(pub String);

impl PathValue for BlobName {
    fn read(text: &str) -> Result<Self, Problem> {
        // What can be no name names nothing.
        if is_blob_name(text) { Ok(Self(text.to_owned())) } else { Err(Problem::missing("media")) }
    }
}

/// Any text, for the handler to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(pub String);

impl PathValue for Word {
    fn read(text: &str) -> Result<Self, Problem> {
        Ok(Self(text.to_owned()))
    }
}

impl<T: EntityId> From<IdOrHandle<T>> for Reference<T> {
    fn from(either: IdOrHandle<T>) -> Self {
        match either {
            IdOrHandle::Id(id) => Self::Id(id),
            IdOrHandle::Handle(handle) => Self::Handle(handle.as_str().to_owned()),
        }
    }
}

/// The parameters of a path, in order: one value, or a tuple of two.
#[derive(Debug)]
pub struct Path<T>(pub T);

async fn params(parts: &mut Parts, state: &ApiState) -> Result<Vec<(String, String)>, Problem> {
    let params = RawPathParams::from_request_parts(parts, state).await;
    let params =
        params.map_err(|_| Problem::malformed("invalid_path", "path", "the path is not valid UTF-8"))?;
    Ok(params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn read_one<T: PathValue>(params: &[(String, String)], place: usize) -> Result<T, Problem> {
    let (name, value) =
        params.get(place).map_or(("path", ""), |(name, value)| (name.as_str(), value.as_str()));
    T::read(value).map_err(|problem| {
        // It is not found as an unknown one is, in the same words.
        let is_unnamed = problem.code == Problem::missing(UNNAMED).code;
        if is_unnamed { Problem::missing(name) } else { problem.param(name) }
    })
}

impl<T: PathValue> FromRequestParts<ApiState> for Path<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        Ok(Self(read_one(&params(parts, state).await?, 0)?))
    }
}

/// Two parameters of a path.
#[derive(Debug)]
pub struct Path2<A, B>(pub A, pub B);

impl<A: PathValue, B: PathValue> FromRequestParts<ApiState> for Path2<A, B> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        Ok(Self(read_one(&params, 0)?, read_one(&params, 1)?))
    }
}
