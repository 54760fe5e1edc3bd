//! Promotions and coupons: counters say how many redemptions hold, for all and for each customer, and none is used too often.

/// What is counted is counted once for all rows: a campaign may have a hundred thousand coupons.
macro_rules! rules {
    () => {
        "
        select 'promotion_counter' as rule, p.id::text as id
          from promotion p
          left join (select promotion_id, count(*) as uses
                       from redemption
                      where active
                      group by promotion_id) r on r.promotion_id = p.id
         where p.used <> coalesce(r.uses, 0)
         union all
        select 'coupon_counter', c.id::text
          from coupon c
          left join (select coupon_id, count(*) as uses
                       from redemption
                      where active
                      group by coupon_id) r on r.coupon_id = c.id
         where c.used <> coalesce(r.uses, 0)
         union all
        select 'coupon_over', c.id::text
          from coupon c
          join (select coupon_id, count(*) as uses
                  from redemption
                 where active
                 group by coupon_id) r on r.coupon_id = c.id
         where c.usage_limit < r.uses
         union all
        select 'customer_counter', coalesce(u.subject_id, r.subject_id)::text
          from customer_usage u
          full join (select s.subject_id, k.customer_key, count(*) as uses
                       from redemption
                      cross join unnest(customer_keys) as k (customer_key)
                      cross join lateral (values (promotion_id), (coupon_id)) as s (subject_id)
                      where active and s.subject_id is not null
                      group by s.subject_id, k.customer_key) r
            on (r.subject_id, r.customer_key) = (u.subject_id, u.customer_key)
         where coalesce(u.used, 0) <> coalesce(r.uses, 0)"
    };
}
pub(super) use rules;
