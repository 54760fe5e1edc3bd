//! Customers: what an account holds, which passwords it takes, how long what it is given lives.

pub mod password;
pub mod session;

use crate::kernel::address::{PHONE_ADVICE, is_phone};
use crate::kernel::ids::CustomerId;
use crate::kernel::issue::{Issue, check_line};

/// Characters of a first or last name.
const NAME_LEN_MAX: usize = 100;
/// Addresses that a customer keeps.
pub const ADDRESSES_MAX: usize = 50;
/// Groups of a customer.
pub const GROUPS_MAX: usize = 50;

/// Whether an account can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerStatus {
    /// It can.
    Active,
    /// Staff have closed it, for now.
    Disabled,
    /// Its owner had it erased: nothing of the person is left.
    Erased,
}

impl CustomerStatus {
    /// The word in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Erased => "erased",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Disabled, Self::Erased].into_iter().find(|status| status.as_str() == word)
    }
}

/// `.invalid` is a name that leads nowhere, for ever (RFC 2606, section 2).
const NOWHERE: &str = "@erased.invalid";

/// The e-mail address that takes the place of an erased customer's, in the account and in orders.
pub fn erased_email(id: CustomerId) -> String {
    format!("{id}{NOWHERE}")
}

/// Whether an address is that of somebody who was erased: nothing is sent there.
pub fn is_erased_email(email: &str) -> bool {
    email.ends_with(NOWHERE)
}

/// What is wrong with the names and the telephone number of a customer.
pub fn check_profile(first_name: Option<&str>, last_name: Option<&str>, phone: Option<&str>) -> Vec<Issue> {
    let mut issues = Vec::new();
    for (path, name) in [("$.first_name", first_name), ("$.last_name", last_name)] {
        issues.extend(name.and_then(|name| check_line(path, name, NAME_LEN_MAX, true)));
    }
    if phone.is_some_and(|phone| !is_phone(phone)) {
        issues.push(Issue::new("$.phone", "invalid_phone", PHONE_ADVICE));
    }
    issues
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_back_from_its_word() {
        for status in [CustomerStatus::Active, CustomerStatus::Disabled, CustomerStatus::Erased] {
            assert_eq!(CustomerStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(CustomerStatus::parse("deleted"), None);
    }

    #[test]
    fn an_erased_customer_has_an_address_that_leads_nowhere() {
        let email = erased_email(crate::kernel::ids::EntityId::from_uuid(uuid::Uuid::from_u128(1)));
        assert!(is_erased_email(&email) && email.parse::<crate::kernel::EmailAddress>().is_ok(), "{email}");
        assert!(!is_erased_email("ada@example.com"));
    }

    #[test]
    fn names_are_lines_and_telephone_numbers_can_be_dialled() {
        assert!(check_profile(Some("Ada"), None, Some("+44 20 7946 0000")).is_empty());
        let issues = check_profile(Some(" "), Some("Love\nlace"), Some("none"));
        let found: Vec<_> = issues.iter().map(|issue| (issue.path.as_str(), issue.code)).collect();
        assert_eq!(
            found,
            [
                ("$.first_name", "required"),
                ("$.last_name", "invalid_character"),
                ("$.phone", "invalid_phone")
            ]
        );
    }
}
