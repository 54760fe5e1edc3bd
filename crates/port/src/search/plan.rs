//! A question that is understood: what the pipeline of `search` hands to an engine, whichever it is.
//!
//! Everything that decides what a query means (typos, synonyms, what is dropped when too little is found) is decided
//! before, so that an engine only has to find and to score, and two engines give the same answers.

/// How an alternative came about. The order is that of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AltKind {
    /// The word as it was written, or its stem.
    Exact,
    /// Another word for the same thing.
    Synonym,
    /// Two written words that are one: "sta rtech".
    Joined,
    /// One written word that is two: "harddrive".
    Split,
    /// A word that begins with what was written.
    Prefix,
    /// A word that is so many edits away.
    Typo(u8),
}

/// One way in which a slot can be met.
#[derive(Debug, Clone, PartialEq)]
pub struct Alt {
    /// Terms that a document must hold, all of them; as a rule one.
    pub terms: Vec<String>,
    /// What a match counts, 0 to 1.
    pub weight: f32,
    /// How it came about.
    pub kind: AltKind,
    /// The step of doubt from which on it counts: 0 as written, 1 near, 2 far.
    pub doubt: u8,
}

/// Where the words of a slot are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// What the product is: words of its title that do not merely describe another word.
    Core,
    /// The title up to "for", "with" and the like.
    Title,
    /// The rest of the title: what the product goes with.
    Tail,
    /// The name of the brand.
    Brand,
    /// Product type and categories.
    Type,
    /// Options, attributes and tags.
    Attributes,
    /// The description.
    Description,
    /// Model numbers and other compounds, written as one word.
    Compound,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Core,
        Self::Title,
        Self::Tail,
        Self::Brand,
        Self::Type,
        Self::Attributes,
        Self::Description,
        Self::Compound,
    ];
}

/// A word of the query: a document meets it by any of the alternatives, and is paid for the best one.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The word as it was written, folded.
    pub word: String,
    /// Ways to meet it; never empty.
    pub alts: Vec<Alt>,
    /// How many products hold the word: rare words say more. The same for all alternatives, since a rare misspelling
    /// would outrank the word it stands for otherwise.
    pub document_count: u64,
}

/// What is asked of a document in one step of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The greatest doubt of alternatives that count.
    pub doubt: u8,
    /// How many slots must be met.
    pub slots_min: usize,
    /// The step is taken if the ones before it found fewer products than this.
    pub if_fewer_than: usize,
    /// What it is called in the answer.
    pub kind: StepKind,
}

/// Fields that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// What a product is called and what it is: all fields but the description.
    Names,
    /// All fields.
    Anywhere,
}

impl Scope {
    /// Whether alternatives of a kind are looked for in a field. Descriptions are matched, but nothing is corrected
    /// towards their words.
    pub fn holds(self, field: Field, kind: AltKind) -> bool {
        let trusted = matches!(kind, AltKind::Exact | AltKind::Synonym | AltKind::Joined);
        field != Field::Description || (self == Self::Anywhere && trusted)
    }
}

/// The name of a step, for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepKind {
    /// All words, as written.
    Exact,
    /// All words, some of them corrected.
    Corrected,
    /// Some words left out.
    Relaxed,
}

/// A query that is understood.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueryPlan {
    /// Words; none means every product.
    pub must: Vec<Slot>,
    /// Steps, taken one after the other until enough is found. What a later step finds never comes before what an
    /// earlier one found.
    pub relax: Vec<Step>,
    /// Hits that are skipped.
    pub offset: usize,
    /// Hits at most.
    pub limit: usize,
}

/// A product that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The id that the document was given.
    pub id: String,
    /// How well it fits within its step; of no meaning across plans.
    pub score: f32,
    /// The step that found it.
    pub step: StepKind,
}
