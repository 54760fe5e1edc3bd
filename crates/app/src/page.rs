//! Pages of staff's lists: where the last one ended is said by an opaque cursor, which reads back strictly.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::kernel::ids::EntityId;
use utoipa::ToSchema;

/// Where a page ended: what its list is sorted by.
pub trait CursorKey: Sized {
    /// Writes it.
    fn write(&self) -> String;
    /// Reads what [`CursorKey::write`] wrote, and nothing else.
    fn read(text: &str) -> Option<Self>;
}

impl<T: EntityId> CursorKey for T {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Place in a list that is sorted by a number, ties by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByNumber<T> {
    /// The number: microseconds since 1970 or a position.
    pub number: i64,
    /// Id.
    pub id: T,
}

impl<T: EntityId> ByNumber<T> {
    /// Place in a list that is sorted by time.
    pub fn at(at: Timestamp, id: T) -> Self {
        Self { number: at.as_microsecond(), id }
    }

    /// The number as a time; the end of time for a number that is none.
    pub fn timestamp(&self) -> Timestamp {
        Timestamp::from_microsecond(self.number).unwrap_or(Timestamp::MAX)
    }
}

impl<T: EntityId> CursorKey for ByNumber<T> {
    fn write(&self) -> String {
        format!("{}.{}", self.number, self.id)
    }

    fn read(text: &str) -> Option<Self> {
        let (number, id) = text.split_once('.')?;
        let key = Self { number: number.parse().ok()?, id: id.parse().ok()? };
        // PostgreSQL's time begins later than the calendar's: what it cannot compare is no place in a list.
        (key.number >= YEAR_ONE_US && Timestamp::from_microsecond(key.number).is_ok()).then_some(key)
    }
}

/// The first of January of the year 1 in microseconds since 1970.
const YEAR_ONE_US: i64 = -62_135_596_800_000_000;

/// Writes a cursor.
pub fn encode_cursor(key: &impl CursorKey) -> String {
    URL_SAFE_NO_PAD.encode(key.write())
}

/// Reads a cursor of this list; `None` for every text that [`encode_cursor`] cannot have written.
pub fn decode_cursor<K: CursorKey>(text: &str) -> Option<K> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let key = K::read(std::str::from_utf8(&bytes).ok()?)?;
    (encode_cursor(&key) == text).then_some(key)
}

/// A page that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// Only what comes after this.
    pub after: Option<K>,
    /// Items at most.
    pub limit: u32,
    /// Whether to count all items.
    pub count: bool,
}

impl<K> PageRequest<K> {
    /// Rows to ask for: one more than the page holds says whether there is more.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit).saturating_add(1)
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// Where they stand in the whole.
    pub page: PageInfo,
}

/// Where a page stands in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageInfo {
    /// Cursor of the next page; null on the last one.
    pub next: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// Items at most on this page.
    pub limit: u32,
    /// All items of the list, with `count=exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

impl<T> Page<T> {
    /// Makes the page of the rows that [`PageRequest::rows`] asked for; `key` says where an item stands.
    pub fn new<K: CursorKey>(
        request: &PageRequest<K>,
        mut rows: Vec<T>,
        total: Option<i64>,
        key: impl Fn(&T) -> K,
    ) -> Self {
        let room = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > room;
        rows.truncate(room);
        let next = rows.last().filter(|_| has_more).map(|last| encode_cursor(&key(last)));
        Self { data: rows, page: PageInfo { next, has_more, limit: request.limit, total } }
    }

    /// A list that is always whole.
    pub fn whole(data: Vec<T>) -> Self {
        let limit = u32::try_from(data.len()).unwrap_or(u32::MAX);
        Self { data, page: PageInfo { next: None, has_more: false, limit, total: None } }
    }

    /// The same page of what is shown of its items.
    pub fn map<V>(self, view: impl Fn(T) -> V) -> Page<V> {
        Page { data: self.data.into_iter().map(view).collect(), page: self.page }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_domain::kernel::ids::{BrandId, CategoryId};
    use uuid::Uuid;

    fn brand(number: u128) -> BrandId {
        BrandId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn a_cursor_reads_back_and_belongs_to_its_list() {
        let cursor = encode_cursor(&brand(7));
        assert_eq!(decode_cursor::<BrandId>(&cursor), Some(brand(7)));
        assert_eq!(decode_cursor::<CategoryId>(&cursor), None);
        let place = ByNumber { number: -3, id: brand(7) };
        assert_eq!(decode_cursor(&encode_cursor(&place)), Some(place));
        assert_eq!(decode_cursor::<ByNumber<BrandId>>(&cursor), None);
    }

    #[test]
    fn a_text_that_is_no_cursor_of_ours_is_refused() {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let padded = format!("{}=", encode_cursor(&brand(7)));
        let capital = encode(&brand(7).to_string().to_uppercase());
        for text in ["", "x", "💥", &padded, &capital, &encode("brand_"), &encode("1.brand_"), &encode("")]
        {
            assert_eq!(decode_cursor::<BrandId>(text), None, "{text}");
        }
        let signed = encode(&format!("+3.{}", brand(7)));
        let endless = encode(&format!("{}.{}", i64::MAX, brand(7)));
        let ancient = encode(&format!("-377000000000000000.{}", brand(7)));
        for text in [signed, endless, ancient] {
            assert_eq!(decode_cursor::<ByNumber<BrandId>>(&text), None, "{text}");
        }
    }

    #[test]
    fn one_row_more_than_the_page_holds_says_that_there_is_more() {
        let request = PageRequest { after: None, limit: 2, count: false };
        let page = |rows: Vec<BrandId>| Page::new(&request, rows, None, |id| *id);
        assert_eq!(request.rows(), 3);
        let full = page(vec![brand(3), brand(2), brand(1)]);
        assert_eq!((full.data.len(), full.page.next), (2, Some(encode_cursor(&brand(2)))));
        let last = page(vec![brand(3), brand(2)]);
        assert_eq!((last.page.has_more, last.page.next), (false, None));
    }
}
