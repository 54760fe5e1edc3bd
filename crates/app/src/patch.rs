//! Fields of a PATCH: absent (stays), null (is cleared) and a value (is set) are three different things.
//!
//! A field that can be cleared is a [`Patch`] with `#[serde(default)]`; one that cannot is an `Option` with
//! `#[serde(default, deserialize_with = "present")]`, for which null is refused.

use serde::{Deserialize, Deserializer};

/// What a PATCH says of a field that can be cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Nothing: it stays as it is.
    #[default]
    Absent,
    /// It is cleared.
    Null,
    /// It is set.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

impl<T> Patch<T> {
    /// Clears or sets what it says something of.
    pub fn apply(self, place: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *place = None,
            Self::Value(value) => *place = Some(value),
        }
    }

    /// The value that is set, if one is.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

/// Reads a field that, when it is there, must have a value.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Sets what was given.
pub fn set<T>(place: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *place = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Example {
        #[serde(default)]
        parent: Patch<u8>,
        #[serde(default, deserialize_with = "present")]
        name: Option<String>,
    }

    #[test]
    fn absent_null_and_a_value_differ() {
        let read = |text| serde_json::from_str::<Example>(text);
        assert_eq!(read("{}").unwrap(), Example { parent: Patch::Absent, name: None });
        assert_eq!(read(r#"{"parent":null}"#).unwrap().parent, Patch::Null);
        assert_eq!(read(r#"{"parent":3}"#).unwrap().parent, Patch::Value(3));
        assert_eq!(read(r#"{"name":"x"}"#).unwrap().name.as_deref(), Some("x"));
        assert!(read(r#"{"name":null}"#).is_err());
        assert!(read(r#"{"parent":"x"}"#).is_err());
    }

    #[test]
    fn only_what_is_said_changes() {
        let mut place = Some(1);
        Patch::Absent.apply(&mut place);
        assert_eq!(place, Some(1));
        Patch::Value(2).apply(&mut place);
        assert_eq!(place, Some(2));
        Patch::Null.apply(&mut place);
        assert_eq!(place, None);
    }
}
