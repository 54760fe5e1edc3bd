//! Statements: constants with a name, all of them known to one list.

/// A statement whose text never depends on input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sql {
    /// Module and constant, for errors and metrics.
    pub name: &'static str,
    /// The text with its numbered parameters.
    pub text: &'static str,
}

/// Declares the statements of a module as constants, and `STATEMENTS`, the list of them.
macro_rules! sql {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: $crate::sql::Sql =
            $crate::sql::Sql { name: concat!(module_path!(), "::", stringify!($name)), text: $text };)*
        /// Every statement of this module.
        pub(crate) const STATEMENTS: &[$crate::sql::Sql] = &[$($name),*];
    };
}
pub(crate) use sql;

/// Every statement of the store, for the test that prepares each against the migrated schema.
pub fn statements() -> impl Iterator<Item = Sql> {
    [
        crate::api_key::STATEMENTS,
        crate::audit::STATEMENTS,
        crate::audit_rules::STATEMENTS,
        crate::channel::STATEMENTS,
        crate::idempotency::STATEMENTS,
        crate::listen::STATEMENTS,
        crate::export_run::STATEMENTS,
        crate::import_run::STATEMENTS,
        crate::job::STATEMENTS,
        crate::outbox::STATEMENTS,
        crate::search_log::STATEMENTS,
        crate::search_personal::STATEMENTS,
        crate::search_popular::STATEMENTS,
        crate::search_report::STATEMENTS,
        crate::search_weights::STATEMENTS,
        crate::seed::STATEMENTS,
        crate::setting::STATEMENTS,
        crate::system::STATEMENTS,
        crate::stock_location::STATEMENTS,
        crate::tally::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(crate::cart::statements())
    .chain(crate::catalog::statements())
    .chain(crate::inventory::statements())
    .chain(crate::order::statements())
    .chain(crate::payment::statements())
    .chain(crate::customer::statements())
    .chain(crate::pricing::statements())
    .chain(crate::webhook::statements())
}
