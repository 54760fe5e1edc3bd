//! From what somebody typed to a plan that an engine can follow. Pure: the same words, the same plan.

use std::sync::Arc;

use tradepost_port::search::plan::{QueryPlan, Slot, Step, StepKind};

use self::known::Known;
use crate::knowledge::Knowledge;
use crate::text::{self, Analyzer};
use crate::weights::Weights;

mod alternatives;
pub(crate) mod known;

/// Words of a query at most; what comes after them is not looked at.
const WORDS_MAX: usize = 16;

/// Products that must hold a word before it is trusted as it is written.
const TRUSTED_COUNT_MIN: u32 = 3;

/// A word of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    word: String,
    /// The chunk that it is a part of, as one word: "tn2110" of "tn-2110".
    compound: Option<String>,
}

/// Plans the words of a query; conditions, order and page are the caller's.
pub fn plan(query: &str, knowledge: &Knowledge, weights: &Weights) -> QueryPlan {
    let written = written(query, &knowledge.analyzer);
    let must: Vec<Slot> =
        (0..written.len()).filter_map(|index| slot(&written, index, knowledge, weights)).collect();
    let trusted = written.iter().all(|word| is_trusted(word, knowledge));
    let relax = if must.is_empty() { Vec::new() } else { steps(must.len(), trusted, weights.enough) };
    QueryPlan { must, relax, scoring: weights.scoring.clone(), ..QueryPlan::default() }
}

/// The words that count: no word twice, and none that says nothing unless there is no other.
fn written(query: &str, analyzer: &Analyzer) -> Vec<Written> {
    let mut all: Vec<Written> = Vec::new();
    for chunk in text::chunks(query) {
        let compound = chunk.joined();
        for word in chunk.words {
            if all.iter().all(|other| other.word != word) {
                all.push(Written { word, compound: compound.clone() });
            }
        }
    }
    all.truncate(WORDS_MAX);
    let telling: Vec<Written> =
        all.iter().filter(|word| !analyzer.is_stop_word(&word.word)).cloned().collect();
    if telling.is_empty() { all } else { telling }
}

/// The words of a text as they are compared with those of another: those that count, by their stems.
pub fn stems(query: &str, analyzer: &Analyzer) -> Vec<String> {
    written(query, analyzer).into_iter().map(|word| analyzer.stem(&word.word)).collect()
}

/// Whether all words of a text are trusted as they are written.
pub fn are_trusted(query: &str, knowledge: &Knowledge) -> bool {
    written(query, &knowledge.analyzer).iter().all(|word| is_trusted(word, knowledge))
}

fn is_trusted(word: &Written, knowledge: &Knowledge) -> bool {
    text::has_digit(&word.word) || knowledge.vocabulary.document_count(&word.word) >= TRUSTED_COUNT_MIN
}

fn slot(written: &[Written], index: usize, knowledge: &Knowledge, weights: &Weights) -> Option<Slot> {
    let word = &written.get(index)?.word;
    let is_last = index.saturating_add(1) == written.len();
    let known = knowledge.words.get(word, is_last, knowledge, weights);
    let mut beside = alternatives::compounds(written, index, knowledge, weights);
    beside.extend(alternatives::synonyms(written, index, knowledge, weights));
    if beside.is_empty() {
        let document_count = u64::from(known.document_count);
        return Some(Slot { word: word.clone(), alts: Arc::clone(&known.alts), document_count });
    }
    let count = if known.is_held { 0 } else { known::count(&beside, knowledge) }.max(known.document_count);
    let (own, others) = known.alts.split_at_checked(Known::OWN)?;
    let alts = own.iter().cloned().chain(beside).chain(others.iter().cloned());
    Some(Slot { word: word.clone(), alts: alts.collect(), document_count: u64::from(count) })
}

/// The ladder: all words as written, all words with some corrected, then fewer and fewer of them.
fn steps(slots: usize, trusted: bool, enough: usize) -> Vec<Step> {
    let corrected_if = if trusted { 1 } else { enough };
    let mut steps = vec![
        Step { doubt: 0, slots_min: slots, if_fewer_than: usize::MAX, kind: StepKind::Exact },
        Step { doubt: 1, slots_min: slots, if_fewer_than: corrected_if, kind: StepKind::Corrected },
        Step { doubt: 2, slots_min: slots, if_fewer_than: 1, kind: StepKind::Corrected },
    ];
    let doubt = u8::from(!trusted);
    let most = slots.saturating_mul(3).div_ceil(5);
    let mut last = slots;
    for slots_min in [slots.saturating_sub(1), most, 1] {
        if slots_min >= 1 && slots_min < last {
            steps.push(Step { doubt, slots_min, if_fewer_than: enough, kind: StepKind::Relaxed });
            last = slots_min;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_port::search::Synonym;
    use tradepost_port::search::plan::AltKind;

    use crate::samples::titled;
    use crate::synonyms::Synonyms;

    fn knowledge() -> Knowledge {
        let titles = [
            "Brother TN-2110 toner cartridge",
            "StarTech.com molded cord",
            "HP hard drive",
            "HP internal hard drive",
            "HP external hard drive for printer",
        ];
        let documents: Vec<_> = titles.iter().map(|title| titled(title)).collect();
        Knowledge::of_all(&documents, &"en".parse().unwrap())
    }

    fn planned(query: &str) -> QueryPlan {
        plan(query, &knowledge(), &Weights::default())
    }

    fn has(slot: &Slot, terms: &[&str], kind: AltKind) -> bool {
        slot.alts.iter().any(|alt| alt.terms == terms && alt.kind == kind)
    }

    #[test]
    fn a_model_number_is_met_however_it_is_written() {
        assert!(has(&planned("tn2110").must[0], &["tn", "2110"], AltKind::Split));
        assert!(has(&planned("tn-2110").must[0], &["tn2110"], AltKind::Joined));
        assert!(has(&planned("tn 2110").must[1], &["tn2110"], AltKind::Joined));
        assert!(has(&planned("tn2110").must[0], &["tn2110"], AltKind::Exact));
    }

    #[test]
    fn words_are_joined_split_corrected_and_completed_from_the_indexs_own_words() {
        let plan = planned("star tech harddrive molde");
        assert!(has(&plan.must[0], &["startech"], AltKind::Joined));
        assert!(has(&plan.must[1], &["startech"], AltKind::Joined));
        assert!(has(&plan.must[2], &["hard", "drive"], AltKind::Split));
        assert!(has(&plan.must[3], &["molded"], AltKind::Prefix));
        assert!(has(&planned("ineternal drive").must[0], &["internal"], AltKind::Typo(1)));
    }

    #[test]
    fn synonyms_are_one_way_or_two_way_and_of_several_words() {
        let mut knowledge = knowledge();
        let synonyms = [
            Synonym::TwoWay(vec!["cord".to_owned(), "power cable".to_owned()]),
            Synonym::OneWay { from: "disks".to_owned(), to: vec!["drive".to_owned()] },
        ];
        knowledge.synonyms = Synonyms::new(&synonyms, &knowledge.analyzer).into();
        let planned = |query| plan(query, &knowledge, &Weights::default());
        assert!(has(&planned("cords").must[0], &["power", "cable"], AltKind::Synonym));
        let both = planned("power cable");
        assert!(both.must.iter().all(|slot| has(slot, &["cord"], AltKind::Synonym)));
        assert!(has(&planned("disk").must[0], &["drive"], AltKind::Synonym));
        assert!(!has(&planned("drive").must[0], &["disks"], AltKind::Synonym));
        assert!(!has(&planned("power supply").must[0], &["cord"], AltKind::Synonym));
    }

    #[test]
    fn synonyms_are_said_in_any_ending_without_words_that_say_nothing() {
        let mut knowledge = knowledge();
        let texts = ["cord", "rope of the sea", "yo yo"].map(str::to_owned);
        knowledge.synonyms = Synonyms::new(&[Synonym::TwoWay(texts.into())], &knowledge.analyzer).into();
        let said = ["rope of the sea", "sea rope", "ropes of sea", "yo yo"];
        let meets =
            |query| has(&plan(query, &knowledge, &Weights::default()).must[0], &["cord"], AltKind::Synonym);
        assert_eq!(said.map(meets), [true, false, true, true]);
        let cord = plan("cord", &knowledge, &Weights::default());
        assert!(has(&cord.must[0], &["rope", "sea"], AltKind::Synonym), "{cord:?}");
        assert!(!has(&cord.must[0], &["cord"], AltKind::Synonym));
    }

    #[test]
    fn a_word_of_very_many_synonyms_is_met_by_some_of_them() {
        let mut knowledge = knowledge();
        let texts = |number: usize| (0..19).map(move |text| format!("x{number}y{text}"));
        let synonyms: Vec<_> = (0..2_000)
            .map(|number| Synonym::TwoWay(["cord".to_owned()].into_iter().chain(texts(number)).collect()))
            .collect();
        knowledge.synonyms = Synonyms::new(&synonyms, &knowledge.analyzer).into();
        let plan = plan("cord", &knowledge, &Weights::default());
        let synonyms = plan.must[0].alts.iter().filter(|alt| alt.kind == AltKind::Synonym).count();
        assert_eq!(synonyms, 2 * alternatives::SYNONYMS_MAX);
    }

    #[test]
    fn words_that_say_nothing_are_left_out_unless_there_is_no_other() {
        let words = |query| planned(query).must.into_iter().map(|slot| slot.word).collect::<Vec<_>>();
        assert_eq!(words("drive for the drive printer"), ["drive", "printer"]);
        assert_eq!(words("the"), ["the"]);
        assert!(words("  -- ").is_empty());
    }

    #[test]
    fn the_ladder_only_ever_asks_for_less() {
        for slots in 0..8 {
            let steps = steps(slots, true, 10);
            assert!(steps.windows(2).all(|pair| pair[1].slots_min <= pair[0].slots_min), "{slots}");
            assert!(steps.iter().all(|step| step.slots_min >= 1 || slots == 0));
        }
    }
}
