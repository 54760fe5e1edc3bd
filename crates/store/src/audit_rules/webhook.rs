//! Events out: what is due is sent.

macro_rules! rules {
    () => {
        // An endpoint that is slow has a queue of its own making, and is being sent to at every moment.
        "
        select 'webhook_stuck', d.endpoint_id::text || ' ' || d.event_id::text
          from webhook_endpoint e
          join webhook_delivery d on d.endpoint_id = e.id
         where e.status = 'enabled'
           and d.state in ('pending', 'failed')
           and d.next_at < $1::timestamptz - interval '10 minutes'
           and not exists (select from webhook_delivery b where b.endpoint_id = e.id and b.leased_until > $1)"
    };
}
pub(super) use rules;
