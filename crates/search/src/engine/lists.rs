//! Lists of slots that were read: other questions hold the same words.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tradepost_port::search::plan::{Alt, Scoring, Slot};

use super::met::Met;
use super::survey::List;
use crate::memo::Memo;

/// Bytes that may be kept whatever the size of a shelf, and for each of its products beside.
const BYTES_MIN: usize = 6 << 20;
const PRODUCT_BYTES: usize = 512;

/// A word with the doubt that it was met with, and how many alternatives that allows.
type Key = (String, u8, usize);

/// A list and what it is of.
#[derive(Debug, Clone)]
struct Kept {
    alts: Arc<[Alt]>,
    document_count: u64,
    list: Arc<List>,
}

/// What an index says of slots, of one state of it and one way to score.
#[derive(Debug, Default)]
pub struct Lists(Mutex<Option<State>>);

#[derive(Debug)]
struct State {
    /// The state of the index.
    generation: u64,
    scoring: Scoring,
    lists: Memo<Key, Kept>,
}

impl Lists {
    /// The list of a slot, from here or from `read`, in a state of an index of so many products.
    pub fn get<E>(
        &self,
        (slot, doubt): (&Slot, u8),
        (generation, products, scoring): (u64, usize, &Scoring),
        read: impl FnOnce() -> Result<Vec<Met>, E>,
    ) -> Result<Arc<List>, E> {
        if let Some(list) = self.kept((slot, doubt), generation, scoring) {
            return Ok(list);
        }
        let list = Arc::new(List::new(read()?));
        self.keep((slot, doubt), (generation, products, scoring), &list);
        Ok(list)
    }

    /// Keeps a list, or takes note that more was worked out of it.
    pub fn keep(
        &self,
        (slot, doubt): (&Slot, u8),
        (generation, products, scoring): (u64, usize, &Scoring),
        list: &Arc<List>,
    ) {
        let kept =
            Kept { alts: slot.alts.clone(), document_count: slot.document_count, list: Arc::clone(list) };
        let bytes_max = BYTES_MIN.saturating_add(products.saturating_mul(PRODUCT_BYTES));
        let empty = || State { generation, scoring: scoring.clone(), lists: Memo::new(bytes_max) };
        // Alternatives are shared as a rule, with what is known of words.
        let bytes = 256_usize.saturating_add(list.bytes());
        self.of(generation, scoring).get_or_insert_with(empty).lists.put(key(slot, doubt), kept, bytes);
    }

    /// The list of a slot, if it was read.
    pub fn kept(&self, (slot, doubt): (&Slot, u8), generation: u64, scoring: &Scoring) -> Option<Arc<List>> {
        let kept = self.of(generation, scoring).as_mut()?.lists.get(&key(slot, doubt))?;
        kept.is_of(slot, doubt).then_some(kept.list)
    }

    /// What is kept of a state of the index and a way to score.
    fn of(&self, generation: u64, scoring: &Scoring) -> MutexGuard<'_, Option<State>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.take_if(|state| state.generation != generation || state.scoring != *scoring);
        state
    }
}

impl Kept {
    /// Whether it is the list of a slot: the same word means other things beside other words.
    fn is_of(&self, slot: &Slot, doubt: u8) -> bool {
        self.document_count == slot.document_count
            && (Arc::ptr_eq(&self.alts, &slot.alts) || asked(&self.alts, doubt).eq(asked(&slot.alts, doubt)))
    }
}

fn key(slot: &Slot, doubt: u8) -> Key {
    (slot.word.clone(), doubt, asked(&slot.alts, doubt).count())
}

/// Alternatives that count where so much is doubted.
fn asked(alts: &[Alt], doubt: u8) -> impl Iterator<Item = &Alt> {
    alts.iter().filter(move |alt| alt.doubt <= doubt)
}
