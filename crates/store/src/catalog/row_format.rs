//! Rows in PostgreSQL's binary COPY format, written as bytes without a parameter list in between.
//!
//! The format: <https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.4>; each field is its length in four bytes and
//! the type's binary form, as the `_send` function of the type writes it.

use bytes::{BufMut, Bytes, BytesMut};
use jiff::Timestamp;
use uuid::Uuid;

/// Bytes that are sent at once: large enough to make the cost of a message small.
const CHUNK_BYTES: usize = 64 * 1024;
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Seconds from the epoch of Unix to that of PostgreSQL, 2000-01-01.
const POSTGRES_EPOCH_SECONDS: i64 = 946_684_800;
const TEXT_OID: u32 = 25;
const UUID_OID: u32 = 2950;

/// Writes the fields of rows one after another.
#[derive(Debug)]
pub(super) struct RowWriter {
    buffer: BytesMut,
}

impl RowWriter {
    /// Begins a row of so many fields.
    pub(super) fn row(&mut self, fields: i16) {
        self.buffer.put_i16(fields);
    }

    pub(super) fn null(&mut self) {
        self.buffer.put_i32(-1);
    }

    fn length(&mut self, length: usize) {
        // Every field is bounded by the limits of the shop, far below two gigabytes.
        self.buffer.put_i32(i32::try_from(length).unwrap_or(i32::MAX));
    }

    pub(super) fn uuid(&mut self, id: Uuid) {
        self.buffer.put_i32(16);
        self.buffer.put_slice(id.as_bytes());
    }

    pub(super) fn opt_uuid(&mut self, id: Option<Uuid>) {
        match id {
            Some(id) => self.uuid(id),
            None => self.null(),
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.buffer.put_slice(text.as_bytes());
    }

    pub(super) fn opt_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    pub(super) fn int4(&mut self, number: i32) {
        self.buffer.put_i32(4);
        self.buffer.put_i32(number);
    }

    pub(super) fn opt_int4(&mut self, number: Option<i32>) {
        match number {
            Some(number) => self.int4(number),
            None => self.null(),
        }
    }

    pub(super) fn int8(&mut self, number: i64) {
        self.buffer.put_i32(8);
        self.buffer.put_i64(number);
    }

    pub(super) fn opt_int8(&mut self, number: Option<i64>) {
        match number {
            Some(number) => self.int8(number),
            None => self.null(),
        }
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.buffer.put_i32(1);
        self.buffer.put_u8(u8::from(value));
    }

    pub(super) fn timestamp(&mut self, at: Timestamp) {
        let epoch = POSTGRES_EPOCH_SECONDS.saturating_mul(1_000_000);
        self.int8(at.as_microsecond().saturating_sub(epoch));
    }

    pub(super) fn opt_timestamp(&mut self, at: Option<Timestamp>) {
        match at {
            Some(at) => self.timestamp(at),
            None => self.null(),
        }
    }

    /// A `jsonb`: its version and the text.
    pub(super) fn json(&mut self, value: &impl serde::Serialize) {
        let start = self.buffer.len();
        self.buffer.put_i32(0);
        self.buffer.put_u8(1);
        // Maps with texts as keys always serialise; were one not to, the empty document would be refused by PostgreSQL.
        let _ = serde_json::to_writer((&mut self.buffer).writer(), value);
        let length = self.buffer.len().saturating_sub(start).saturating_sub(4);
        let length = i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes();
        if let Some(place) = self.buffer.get_mut(start..start.saturating_add(4)) {
            place.copy_from_slice(&length);
        }
    }

    fn array_header(&mut self, count: usize, bytes: usize, oid: u32) {
        let empty = count == 0;
        self.length(if empty { 12 } else { bytes.saturating_add(20) });
        self.buffer.put_i32(i32::from(!empty));
        self.buffer.put_i32(0);
        self.buffer.put_u32(oid);
        if !empty {
            self.buffer.put_i32(i32::try_from(count).unwrap_or(i32::MAX));
            self.buffer.put_i32(1);
        }
    }

    pub(super) fn text_array(&mut self, texts: &[String]) {
        let bytes = texts.iter().map(|text| text.len().saturating_add(4)).sum();
        self.array_header(texts.len(), bytes, TEXT_OID);
        for text in texts {
            self.text(text);
        }
    }

    pub(super) fn opt_uuid_array(&mut self, ids: Option<Vec<Uuid>>) {
        match ids {
            None => self.null(),
            Some(ids) => {
                self.array_header(ids.len(), ids.len().saturating_mul(20), UUID_OID);
                for id in ids {
                    self.uuid(id);
                }
            }
        }
    }
}

/// The rows of a COPY as chunks of bytes, made only when they are sent: PostgreSQL works on the first ones meanwhile.
pub(super) fn encode<T>(
    rows: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut RowWriter, T),
) -> impl Iterator<Item = Bytes> {
    let mut rows = rows;
    let mut ended = false;
    let mut writer = RowWriter { buffer: BytesMut::with_capacity(CHUNK_BYTES.saturating_mul(2)) };
    writer.buffer.put_slice(SIGNATURE);
    writer.buffer.put_i32(0);
    writer.buffer.put_i32(0);
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        while writer.buffer.len() < CHUNK_BYTES {
            if let Some(row) = rows.next() {
                write(&mut writer, row);
            } else {
                ended = true;
                writer.buffer.put_i16(-1);
                break;
            }
        }
        let chunk = writer.buffer.split().freeze();
        writer.buffer.reserve(CHUNK_BYTES.saturating_mul(2));
        Some(chunk)
    })
}
