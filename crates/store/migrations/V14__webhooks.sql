-- Events out: who is told by webhook, what was told, and what came of each try (docs/adr/0016).

create table webhook_endpoint (
    id                  uuid primary key,
    url                 text not null,
    description         text not null default '',
    -- names of events, `order.*`, or `*`
    event_types         text[] not null check (cardinality(event_types) > 0),
    status              text not null check (status in ('enabled', 'disabled')),
    disabled_reason     text check (disabled_reason in ('staff', 'gone', 'failing')),
    disabled_at         timestamptz,
    -- What signs: symmetric, so it cannot be stored as a hash. Sealed with a key that is not in the database: form, name of the
    -- key, nonce and tag are 37 bytes around its 24 to 64.
    secret              bytea not null check (octet_length(secret) between 61 and 101),
    former_secret       bytea check (octet_length(former_secret) between 61 and 101),
    former_secret_until timestamptz,
    -- failures since the last success
    failures            bigint not null default 0,
    failing_since       timestamptz,
    concurrency         integer not null check (concurrency between 1 and 16),
    version             bigint not null default 1,
    created_at          timestamptz not null,
    updated_at          timestamptz not null,
    check ((status = 'disabled') = (disabled_reason is not null)),
    check ((status = 'disabled') = (disabled_at is not null)),
    check ((former_secret is null) = (former_secret_until is null)),
    check ((failures = 0) = (failing_since is null))
);

-- An event on its way to an endpoint. No foreign keys: a placed order would take a lock on the endpoint's row, and wait
-- for staff who change it. What an endpoint leaves behind that is deleted, nobody sends, and goes with its time.
create table webhook_delivery (
    endpoint_id  uuid not null,
    event_id     uuid not null,
    -- its row in the outbox, where the payload is
    event_row    bigint not null,
    event_type   text not null,
    state        text not null check (state in ('pending', 'failed', 'delivered', 'dead')),
    -- one of very many that came at once, an import's or a replay's: those that people wait for go before it
    bulk         boolean not null default false,
    -- tries in all, and since it was last sent anew
    attempts     integer not null default 0,
    step         integer not null default 0,
    -- while it is being sent this is when it counts as lost, and is sent again
    next_at      timestamptz,
    leased_until timestamptz,
    created_at   timestamptz not null,
    finished_at  timestamptz,
    -- where it goes and what signs it, when that is the address that its endpoint had before, and the secret of then: the
    -- secret is kept, sealed, until this is told
    url          text,
    secret       bytea,
    primary key (endpoint_id, event_id),
    check ((state in ('pending', 'failed')) = (next_at is not null)),
    check ((state in ('pending', 'failed')) = (finished_at is null)),
    check (leased_until is null or state in ('pending', 'failed'))
);
create index webhook_delivery_due_idx on webhook_delivery (endpoint_id, bulk, next_at, event_id)
    where state in ('pending', 'failed');
-- Staff look for what was not taken; nearly everything was.
create index webhook_delivery_undelivered_idx on webhook_delivery (endpoint_id, state, event_id)
    where state <> 'delivered';
create index webhook_delivery_leased_idx on webhook_delivery (endpoint_id) where leased_until is not null;
create index webhook_delivery_created_idx on webhook_delivery using brin (created_at);

create table webhook_attempt (
    endpoint_id uuid not null,
    event_id    uuid not null,
    number      integer not null,
    at          timestamptz not null,
    duration_ms bigint not null,
    status_code integer,
    -- the beginning of the answer
    response    text,
    error       text,
    primary key (endpoint_id, event_id, number),
    foreign key (endpoint_id, event_id) references webhook_delivery on delete cascade,
    check (octet_length(response) <= 1024)
);

-- Whoever writes an event, be it one or a whole import, has written its deliveries too: in the same transaction, so that
-- none is lost, none told that did not happen, and none waits for another reader of the outbox.
create function tell_webhook_endpoints() returns trigger language plpgsql as $$
begin
    insert into webhook_delivery (endpoint_id, event_id, event_row, event_type, state, bulk, next_at, created_at)
    select e.id, f.event_id, f.id, f.type, 'pending', f.bulk, f.created_at, f.created_at
      from fresh f
      join webhook_endpoint e
        on case when f.type in ('webhook_endpoint.test', 'webhook_endpoint.moved') then e.id = f.aggregate_id
                else e.status = 'enabled' and e.event_types && array[f.type, split_part(f.type, '.', 1) || '.*', '*']
           end;
    return null;
end $$;

create trigger outbox_to_webhooks after insert on outbox
    referencing new table as fresh
    for each statement execute function tell_webhook_endpoints();
