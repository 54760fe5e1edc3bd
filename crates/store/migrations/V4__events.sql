-- What happens beside a change, written in its transaction: events, jobs, answers to repeat, the audit log, keys.

-- Events that follow from changes. `id` is not the order of commits: readers take rows that are not dispatched yet,
-- never rows above the last one they saw.
create table outbox (
    id            bigint generated always as identity primary key,
    event_id      uuid not null,
    type          text not null,
    aggregate_id  uuid not null,
    version       bigint not null,
    -- written once and read whole: kept as it was written, and not compressed where it is small
    payload       json not null default '{}',
    -- one of very many that came at once, an import's: those that people wait for go before it
    bulk          boolean not null default false,
    created_at    timestamptz not null,
    -- when the projector has read it; at its writing where it says nothing of the catalogue
    dispatched_at timestamptz
) with (toast_tuple_target = 8160);
alter table outbox alter payload set storage external;
create index outbox_pending_idx on outbox (bulk, id) where dispatched_at is null;
-- Of what is written in the order of its time, the oldest is found by ranges of rows: no entry for each, as in all of these.
create index outbox_dispatched_idx on outbox using brin (dispatched_at) where dispatched_at is not null;

create table job (
    id           uuid primary key,
    queue        text not null,
    payload      jsonb not null default '{}',
    -- at most one job with this key, done or not, for as long as jobs are kept: what is told twice is done once
    unique_key   text,
    run_at       timestamptz not null,
    attempts     integer not null default 0,
    locked_until timestamptz,
    last_error   text,
    finished_at  timestamptz,
    failed_at    timestamptz,
    created_at   timestamptz not null
);
create index job_due_idx on job (run_at) where finished_at is null and failed_at is null;
create index job_finished_idx on job (finished_at) where finished_at is not null;
create index job_failed_idx on job (failed_at) where failed_at is not null;
create unique index job_unique_key on job (queue, unique_key) where unique_key is not null;

-- Answers by Idempotency-Key: kept in the transaction of the work they answer.
create table idempotency_key (
    principal       text not null,
    key             text not null,
    operation       text not null,
    body_hash       bytea not null,
    state           text not null check (state in ('running', 'done')),
    locked_until    timestamptz not null,
    response_status smallint,
    response_body   bytea,
    response_etag   text,
    response_location text,
    -- what the request made before its answer was known: whoever takes the key over goes on with it
    resource_id     uuid,
    created_at      timestamptz not null,
    primary key (principal, key),
    check ((state = 'done') = (response_status is not null))
) with (toast_tuple_target = 8160);
-- Kept for three days: compressing an answer costs more than its place on the disk.
alter table idempotency_key alter response_body set storage external;
create index idempotency_key_created_idx on idempotency_key using brin (created_at);

-- Finds what happened since a date, to be told again.
create index outbox_created_idx on outbox using brin (created_at);

create table api_key (
    id           uuid primary key,
    kind         text not null check (kind in ('publishable', 'secret')),
    name         text not null,
    -- SHA-256 of the whole key; a secret of 256 random bits needs no slow hash
    hash         bytea not null unique,
    -- what may be shown of it: its beginning and its last four characters
    hint         text not null,
    -- channel that a publishable key names
    channel_id   uuid references channel (id) on delete cascade,
    scopes       text[] not null default '{}',
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    created_at   timestamptz not null,
    check ((kind = 'publishable') = (channel_id is not null))
);

create table audit_log (
    id          uuid primary key,
    at          timestamptz not null,
    actor_kind  text not null,
    actor_id    uuid,
    action      text not null,
    entity_kind text not null,
    entity_id   uuid,
    before      jsonb,
    after       jsonb,
    ip          text,
    user_agent  text,
    request_id  text
);
create index audit_log_at_idx on audit_log (at desc, id desc);
create index audit_log_entity_idx on audit_log (entity_kind, entity_id, at desc);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;

create trigger audit_log_append_only before update or delete on audit_log
    for each statement execute function refuse_change();

-- Refuses by an error: for a statement whose transaction is committed before anybody has seen its answer.
create function must(holds boolean, otherwise text) returns void language plpgsql as $$
begin
    if holds is not true then
        raise exception '%', otherwise using errcode = 'integrity_constraint_violation';
    end if;
end $$;
