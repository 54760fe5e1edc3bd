//! Lists of slots that were read: other questions hold the same words.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tradepost_port::search::plan::{Alt, Scoring, Slot};

use super::met::Met;
use crate::memo::Memo;

/// Bytes that may be kept whatever the size of a shelf, and for each of its products beside.
const BYTES_MIN: usize = 2 << 20;
const PRODUCT_BYTES: usize = 128;

/// A word with the doubt that it was met with, and how many alternatives that allows.
type Key = (String, u8, usize);

/// A list and what it is of.
#[derive(Debug, Clone)]
struct Kept {
    alts: Arc<[Alt]>,
    document_count: u64,
    met: Arc<[Met]>,
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
    ) -> Result<Arc<[Met]>, E> {
        if let Some(met) = self.kept((slot, doubt), generation, scoring) {
            return Ok(met);
        }
        let met: Arc<[Met]> = read()?.into();
        let kept =
            Kept { alts: slot.alts.clone(), document_count: slot.document_count, met: Arc::clone(&met) };
        let bytes_max = BYTES_MIN.saturating_add(products.saturating_mul(PRODUCT_BYTES));
        let empty = || State { generation, scoring: scoring.clone(), lists: Memo::new(bytes_max) };
        // Alternatives are shared as a rule, with what is known of words.
        let bytes = 256_usize.saturating_add(std::mem::size_of_val(&*met));
        self.of(generation, scoring).get_or_insert_with(empty).lists.put(key(slot, doubt), kept, bytes);
        Ok(met)
    }

    /// The list of a slot, if it was read.
    pub fn kept(&self, (slot, doubt): (&Slot, u8), generation: u64, scoring: &Scoring) -> Option<Arc<[Met]>> {
        let kept = self.of(generation, scoring).as_mut()?.lists.get(&key(slot, doubt))?;
        kept.is_of(slot, doubt).then_some(kept.met)
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
