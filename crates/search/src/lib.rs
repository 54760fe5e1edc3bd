//! Search: from what a shopper types to products in order.
//!
//! Conditions are read out of a query ([`understand`]); its words go through a pure pipeline ([`pipeline`]) that decides what
//! they mean, with the help of what was learnt of the catalogue ([`knowledge`]). What comes out is a [`QueryPlan`](tradepost_port::search::plan::QueryPlan), which an engine
//! follows: Tantivy in this process ([`engine`]), or OpenSearch beside it ([`opensearch`]); both are held to one that is too simple to be
//! wrong ([`oracle`]). How good all that is, [`quality`] measures.

pub mod conformance;
pub mod document;
pub mod embedded;
pub mod engine;
mod filling;
pub mod knowledge;
mod memo;
pub mod opensearch;
pub mod oracle;
pub mod pipeline;
pub mod quality;
#[cfg(test)]
mod samples;
pub mod shelf;
pub mod structure;
pub mod suggest;
pub mod synonyms;
pub mod text;
pub mod understand;
pub mod vocabulary;
pub mod weights;
