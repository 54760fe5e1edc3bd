//! Coupons of promotions: made one by one or many at once, listed, deleted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_domain::kernel::Issue;
use tradepost_domain::kernel::ids::{CouponId, EntityId, PromotionId};
use tradepost_domain::kernel::limits::COUPONS_MAX;
use tradepost_domain::promotion::CouponCode;
use tradepost_port::IdSource;
use tradepost_store::Client;
use tradepost_store::pricing::coupon::{self, CouponRow};
use tradepost_store::pricing::rule::{self, PROMOTION};
use utoipa::ToSchema;

use super::common_issues;
use super::promotion::{PromotionView, limit_issues};
use crate::answer::{Answer, Outcome};
use crate::catalog::Reference;
use crate::change::{missing, refuse};
use crate::error::WriteError;
use crate::page::{Page, PageRequest};
use crate::shop::Shop;
use crate::work::{StaffContext, Work};

/// A coupon as staff see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CouponView {
    /// Id.
    #[schema(value_type = String)]
    pub id: CouponId,
    /// The promotion that it switches on.
    #[schema(value_type = String)]
    pub promotion_id: PromotionId,
    /// Code, in capitals; shoppers may type it in any case.
    #[schema(value_type = String)]
    pub code: CouponCode,
    /// Most orders that may use it.
    pub usage_limit: Option<i32>,
    /// Most orders of one customer that may use it.
    pub limit_per_customer: Option<i32>,
    /// How often it was used.
    pub used: i32,
    /// First moment.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// First moment at which it is over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
}

/// A coupon to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponCreate {
    /// Code: letters, digits, `-` and `_`.
    #[schema(value_type = String, min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    pub code: CouponCode,
    /// Most orders that may use it; any number when absent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub usage_limit: Option<u32>,
    /// Most orders of one customer that may use it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub limit_per_customer: Option<u32>,
    /// First moment.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// First moment at which it is over.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
}

/// Coupons to make with codes that nobody can guess.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponsCreate {
    /// How many.
    #[schema(minimum = 1, maximum = 1_000)]
    pub count: u32,
    /// What every code begins with: letters, digits, `-` and `_`.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 48, pattern = "^[A-Za-z0-9_-]+$")]
    pub prefix: Option<CouponCode>,
    /// Most orders that may use each of them; one when absent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub usage_limit: Option<u32>,
    /// First moment.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// First moment at which they are over.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
}

/// Coupons that were made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CouponsView {
    /// The coupons.
    pub coupons: Vec<CouponView>,
}

impl From<CouponRow> for CouponView {
    fn from(row: CouponRow) -> Self {
        let CouponRow {
            id,
            promotion_id,
            code,
            usage_limit,
            limit_per_customer,
            used,
            starts_at,
            ends_at,
            created_at,
            version,
        } = row;
        Self {
            id,
            promotion_id,
            code,
            usage_limit,
            limit_per_customer,
            used,
            starts_at,
            ends_at,
            created_at,
            version,
        }
    }
}

/// A page of the coupons of a promotion, newest first, or `None` when there is no such promotion.
pub async fn list_coupons(
    shop: &Shop,
    promotion: &Reference<PromotionId>,
    page: &PageRequest<CouponId>,
) -> Result<Option<Page<CouponView>>, WriteError> {
    let conn = shop.store.admin().conn().await?;
    let (id, handle) = promotion.parts();
    let Some(found) = rule::find(&conn, PROMOTION, id, handle).await? else { return Ok(None) };
    let promotion = PromotionId::from_uuid(found.id);
    let rows = coupon::list(&conn, promotion, page.after, page.rows()).await?;
    let total = if page.count { Some(coupon::count(&conn, promotion).await?) } else { None };
    Ok(Some(Page::new(page, rows, total, |row| row.id).map(CouponView::from)))
}

/// A coupon of a promotion.
pub async fn find_coupon(
    shop: &Shop,
    promotion: &Reference<PromotionId>,
    id: CouponId,
) -> Result<CouponView, WriteError> {
    let conn = shop.store.admin().conn().await?;
    let promotion = promotion_id(&conn, promotion).await?;
    let found = coupon::get(&conn, promotion, id).await?;
    found.map(CouponView::from).ok_or(WriteError::NotFound { kind: "coupon" })
}

/// Makes a coupon.
pub async fn create_coupon(
    context: &StaffContext,
    promotion: &Reference<PromotionId>,
    create: CouponCreate,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("create_coupon").await?;
    let promotion = lock_promotion(&work, promotion).await?;
    let limits = (create.usage_limit, create.limit_per_customer);
    let row = checked(&work, promotion, (create.code, limits), (create.starts_at, create.ends_at))?;
    if coupon::insert(&work.tx, &[(row.id, row.code.clone())], &row).await?.is_empty() {
        return Err(WriteError::conflict("code_taken", "another coupon has this code", Some("$.code")));
    }
    let view = CouponView::from(row);
    let entity = ("coupon", view.id.as_uuid());
    work.audit("coupon.create", entity, None, Some(serde_json::to_value(&view)?));
    let path = format!("{}/{}", coupons_path(promotion), view.id);
    work.finish(Answer::new(Outcome::Created, &view, Some(view.version))?.at(path)).await
}

/// Makes coupons with codes that nobody can guess: ten letters of an alphabet of 32, which are 50 bits.
pub async fn create_coupons(
    context: &StaffContext,
    promotion: &Reference<PromotionId>,
    create: CouponsCreate,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("create_coupons").await?;
    let promotion = lock_promotion(&work, promotion).await?;
    let mut issues = Vec::new();
    if !(1..=COUPONS_MAX).contains(&create.count) {
        issues.push(Issue::new("$.count", "out_of_range", format!("1 to {COUPONS_MAX}")));
    }
    if create.prefix.as_ref().is_some_and(|prefix| prefix.as_str().len() > PREFIX_LEN_MAX) {
        issues.push(Issue::new("$.prefix", "too_long", format!("at most {PREFIX_LEN_MAX} characters")));
    }
    refuse(issues)?;
    let code = || random_code(create.prefix.as_ref(), &*context.shop.ids);
    let limits = (create.usage_limit.or(Some(1)), None);
    let first = checked(&work, promotion, (code()?, limits), (create.starts_at, create.ends_at))?;
    let mut coupons = vec![(first.id, first.code.clone())];
    for _ in 1..create.count {
        coupons.push((work.next_id(), code()?));
    }
    let made = coupon::insert(&work.tx, &coupons, &first).await?;
    if made.len() != coupons.len() {
        return Err(WriteError::conflict("code_taken", "a code came up twice: try again", None));
    }
    let row = |(id, code): (CouponId, CouponCode)| CouponRow { id, code, ..first.clone() };
    let view = CouponsView { coupons: coupons.into_iter().map(row).map(CouponView::from).collect() };
    let after = json!({"coupons": view.coupons.len(), "prefix": create.prefix});
    work.audit("promotion.coupons", ("promotion", promotion.as_uuid()), None, Some(after));
    work.finish(Answer::new(Outcome::Created, &view, None)?.at(coupons_path(promotion))).await
}

/// Deletes a coupon that no order used.
pub async fn delete_coupon(
    context: &StaffContext,
    promotion: &Reference<PromotionId>,
    id: CouponId,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("delete_coupon").await?;
    let promotion = promotion_id(&work.tx, promotion).await?;
    let row = coupon::get_for_update(&work.tx, promotion, id).await?;
    let row = row.ok_or(WriteError::NotFound { kind: "coupon" })?;
    coupon::delete(&work.tx, id).await.map_err(|error| {
        let detail = "orders used this coupon";
        WriteError::from_constraint(
            error,
            &[("redemption_coupon_id_fkey", "coupon_was_used", detail, "coupon")],
        )
    })?;
    let before = serde_json::to_value(CouponView::from(row))?;
    work.audit("coupon.delete", ("coupon", id.as_uuid()), Some(before), None);
    work.finish(Answer::deleted()).await
}

/// Characters before the random part of a code.
const PREFIX_LEN_MAX: usize = 48;
/// Letters of the random part: Crockford's, which nobody mixes up.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters in the random part.
const RANDOM_LEN: u32 = 10;

fn random_code(prefix: Option<&CouponCode>, ids: &dyn IdSource) -> Result<CouponCode, WriteError> {
    let bits = ids.next_secret().iter().fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    let letter = |place: u32| {
        let index = usize::try_from(bits.checked_shr(place.saturating_mul(5))? % 32).ok()?;
        ALPHABET.get(index).map(|letter| char::from(*letter))
    };
    let random: String = (0..RANDOM_LEN).filter_map(letter).collect();
    let text = prefix.map_or_else(|| random.clone(), |prefix| format!("{prefix}{random}"));
    text.parse().map_err(|_| WriteError::invalid("$.prefix", "invalid_code", "no code can begin so"))
}

fn coupons_path(promotion: PromotionId) -> String {
    format!("/api/admin/promotions/{promotion}/coupons")
}

/// The promotion that a path names. An id is taken as it is: what is looked for under it is not there without it.
pub(super) async fn promotion_id(
    client: &Client,
    promotion: &Reference<PromotionId>,
) -> Result<PromotionId, WriteError> {
    if let Reference::Id(id) = promotion {
        return Ok(*id);
    }
    let (id, handle) = promotion.parts();
    let found = rule::find(client, PROMOTION, id, handle).await?;
    found.map(|row| PromotionId::from_uuid(row.id)).ok_or_else(missing::<PromotionView>)
}

async fn lock_promotion(
    work: &Work<'_>,
    promotion: &Reference<PromotionId>,
) -> Result<PromotionId, WriteError> {
    let promotion = promotion_id(&work.tx, promotion).await?;
    let found = rule::lock(&work.tx, Some(PROMOTION), &[promotion.as_uuid()]).await?;
    if found.is_empty() { Err(missing::<PromotionView>()) } else { Ok(promotion) }
}

fn checked(
    work: &Work<'_>,
    promotion_id: PromotionId,
    (code, (usage_limit, limit_per_customer)): (CouponCode, (Option<u32>, Option<u32>)),
    (starts_at, ends_at): (Option<Timestamp>, Option<Timestamp>),
) -> Result<CouponRow, WriteError> {
    let mut issues = common_issues(code.as_str(), starts_at, ends_at);
    issues.extend(limit_issues(usage_limit, limit_per_customer));
    refuse(issues)?;
    let number = |limit: Option<u32>| limit.and_then(|limit| i32::try_from(limit).ok());
    Ok(CouponRow {
        id: work.next_id(),
        promotion_id,
        code,
        usage_limit: number(usage_limit),
        limit_per_customer: number(limit_per_customer),
        used: 0,
        starts_at,
        ends_at,
        created_at: work.now,
        version: 1,
    })
}
