//! What staff change of a customer: groups, and whether the account can be used.

use serde::Deserialize;
use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::kernel::Issue;
use tradepost_domain::kernel::ids::{CustomerGroupId, CustomerId};
use tradepost_store::customer::{account, mail_token, session};
use utoipa::ToSchema;

use super::staff_create::group_issues;
use super::view::CustomerAdminView;
use crate::answer::Answer;
use crate::change::{Versions, check_version, missing, no_payload, refuse};
use crate::error::WriteError;
use crate::patch::{present, set};
use crate::work::StaffContext;

/// Whether an account is to be usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomerStatusChange {
    /// It is.
    Active,
    /// It is not, and every session ends.
    Disabled,
}

/// What to change of a customer; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerStaffPatch {
    /// Groups that prices and promotions ask for.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>, required = false, max_items = 50)]
    pub group_ids: Option<Vec<CustomerGroupId>>,
    /// Whether the account can be used.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = CustomerStatusChange, required = false)]
    pub status: Option<CustomerStatusChange>,
}

impl CustomerStaffPatch {
    fn issues(&self) -> Vec<Issue> {
        group_issues(self.group_ids.as_deref().unwrap_or_default())
    }
}

/// Changes the customer if they still have the version that was read.
pub async fn patch_customer_of_staff(
    context: &StaffContext,
    id: CustomerId,
    version: Option<Versions>,
    patch: CustomerStaffPatch,
) -> Result<Answer, WriteError> {
    refuse(patch.issues())?;
    let work = context.begin("patch_customer_of_staff").await?;
    let before = account::get_for_update(&work.tx, id).await?.ok_or_else(missing::<CustomerAdminView>)?;
    check_version(version, before.version)?;
    if before.status == CustomerStatus::Erased {
        return Err(WriteError::conflict(
            "customer_erased",
            "nothing of this customer is left to change",
            None,
        ));
    }
    let mut after = before.clone();
    set(&mut after.group_ids, patch.group_ids);
    set(
        &mut after.status,
        patch.status.map(|status| match status {
            CustomerStatusChange::Active => CustomerStatus::Active,
            CustomerStatusChange::Disabled => CustomerStatus::Disabled,
        }),
    );
    if after == before {
        return work.finish_unchanged(&CustomerAdminView::from(before)).await;
    }
    after.version += 1;
    after.updated_at = work.now;
    account::update(&work.tx, &after).await?;
    if after.status == CustomerStatus::Disabled {
        session::revoke_others(&work.tx, id, None, work.now, "disabled").await?;
        mail_token::delete_all(&work.tx, id).await?;
    }
    let (before, after) = (CustomerAdminView::from(before), CustomerAdminView::from(after));
    work.finish_updated(&before, &after, no_payload()).await
}
