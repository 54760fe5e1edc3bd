//! The commands, one file each; `demo` has a module of its own.

pub mod config;
pub mod doctor;
pub mod export;
pub mod import;
pub mod keys;
pub mod lab;
mod lab_bounds;
mod lab_checkout;
pub mod lab_compare;
mod lab_find;
pub mod lab_search;
pub mod mail;
pub mod migrate;
pub mod openapi;
pub mod payments;
pub mod rebuild;
pub mod reindex;
pub mod serve;
pub mod torture;
