//! The numbers that ranking is tuned by, in one place. The quality command says what a change of them does.

use tradepost_port::search::plan::Field;

/// Weights of ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// What a match counts by its field.
    pub core: f32,
    /// The title up to its turn.
    pub title: f32,
    /// The rest of the title.
    pub tail: f32,
    /// The brand.
    pub brand: f32,
    /// Types and categories.
    pub types: f32,
    /// Attributes.
    pub attributes: f32,
    /// The description.
    pub description: f32,
    /// Model numbers.
    pub compound: f32,
    /// What the other fields of a slot add to its best one.
    pub tie: f32,
    /// A stem beside the word itself.
    pub stem: f32,
    /// The nearest correction.
    pub typo: f32,
    /// How fast corrections fall with their cost, per edit.
    pub typo_fall: f32,
    /// How much the more frequent of two corrections is preferred: exponent of the share.
    pub typo_frequency: f32,
    /// A joined or split word.
    pub joined: f32,
    /// A split whose parts never stand side by side.
    pub split_apart: f32,
    /// A word that goes on.
    pub prefix: f32,
    /// A word that goes on after an error.
    pub prefix_near: f32,
    /// All words of the query in the fields that name a product.
    pub named: f32,
    /// How much better the best selling product is than one that nobody buys.
    pub popularity: f32,
    /// Factor of the average length that scores are told: above 1, length matters less.
    pub length: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            core: 4.0,
            title: 4.0,
            tail: 2.0,
            brand: 4.0,
            types: 4.0,
            attributes: 2.0,
            description: 5.0,
            compound: 4.0,
            tie: 0.1,
            stem: 0.6,
            typo: 0.7,
            typo_fall: 1.0,
            typo_frequency: 0.1,
            joined: 0.9,
            split_apart: 0.6,
            prefix: 0.7,
            prefix_near: 0.4,
            named: 5.0,
            popularity: 0.2,
            length: 1.0,
        }
    }
}

impl Weights {
    /// What a match in a field counts.
    pub fn of(&self, field: Field) -> f32 {
        match field {
            Field::Core => self.core,
            Field::Title => self.title,
            Field::Tail => self.tail,
            Field::Brand => self.brand,
            Field::Type => self.types,
            Field::Attributes => self.attributes,
            Field::Description => self.description,
            Field::Compound => self.compound,
        }
    }
}
