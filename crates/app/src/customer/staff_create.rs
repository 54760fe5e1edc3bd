//! Makes an account for somebody: without a password, which its owner chooses by the mail of a forgotten one.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;
use tradepost_domain::customer::{CustomerStatus, GROUPS_MAX};
use tradepost_domain::kernel::ids::{CustomerGroupId, EntityId};
use tradepost_domain::kernel::{Issue, Locale};
use tradepost_store::customer::account::{self, CustomerRow};
use utoipa::ToSchema;

use super::view::CustomerAdminView;
use super::{KIND, conflict, issues, read_email};
use crate::answer::{Answer, Outcome};
use crate::change::{Resource as _, no_payload, refuse};
use crate::error::WriteError;
use crate::mail::{CustomerMail, enqueue_customer_mail};
use crate::work::StaffContext;

/// An account to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerStaffCreate {
    /// E-mail address: a mail with which a password can be chosen is sent there.
    #[schema(max_length = 254, format = Email)]
    pub email: String,
    /// First name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub last_name: Option<String>,
    /// Telephone number.
    #[serde(default)]
    #[schema(max_length = 32)]
    pub phone: Option<String>,
    /// Locale of mails.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub locale: Option<Locale>,
    /// Whether advertising may be sent: its owner must have said so.
    #[serde(default)]
    pub accepts_marketing: bool,
    /// Groups that prices and promotions ask for.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 50)]
    pub group_ids: Vec<CustomerGroupId>,
}

/// What is wrong with groups of a customer.
pub(super) fn group_issues(groups: &[CustomerGroupId]) -> Vec<Issue> {
    let distinct: BTreeSet<_> = groups.iter().collect();
    let mut issues = Vec::new();
    if groups.len() > GROUPS_MAX {
        issues.push(Issue::new("$.group_ids", "too_many", format!("at most {GROUPS_MAX}")));
    }
    if distinct.len() < groups.len() {
        issues.push(Issue::new("$.group_ids", "duplicate_group", "a group is there twice"));
    }
    issues
}

/// Makes the account and asks for the mail. Nobody can sign in before the mail was used, which proves the address too.
pub async fn create_customer_of_staff(
    context: &StaffContext,
    create: CustomerStaffCreate,
) -> Result<Answer, WriteError> {
    let email = read_email(&create.email).map_err(|issue| WriteError::Invalid(vec![issue]))?;
    let mut work = context.begin("create_customer_of_staff").await?;
    let row = CustomerRow {
        id: work.next_id(),
        email_key: email.key(),
        email: email.as_str().to_owned(),
        first_name: create.first_name,
        last_name: create.last_name,
        phone: create.phone,
        password_hash: None,
        locale: create.locale.map(|locale| locale.as_str().to_owned()),
        group_ids: create.group_ids,
        accepts_marketing: create.accepts_marketing,
        email_verified_at: None,
        status: CustomerStatus::Active,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    };
    let mut found = issues(&row, None);
    found.extend(group_issues(&row.group_ids));
    refuse(found)?;
    account::insert(&work.tx, &row).await.map_err(conflict)?;
    let mail = CustomerMail::PasswordReset { email_key: row.email_key.clone() };
    enqueue_customer_mail(&context.shop, &work.tx, &mail, work.now).await?;
    work.event("customer.created", row.id.as_uuid(), row.version, no_payload());
    let after = json!({"email": email.masked(), "accepts_marketing": row.accepts_marketing});
    work.audit("customer.create", (KIND, row.id.as_uuid()), None, Some(after));
    let view = CustomerAdminView::from(row);
    let path = format!("{}/{}", CustomerAdminView::KIND.path, view.id);
    work.finish(Answer::new(Outcome::Created, &view, Some(view.version))?.at(path)).await
}
