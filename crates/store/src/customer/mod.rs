//! Customers: their accounts, addresses, sessions, the tokens that are mailed to them, and the keys that sign for them.

pub mod account;
pub mod address;
pub mod mail_token;
pub mod session;
pub mod signing_key;

/// Every statement of this context.
pub(crate) fn statements() -> impl Iterator<Item = crate::sql::Sql> {
    [
        account::STATEMENTS,
        address::STATEMENTS,
        mail_token::STATEMENTS,
        session::STATEMENTS,
        signing_key::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
