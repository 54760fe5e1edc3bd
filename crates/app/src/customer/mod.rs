//! Customers: they register, sign in, keep their addresses, take their data with them or have it erased; staff look after
//! them.

pub mod address;
mod erase;
mod export;
mod forgot_password;
mod patch;
mod read;
mod refresh;
mod register;
mod reset_password;
mod session;
mod sign_in;
mod sign_out;
mod staff_create;
mod staff_patch;
mod verify_email;
mod view;

pub use erase::erase_customer;
pub use export::{CustomerExport, ExportPages, SessionView, export_customer};
pub use forgot_password::{ForgottenPassword, forgot_password};
pub use patch::{CustomerPatch, patch_customer};
pub use read::{find_customer, find_customer_of_staff, list_customers};
pub use refresh::{RefreshSession, refresh_session};
pub use register::{CustomerCreate, register_customer, register_with_cart};
pub use reset_password::{PasswordReset, reset_password};
pub use session::{SignedInView, TokensView};
pub use sign_in::{SignIn, sign_in_with_cart};
pub use sign_out::{SignOut, sign_out};
pub use staff_create::{CustomerStaffCreate, create_customer_of_staff};
pub use staff_patch::{CustomerStaffPatch, patch_customer_of_staff};
pub use tradepost_domain::customer::CustomerStatus;
pub use tradepost_store::customer::account::CustomerFilter;
pub use verify_email::{EmailVerification, verify_email};
pub use view::{CustomerAdminView, CustomerStatusShape, CustomerView};

use tradepost_domain::customer::password::check_password;
use tradepost_domain::kernel::{EmailAddress, Issue};
use tradepost_store::StoreError;
use tradepost_store::customer::account::CustomerRow;

use crate::error::WriteError;

/// Kind of thing in the audit log and in events.
const KIND: &str = "customer";

/// What a refused write means.
fn conflict(error: StoreError) -> WriteError {
    let detail = "there is an account with this address: sign in, or ask for a new password";
    WriteError::from_constraint(error, &[("customer_email_key", "email_taken", detail, "$.email")])
}

/// Reads an address that somebody typed.
fn read_email(text: &str) -> Result<EmailAddress, Issue> {
    text.parse().map_err(|error: tradepost_domain::kernel::EmailError| {
        Issue::new("$.email", "invalid_email", error.to_string())
    })
}

/// What is wrong with a customer's own fields, and with a new password if there is one.
fn issues(customer: &CustomerRow, password: Option<&str>) -> Vec<Issue> {
    let CustomerRow { first_name, last_name, phone, email_key, .. } = customer;
    let mut issues = tradepost_domain::customer::check_profile(
        first_name.as_deref(),
        last_name.as_deref(),
        phone.as_deref(),
    );
    issues.extend(password.and_then(|password| check_password("$.password", password, email_key)));
    issues
}

/// That a mailed token opens nothing: unknown, used, too old or overtaken by a newer one.
fn dead_token() -> WriteError {
    WriteError::invalid(
        "$.token",
        "token_invalid",
        "the token is not known, was used, or is too old: ask for another",
    )
}

/// That the token's account is there no more, or closed: whoever holds the token is nobody now.
pub fn closed_account() -> WriteError {
    WriteError::Unauthenticated { code: "token_invalid", detail: "the account is closed: sign in".into() }
}
