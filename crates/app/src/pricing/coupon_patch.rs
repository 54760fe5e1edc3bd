//! What staff change of a coupon: how often and when it can be used. Its code stays: somebody may have it on paper.

use jiff::Timestamp;
use serde::Deserialize;
use tradepost_domain::kernel::ids::{CouponId, EntityId, PromotionId};
use tradepost_store::pricing::coupon::{self, CouponRow};
use utoipa::ToSchema;

use super::common_issues;
use super::coupon::{CouponView, promotion_id};
use super::promotion::limit_issues;
use crate::answer::{Answer, Outcome};
use crate::catalog::Reference;
use crate::change::{Versions, check_version, difference, refuse};
use crate::error::WriteError;
use crate::patch::Patch;
use crate::work::StaffContext;

/// What to change of a coupon; what is absent stays, null clears.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponPatch {
    /// Most orders that may use it.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000_000)]
    pub usage_limit: Patch<u32>,
    /// Most orders of one customer that may use it.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000_000)]
    pub limit_per_customer: Patch<u32>,
    /// First moment.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Patch<Timestamp>,
    /// First moment at which it is over.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Patch<Timestamp>,
}

impl CouponPatch {
    /// The coupon with the changes made.
    fn apply(self, before: &CouponRow) -> Result<CouponRow, WriteError> {
        refuse(limit_issues(self.usage_limit.value().copied(), self.limit_per_customer.value().copied()))?;
        let mut after = before.clone();
        set_limit(self.usage_limit, &mut after.usage_limit);
        set_limit(self.limit_per_customer, &mut after.limit_per_customer);
        self.starts_at.apply(&mut after.starts_at);
        self.ends_at.apply(&mut after.ends_at);
        refuse(common_issues(after.code.as_str(), after.starts_at, after.ends_at))?;
        if after.usage_limit.is_some_and(|limit| limit < after.used) {
            let detail = "the coupon was used more often than this";
            let error = WriteError::conflict("limit_below_uses", detail, Some("$.usage_limit"));
            return Err(error.with_fact("used", after.used));
        }
        Ok(after)
    }
}

fn set_limit(given: Patch<u32>, place: &mut Option<i32>) {
    match given {
        Patch::Absent => {}
        Patch::Null => *place = None,
        // A limit lies below what the database can count to.
        Patch::Value(limit) => *place = i32::try_from(limit).ok(),
    }
}

/// Changes a coupon that has the version that was read.
pub async fn patch_coupon(
    context: &StaffContext,
    (promotion, id): (&Reference<PromotionId>, CouponId),
    version: Option<Versions>,
    patch: CouponPatch,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("patch_coupon").await?;
    let promotion = promotion_id(&work.tx, promotion).await?;
    let before = coupon::get_for_update(&work.tx, promotion, id).await?;
    let before = before.ok_or(WriteError::NotFound { kind: "coupon" })?;
    check_version(version, before.version)?;
    let mut after = patch.apply(&before)?;
    if after != before {
        after.version = before.version.saturating_add(1);
        coupon::update(&work.tx, &after).await?;
        let (was, is) = (CouponView::from(before), CouponView::from(after.clone()));
        let (old, new) = difference(&was, &is)?.unzip();
        work.audit("coupon.update", ("coupon", id.as_uuid()), old, new);
    }
    let view = CouponView::from(after);
    work.finish(Answer::new(Outcome::Done, &view, Some(view.version))?).await
}
