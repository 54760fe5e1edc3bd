//! The numbers that ranking is tuned by, in one place. The quality command says what a change of them does.

use tradepost_port::search::plan::Scoring;

/// Weights of ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// What matches count.
    pub scoring: Scoring,
    /// A stem beside the word itself.
    pub stem: f32,
    /// Another word for the same thing.
    pub synonym: f32,
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
    /// What the score of a product is multiplied by that meets a condition which was read out of the words, but is no filter.
    pub understood: f32,
    /// Hits that are enough: with fewer, words are left out to find more.
    pub enough: usize,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            scoring: Scoring::default(),
            stem: 0.6,
            synonym: 0.85,
            typo: 0.7,
            typo_fall: 1.0,
            typo_frequency: 0.1,
            joined: 0.9,
            split_apart: 0.6,
            prefix: 0.7,
            prefix_near: 0.4,
            understood: 1.3,
            enough: 20,
        }
    }
}
