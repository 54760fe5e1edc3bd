-- Payments: one row for each attempt to be paid, what was given back, and the ledger of both.

create table payment (
    id               uuid primary key,
    order_id         uuid not null references orders (id) on delete restrict,
    provider         text not null,
    -- the provider's id of it, once it has told one
    provider_ref     text,
    status           text not null check (status in ('created', 'requires_action', 'processing', 'authorized', 'captured', 'failed', 'canceled')),
    -- what the provider was asked for, and has said: differ in a mismatch
    amount           bigint not null check (amount > 0),
    currency         char(3) not null,
    capture          text not null check (capture in ('automatic', 'manual')),
    mismatch         boolean not null default false,
    -- the call's outcome is not known: it is read back before anything else is tried
    unknown_since    timestamptz,
    authorized       bigint not null default 0 check (authorized >= 0),
    captured         bigint not null default 0 check (captured >= 0),
    refunded         bigint not null default 0 check (refunded >= 0),
    refunded_pending bigint not null default 0 check (refunded_pending >= 0),
    disputed         bigint not null default 0 check (disputed >= 0),
    disputed_lost    bigint not null default 0 check (disputed_lost >= 0),
    -- what the shopper's browser needs to go on
    client_secret    text,
    next_action      jsonb,
    error_code       text,
    version          bigint not null default 1,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    unique (provider, provider_ref),
    constraint payment_not_over_refunded check (refunded + refunded_pending + disputed_lost <= captured)
);
create index payment_order_idx on payment (order_id);
-- One attempt at a time.
create unique index payment_live_key on payment (order_id) where status not in ('failed', 'canceled') and not mismatch;
create index payment_open_idx on payment (updated_at) where status in ('created', 'requires_action', 'processing') or unknown_since is not null;

create table refund (
    id           uuid primary key,
    order_id     uuid not null references orders (id) on delete restrict,
    payment_id   uuid not null references payment (id) on delete restrict,
    provider_ref text,
    amount       bigint not null check (amount > 0),
    currency     char(3) not null,
    status       text not null check (status in ('pending', 'succeeded', 'failed')),
    reason       text not null default '',
    -- [{"line_id": ..., "quantity": n, "amount": n}]
    lines        jsonb not null default '[]',
    restock      boolean not null default false,
    error_code   text,
    attempts     integer not null default 0,
    version      bigint not null default 1,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    unique (payment_id, provider_ref)
);
create index refund_order_idx on refund (order_id);
create index refund_pending_idx on refund (updated_at) where status = 'pending';

-- Double entry. Amounts of one transaction sum to nothing; nothing is ever changed or taken out.
create table ledger_txn (
    id          uuid primary key,
    order_id    uuid not null,
    source_kind text not null,
    source_id   text not null,
    kind        text not null,
    created_at  timestamptz not null,
    -- the same fact is booked once, under whatever event it was told
    unique (source_kind, source_id, kind)
);
create index ledger_txn_order_idx on ledger_txn (order_id);

create table ledger_entry (
    id       bigint generated always as identity primary key,
    txn_id   uuid not null references ledger_txn (id) on delete restrict,
    account  text not null,
    currency char(3) not null,
    amount   bigint not null check (amount <> 0)
);
create index ledger_entry_txn_idx on ledger_entry (txn_id);
create index ledger_entry_account_idx on ledger_entry (account);

create trigger ledger_txn_append_only before update or delete or truncate on ledger_txn
    for each statement execute function refuse_change();
create trigger ledger_entry_append_only before update or delete or truncate on ledger_entry
    for each statement execute function refuse_change();

-- What providers tell us: stored before it is acknowledged, worked off after.
create table webhook_inbox (
    provider    text not null,
    event_id    text not null,
    kind        text not null,
    payload     jsonb not null,
    state       text not null check (state in ('pending', 'done', 'parked')),
    attempts    integer not null default 0,
    next_at     timestamptz not null,
    last_error  text,
    received_at timestamptz not null,
    done_at     timestamptz,
    primary key (provider, event_id)
);
create index webhook_inbox_pending_idx on webhook_inbox (next_at) where state = 'pending';
create index webhook_inbox_done_idx on webhook_inbox (done_at) where done_at is not null;
