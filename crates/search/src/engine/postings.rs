//! What the index says of a slot: every product that one of its alternatives meets, in any field.
//!
//! Tantivy keeps the words; what a slot is paid is decided here. Its own queries look for each alternative in each field by a query
//! of its own, and prepare a table of lengths for each: of the fifty alternatives of a word that took a thousand times as long as
//! to read what is found.

#![expect(clippy::float_arithmetic, reason = "scores; no money is near")]

use tantivy::postings::Postings as _;
use tantivy::query::Bm25Weight;
use tantivy::schema::{Field as IndexField, IndexRecordOption};
use tantivy::{DocSet as _, Searcher, SegmentReader, TERMINATED, Term};
use tradepost_port::search::plan::{Alt, Field, Scope, Scoring, Slot};

use super::index::{Fields, row_column};
use super::met::Met;

/// What stands in a field counts so much.
struct Paid {
    field: Field,
    index: IndexField,
    weight: Bm25Weight,
    /// What a match in the field counts.
    boost: f32,
}

/// A document that holds a term in one field, or several terms in any.
#[derive(Clone, Copy)]
struct Match {
    document: u32,
    score: f32,
    is_named: bool,
}

/// The products that meet a slot with no more doubt than `doubt`, by row.
pub fn read(
    searcher: &Searcher,
    fields: &Fields,
    (slot, doubt): (&Slot, u8),
    scoring: &Scoring,
) -> tantivy::Result<Vec<Met>> {
    let paid = paid(searcher, fields, slot, scoring)?;
    let mut met = Vec::new();
    for segment in searcher.segment_readers() {
        let found = in_segment(segment, &paid, (slot, doubt), scoring.tie)?;
        let Some(rows) = row_column(segment)? else { continue };
        let alive = segment.alive_bitset();
        let shown =
            found.into_iter().filter(|found| alive.is_none_or(|alive| alive.is_alive(found.document)));
        met.extend(shown.filter_map(|found| {
            let row = u32::try_from(rows.first(found.document)?).ok()?;
            Some(Met::new(row, found.score, found.is_named))
        }));
    }
    // Rows lie in segments by the time of their last change.
    met.sort_unstable_by_key(|met| met.row());
    Ok(met)
}

/// What a match of a slot counts in each field.
///
/// How rare a word is, is told for a whole slot at once. By itself BM25 counts each term in each field: a word that hardly ever is a
/// brand would count more where it is one than in a title, and a rare misspelling more than the word that it stands for.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "an average that need not be exact")]
fn paid(searcher: &Searcher, fields: &Fields, slot: &Slot, scoring: &Scoring) -> tantivy::Result<Vec<Paid>> {
    let documents: u64 = searcher.segment_readers().iter().map(|segment| u64::from(segment.max_doc())).sum();
    let count = slot.document_count.min(documents);
    let mut paid = Vec::with_capacity(Field::ALL.len());
    for field in Field::ALL {
        let Some(index) = fields.texts.get(&field).copied() else { continue };
        let mut tokens = 0;
        for segment in searcher.segment_readers() {
            tokens += segment.inverted_index(index)?.total_num_tokens();
        }
        let length = tokens as f32 * scoring.length / documents.max(1) as f32;
        let weight = Bm25Weight::for_one_term_without_explain(count, documents, length);
        paid.push(Paid { field, index, weight, boost: scoring.of(field) });
    }
    Ok(paid)
}

/// A slot pays for its best alternative in its best field, and a little for the others.
fn in_segment(
    segment: &SegmentReader,
    paid: &[Paid],
    (slot, doubt): (&Slot, u8),
    tie: f32,
) -> tantivy::Result<Vec<Match>> {
    let mut ways = Vec::new();
    for alt in slot.alts.iter().filter(|alt| alt.doubt <= doubt) {
        if let [term] = alt.terms.as_slice() {
            collect(segment, paid, (alt, term), &mut ways)?;
            continue;
        }
        let mut together: Option<Vec<Match>> = None;
        for term in &alt.terms {
            let mut found = Vec::new();
            collect(segment, paid, (alt, term), &mut found)?;
            let found = best(found, tie);
            together = Some(match together {
                None => found,
                Some(others) => both(&others, &found),
            });
        }
        // Words that stand for one are paid as one.
        ways.extend(together.into_iter().flatten().map(|found| Match { score: found.score * 0.5, ..found }));
    }
    Ok(best(ways, tie))
}

/// The documents that hold a term, once for each field that does.
fn collect(
    segment: &SegmentReader,
    paid: &[Paid],
    (alt, term): (&Alt, &str),
    into: &mut Vec<Match>,
) -> tantivy::Result<()> {
    for Paid { field, index, weight, boost } in paid {
        if !Scope::Anywhere.holds(*field, alt.kind) {
            continue;
        }
        let inverted = segment.inverted_index(*index)?;
        let Some(term) = inverted.get_term_info(&Term::from_field_text(*index, term))? else { continue };
        let mut postings = inverted.read_postings_from_terminfo(&term, IndexRecordOption::WithFreqs)?;
        let lengths = segment.get_fieldnorms_reader(*index)?;
        let is_named = Scope::Names.holds(*field, alt.kind);
        let factor = boost * alt.weight;
        let mut document = postings.doc();
        while document != TERMINATED {
            let score = factor * weight.score(lengths.fieldnorm_id(document), postings.term_freq());
            into.push(Match { document, score, is_named });
            document = postings.advance();
        }
    }
    Ok(())
}

/// Each document once: paid for its best match, and a little for the others.
fn best(mut found: Vec<Match>, tie: f32) -> Vec<Match> {
    // A stable sort merges what is in order already.
    found.sort_by_key(|found| found.document);
    let same = found.chunk_by(|first, second| first.document == second.document);
    let best = same.filter_map(|same| {
        let most = same.iter().map(|found| found.score).fold(0.0, f32::max);
        let sum: f32 = same.iter().map(|found| found.score).sum();
        let is_named = same.iter().any(|found| found.is_named);
        same.first().map(|first| Match { score: most + (sum - most) * tie, is_named, ..*first })
    });
    best.collect()
}

/// Documents that are in both lists.
fn both(first: &[Match], second: &[Match]) -> Vec<Match> {
    let mut rest = second;
    let mut found = Vec::new();
    for here in first {
        rest = rest.get(rest.partition_point(|other| other.document < here.document)..).unwrap_or_default();
        if let Some(other) = rest.first().filter(|other| other.document == here.document) {
            let is_named = here.is_named && other.is_named;
            found.push(Match { score: here.score + other.score, is_named, ..*here });
        }
    }
    found
}
