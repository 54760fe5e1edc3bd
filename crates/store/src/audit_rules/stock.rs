//! Stock: quantities are the sums of their movements, holds of orders are in the levels, nothing is sold twice.

macro_rules! rules {
    () => {
        "
        select 'stock_projection' as rule, l.id::text as id
          from stock_level l
          left join (select stock_level_id, sum(d_on_hand) as on_hand, sum(d_reserved) as reserved,
                            sum(d_allocated) as allocated
                       from stock_movement
                      group by stock_level_id) m on m.stock_level_id = l.id
         where (l.on_hand, l.reserved, l.allocated)
               is distinct from (coalesce(m.on_hand, 0), coalesce(m.reserved, 0), coalesce(m.allocated, 0))
         union all
        select 'oversold', id::text
          from stock_level
         where tracked and not backorder and allocated + reserved > on_hand
         union all
        select 'reserved_without_hold', coalesce(l.id, h.stock_level_id)::text
          from stock_level l
          full join (select stock_level_id, sum(quantity) as held
                       from reservation
                      where state = 'held'
                      group by stock_level_id) h on h.stock_level_id = l.id
         where coalesce(l.reserved, 0) <> coalesce(h.held, 0)
         union all
        select 'allocated_without_reservation', coalesce(l.id, a.stock_level_id)::text
          from stock_level l
          full join (select stock_level_id, sum(quantity) as allocated
                       from reservation
                      where state = 'allocated'
                      group by stock_level_id) a on a.stock_level_id = l.id
         where coalesce(l.allocated, 0) <> coalesce(a.allocated, 0)
         union all
        select 'stock_flags', l.id::text
          from stock_level l
          join variant v on v.id = l.variant_id
         where (l.tracked, l.backorder) <> (v.tracked, v.backorder)"
    };
}
pub(super) use rules;
