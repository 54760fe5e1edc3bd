//! Money: the ledger balances and says the same as orders and payments, nobody pays or is paid twice, nothing waits for ever.

/// `$1` is the present moment.
macro_rules! rules {
    () => {
        "
        select 'ledger_unbalanced' as rule, concat_ws(' ', source_kind, source_id, kind) as id
          from ledger_txn
         where (select sum(amount) from unnest(amounts) as amount) <> 0
         union all
        select 'ledger_entries', concat_ws(' ', source_kind, source_id, kind)
          from ledger_txn
         where cardinality(accounts) <> cardinality(amounts)
         union all
        select 'ledger_empty', concat_ws(' ', t.source_kind, t.source_id, t.kind)
          from ledger_txn t
         where t.amounts = '{}'
           and not exists (select from orders o where o.id = t.order_id and o.total = 0)
         union all
        select 'order_lines', o.id::text
          from orders o
          left join (select order_id, sum(unit_price * quantity) as subtotal, sum(discount) as discount, sum(tax) as tax
                       from order_line
                      group by order_id) l on l.order_id = o.id
         where (o.subtotal, o.discount) is distinct from (coalesce(l.subtotal, 0), coalesce(l.discount, 0))
            or coalesce(l.tax, 0) > o.tax
         union all
        select 'order_total', id::text
          from orders
         where total <> subtotal - discount + shipping + case when tax_included then 0 else tax end
            or total < 0
         union all
        select 'order_money', o.id::text
          from orders o
          left join (select order_id, sum(captured) as captured, sum(refunded) as refunded
                       from payment_attempt
                      group by order_id) a on a.order_id = o.id
         where (o.captured, o.refunded) is distinct from (coalesce(a.captured, 0), coalesce(a.refunded, 0))
         union all
        select 'payment_amount', o.id::text
          from orders o
          left join payment p on p.order_id = o.id
         where (o.total > 0) <> (p.id is not null)
            or (p.amount, p.currency) is distinct from (nullif(o.total, 0), case when o.total > 0 then o.currency end)
         union all
        select 'paid_ne_total', o.id::text
          from orders o
          join payment p on p.order_id = o.id
          left join payment_attempt a on a.id = p.settled_by
         where o.payment_status = 'paid'
           and (a.captured, a.refunded) is distinct from (a.capture_amount, 0::bigint)
         union all
        select 'double_capture', order_id::text
          from payment_attempt
         where captured > refunded + refund_pending + disputed
         group by order_id
        having count(*) > 1
         union all
        select 'over_refund', id::text
          from payment_attempt
         where refunded + refund_pending > coalesce(captured, 0)
         union all
        select 'refund_sums', a.id::text
          from payment_attempt a
          left join (select attempt_id, sum(amount) filter (where status = 'succeeded') as refunded,
                            sum(amount) filter (where status = 'pending') as pending
                       from refund
                      group by attempt_id) r on r.attempt_id = a.id
         where (a.refunded, a.refund_pending) is distinct from (coalesce(r.refunded, 0), coalesce(r.pending, 0))
         union all
        select 'captured_but_dead', a.order_id::text
          from payment_attempt a
          join orders o on o.id = a.order_id
         where o.status = 'canceled' and a.captured > a.refunded + a.refund_pending + a.disputed
           and a.updated_at < $1::timestamptz - interval '2 minutes'
         union all
        select 'refund_stuck', id::text
          from refund
         where status = 'pending' and provider_ref is null and created_at < $1::timestamptz - interval '1 day'
         union all
        select 'psp_clearing', coalesce(a.order_id, c.order_id)::text
          from (select order_id, sum(coalesce(captured, 0) - refunded - disputed) as net
                  from payment_attempt
                 group by order_id) a
          full join (select order_id, sum(amount) as net
                       from ledger_entry
                      where account = 'psp_clearing'
                      group by order_id) c on c.order_id = a.order_id
         where coalesce(a.net, 0) <> coalesce(c.net, 0)
         union all
        select 'held_when_settled', o.id::text
          from orders o
         where o.status <> 'pending'
           and exists (select from reservation r where r.order_id = o.id and r.state = 'held')
         union all
        select 'inbox_stuck', provider || ' ' || event_id
          from webhook_inbox
         where state = 'pending' and received_at < $1::timestamptz - interval '10 minutes'
         union all
        select 'outbox_stuck', id::text
          from outbox
         where dispatched_at is null and created_at < $1::timestamptz - interval '10 minutes'"
    };
}
pub(super) use rules;
