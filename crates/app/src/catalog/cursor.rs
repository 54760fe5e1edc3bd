//! Cursors: where a page ended, as an opaque text.
//!
//! A cursor holds the kind and value of the sort key, the id that breaks ties, and a hash of the question it belongs
//! to. It is not secret and not signed: whoever changes one gets another place in the same list, or `InvalidCursor`.
//! What is read from one is therefore checked as any other input is.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use tradepost_domain::catalog::product_query::{Position, Sort, SortKey};
use tradepost_domain::kernel::ids::{EntityId, ProductId};
use uuid::Uuid;

/// Longest cursor that is looked at; the longest that is made holds a title.
const CURSOR_LEN_MAX: usize = 4096;
/// First byte of a cursor: another layout gets another number.
const LAYOUT: u8 = 1;
/// 0001-01-01: a time before it, which the database could not compare, is nobody's.
const EARLIEST_US: i64 = -62_135_596_800_000_000;

/// A cursor that is garbage, or belongs to another question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one of this list")]
pub struct InvalidCursor;

/// The question that a cursor belongs to, as a short hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question([u8; 8]);

impl Question {
    /// Of a text that is the same for all pages of a list and for no other list.
    pub fn of(text: &str) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let mut hash = [0; 8];
        hash.iter_mut().zip(digest.as_ref()).for_each(|(place, byte)| *place = *byte);
        Self(hash)
    }
}

/// What kind of value a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// [`SortKey::Integer`].
    Integer,
    /// [`SortKey::Score`].
    Score,
    /// [`SortKey::Text`].
    Text,
    /// [`SortKey::Time`].
    Time,
}

impl KeyKind {
    /// Of a listing of products.
    pub fn of(sort: Sort, has_text: bool) -> Self {
        match sort {
            Sort::Relevance if has_text => Self::Score,
            Sort::Newest => Self::Time,
            Sort::Name => Self::Text,
            Sort::Relevance
            | Sort::BestSelling
            | Sort::PriceAscending
            | Sort::PriceDescending
            | Sort::Rating => Self::Integer,
        }
    }

    fn of_key(key: &SortKey) -> Self {
        match key {
            SortKey::Integer(_) => Self::Integer,
            SortKey::Score(_) => Self::Score,
            SortKey::Text(_) => Self::Text,
            SortKey::Time(_) => Self::Time,
        }
    }

    fn tag(self) -> u8 {
        match self {
            Self::Integer => 1,
            Self::Score => 2,
            Self::Text => 3,
            Self::Time => 4,
        }
    }
}

/// Where a page ended, in any list.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Value of the sort.
    pub key: SortKey,
    /// Id, which breaks ties.
    pub id: Uuid,
}

impl From<&Position> for Place {
    fn from(position: &Position) -> Self {
        Self { key: position.key.clone(), id: position.id.as_uuid() }
    }
}

impl From<Place> for Position {
    fn from(place: Place) -> Self {
        Self { key: place.key, id: ProductId::from_uuid(place.id) }
    }
}

/// The cursor of a place in the list that answers a question.
pub fn encode(place: &Place, question: Question) -> String {
    let mut bytes = vec![LAYOUT, KeyKind::of_key(&place.key).tag()];
    bytes.extend_from_slice(&question.0);
    bytes.extend_from_slice(place.id.as_bytes());
    match &place.key {
        SortKey::Integer(value) => bytes.extend_from_slice(&value.to_be_bytes()),
        SortKey::Score(value) => bytes.extend_from_slice(&value.to_be_bytes()),
        SortKey::Text(value) => bytes.extend_from_slice(value.as_bytes()),
        SortKey::Time(value) => bytes.extend_from_slice(&value.as_microsecond().to_be_bytes()),
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place that a cursor names, if it belongs to the question and holds a key of this kind.
pub fn decode(text: &str, question: Question, kind: KeyKind) -> Result<Place, InvalidCursor> {
    if text.len() > CURSOR_LEN_MAX {
        return Err(InvalidCursor);
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
    let rest = bytes.strip_prefix(&[LAYOUT, kind.tag()]).ok_or(InvalidCursor)?;
    let rest = rest.strip_prefix(&question.0).ok_or(InvalidCursor)?;
    let (id, key) = rest.split_first_chunk::<16>().ok_or(InvalidCursor)?;
    Ok(Place { key: decode_key(key, kind).ok_or(InvalidCursor)?, id: Uuid::from_bytes(*id) })
}

fn decode_key(bytes: &[u8], kind: KeyKind) -> Option<SortKey> {
    Some(match kind {
        KeyKind::Integer => SortKey::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
        KeyKind::Score => {
            let score = f32::from_be_bytes(bytes.try_into().ok()?);
            SortKey::Score(score.is_finite().then_some(score)?)
        }
        KeyKind::Text => {
            let text = std::str::from_utf8(bytes).ok()?;
            // PostgreSQL's text cannot hold it.
            (!text.contains('\0')).then(|| SortKey::Text(text.to_owned()))?
        }
        KeyKind::Time => {
            let microseconds = i64::from_be_bytes(bytes.try_into().ok()?);
            let time = Timestamp::from_microsecond(microseconds).ok()?;
            SortKey::Time((microseconds >= EARLIEST_US).then_some(time)?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [KeyKind; 4] = [KeyKind::Integer, KeyKind::Score, KeyKind::Text, KeyKind::Time];

    fn key() -> impl Strategy<Value = SortKey> {
        prop_oneof![
            any::<i64>().prop_map(SortKey::Integer),
            any::<f32>().prop_filter("finite", |score| score.is_finite()).prop_map(SortKey::Score),
            "[^\u{0}]{0,255}".prop_map(SortKey::Text),
            (EARLIEST_US..4_102_444_800_000_000)
                .prop_map(|micros| SortKey::Time(Timestamp::from_microsecond(micros).unwrap())),
        ]
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back_to_the_last_bit_and_only_for_its_own_question(key in key(), id: u128) {
            let place = Place { key, id: Uuid::from_u128(id) };
            let own = Question::of("hats");
            let text = encode(&place, own);
            for kind in KINDS {
                let expected = if kind == KeyKind::of_key(&place.key) { Ok(place.clone()) } else { Err(InvalidCursor) };
                prop_assert_eq!(decode(&text, own, kind), expected);
            }
            let kind = KeyKind::of_key(&place.key);
            prop_assert_eq!(decode(&text, Question::of("shoes"), kind), Err(InvalidCursor));
        }

        #[test]
        fn a_cut_or_lengthened_cursor_of_fixed_length_is_refused(value: i64, cut in 1_usize..40) {
            let question = Question::of("hats");
            let text = encode(&Place { key: SortKey::Integer(value), id: Uuid::nil() }, question);
            let shorter: String = text.chars().take(text.len().saturating_sub(cut)).collect();
            prop_assert_eq!(decode(&shorter, question, KeyKind::Integer), Err(InvalidCursor));
            prop_assert_eq!(decode(&format!("{text}AA"), question, KeyKind::Integer), Err(InvalidCursor));
        }

        #[test]
        fn garbage_never_panics(text in "\\PC{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            for kind in KINDS {
                let _ = decode(&text, Question::of(""), kind);
                let mut whole = vec![LAYOUT, kind.tag()];
                whole.extend_from_slice(&Question::of("").0);
                whole.extend_from_slice(&bytes);
                if let Ok(place) = decode(&URL_SAFE_NO_PAD.encode(whole), Question::of(""), kind) {
                    prop_assert_eq!(KeyKind::of_key(&place.key), kind);
                }
            }
        }
    }

    #[test]
    fn what_the_database_could_not_compare_is_refused() {
        let question = Question::of("");
        let cursor = |tag: u8, key: &[u8]| {
            let mut bytes = vec![LAYOUT, tag];
            bytes.extend_from_slice(&question.0);
            bytes.extend_from_slice(&[0; 16]);
            bytes.extend_from_slice(key);
            URL_SAFE_NO_PAD.encode(bytes)
        };
        for (kind, key) in [
            (KeyKind::Score, f32::NAN.to_be_bytes().to_vec()),
            (KeyKind::Score, f32::INFINITY.to_be_bytes().to_vec()),
            (KeyKind::Time, i64::MAX.to_be_bytes().to_vec()),
            (KeyKind::Time, (EARLIEST_US - 1).to_be_bytes().to_vec()),
            (KeyKind::Text, b"a\0b".to_vec()),
            (KeyKind::Text, vec![0xFF]),
            (KeyKind::Text, vec![b'a'; CURSOR_LEN_MAX]),
        ] {
            assert_eq!(
                decode(&cursor(kind.tag(), &key), question, kind),
                Err(InvalidCursor),
                "{kind:?} {key:?}"
            );
        }
    }
}
