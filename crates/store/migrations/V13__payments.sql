-- Payments: what is owed for an order, the attempts to be paid it, what was given back, and the ledger of all that.

create table payment (
    id         uuid primary key,
    order_id   uuid not null unique references orders (id) on delete restrict deferrable initially deferred,
    provider   text not null,
    amount     bigint not null check (amount > 0),
    currency   char(3) not null,
    -- how much of it is taken at once: all, or nothing until staff say so
    capture    text not null check (capture in ('automatic', 'manual')),
    -- the attempt whose capture was heard of first: it pays the order, right or wrong
    settled_by uuid,
    -- who was signed in when the order was placed, whose own what is paid with can be; a later claim changes nothing here
    customer_id uuid,
    -- that it is still to be kept for them: taken back when that is done
    save_method boolean not null default false,
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

-- One try to be paid: an object of the provider (Stripe: a PaymentIntent).
create table payment_attempt (
    id                uuid primary key,
    payment_id        uuid not null references payment (id) on delete restrict deferrable initially deferred,
    order_id          uuid not null,
    provider          text not null,
    -- the provider's id of it, once it has told one
    provider_ref      text,
    status            text not null check (status in ('created', 'requires_action', 'processing', 'failed', 'authorized', 'canceled',
                                                      'captured')),
    amount            bigint not null check (amount > 0),
    capture_amount    bigint not null check (capture_amount between 0 and amount),
    currency          char(3) not null,
    captured          bigint check (captured >= 0),
    -- what the provider told instead of what it was asked for
    mismatch_amount   bigint,
    mismatch_currency char(3),
    -- since when the outcome of a call is not known: it is read back before anything else is tried
    unknown_since     timestamptz,
    -- what may not be refunded again: gone back, on its way, held or lost in disputes
    refunded          bigint not null default 0 check (refunded >= 0),
    refund_pending    bigint not null default 0 check (refund_pending >= 0),
    disputed          bigint not null default 0 check (disputed >= 0),
    -- what the shopper's browser needs to go on
    client_secret     text,
    next_action       jsonb,
    -- the provider's id of whom it is made for, empty for nobody; written before it is asked for, so that a repeat asks for the same
    payer_ref         text,
    error_code        text,
    -- declined, and tried again since: what came of that is not known yet
    retrying          boolean not null default false,
    -- confirmations asked for: part of the provider's idempotency key
    confirmations     integer not null default 0,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    unique (provider, provider_ref),
    check ((mismatch_amount is null) = (mismatch_currency is null)),
    constraint payment_attempt_not_over_refunded check (refunded <= coalesce(captured, 0))
);
create index payment_attempt_order_idx on payment_attempt (order_id);
-- One that can still take money at a time.
create unique index payment_attempt_live_key on payment_attempt (payment_id) where status not in ('canceled', 'captured');
create index payment_attempt_open_idx on payment_attempt (updated_at)
    where status in ('created', 'requires_action', 'processing', 'failed') or unknown_since is not null;

create table refund (
    id           uuid primary key,
    order_id     uuid not null references orders (id) on delete restrict deferrable initially deferred,
    attempt_id   uuid not null references payment_attempt (id) on delete restrict deferrable initially deferred,
    provider_ref text,
    amount       bigint not null check (amount > 0),
    currency     char(3) not null,
    status       text not null check (status in ('pending', 'succeeded', 'failed')),
    reason       text not null default '',
    -- [{"line_id": ..., "quantity": n, "amount": n}]
    lines        jsonb not null default '[]' check (jsonb_typeof(lines) = 'array'),
    restock      boolean not null default false,
    error_code   text,
    -- calls made, and when the next one is due while it is pending
    calls        integer not null default 0,
    next_call_at timestamptz,
    version      bigint not null default 1,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    unique (attempt_id, provider_ref)
);
create index refund_order_idx on refund (order_id);
create index refund_due_idx on refund (next_call_at) where status = 'pending';

create table dispute (
    attempt_id   uuid not null references payment_attempt (id) on delete restrict deferrable initially deferred,
    provider_ref text not null,
    order_id     uuid not null references orders (id) on delete restrict deferrable initially deferred,
    stage        text not null check (stage in ('inquiry', 'opened', 'lost', 'won')),
    amount       bigint not null check (amount >= 0),
    currency     char(3) not null,
    reason       text,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    primary key (attempt_id, provider_ref)
);
create index dispute_order_idx on dispute (order_id);

-- Customers as a provider knows them. The row is there before the provider is asked, and what it is told does not change: asked
-- twice, it makes one.
create table provider_customer (
    customer_id  uuid not null references customer (id) on delete cascade,
    provider     text not null,
    email        text not null,
    provider_ref text,
    created_at   timestamptz not null,
    primary key (customer_id, provider)
);

-- What customers keep to pay with: as much as may be shown of it, told by the provider, which has the rest.
create table saved_payment_method (
    id           uuid primary key,
    customer_id  uuid not null references customer (id) on delete cascade,
    provider     text not null,
    provider_ref text not null,
    kind         text not null,
    brand        text,
    last4        text check (length(last4) <= 4),
    exp_month    smallint,
    exp_year     smallint,
    created_at   timestamptz not null,
    unique (customer_id, provider, provider_ref)
);

-- Double entry. Amounts of one booking sum to nothing; nothing is ever changed or taken out. A booking is a row with its entries
-- in it, so that none is ever there in part.
create table ledger_txn (
    order_id    uuid not null,
    source_kind text not null,
    source_id   text not null,
    kind        text not null,
    currency    char(3) not null,
    -- entry by entry: the account, and what came to it or, below zero, went
    accounts    text[] not null,
    amounts     bigint[] not null,
    created_at  timestamptz not null,
    -- the same fact is booked once, under whatever event it was told
    primary key (source_kind, source_id, kind),
    constraint ledger_txn_entries check (cardinality(accounts) = cardinality(amounts) and 0 <> all (amounts))
);
create index ledger_txn_order_idx on ledger_txn (order_id);

-- The entries, one a row.
create view ledger_entry as
    select t.order_id, t.source_kind, t.source_id, t.kind, e.position, e.account, t.currency, e.amount, t.created_at
      from ledger_txn t, unnest(t.accounts, t.amounts) with ordinality as e (account, amount, position);

create trigger ledger_txn_append_only before update or delete or truncate on ledger_txn
    for each statement execute function refuse_change();

-- What providers tell us: stored before it is acknowledged, worked off after.
create table webhook_inbox (
    provider    text not null,
    event_id    text not null,
    kind        text not null,
    -- json and not jsonb: it is kept as it came, also with signs that jsonb refuses
    payload     json not null,
    state       text not null check (state in ('pending', 'done', 'parked')),
    attempts    integer not null default 0,
    next_at     timestamptz not null,
    last_error  text,
    received_at timestamptz not null,
    done_at     timestamptz,
    primary key (provider, event_id)
);
create index webhook_inbox_pending_idx on webhook_inbox (next_at) where state = 'pending';
create index webhook_inbox_parked_idx on webhook_inbox (received_at) where state = 'parked';
create index webhook_inbox_done_idx on webhook_inbox (done_at) where done_at is not null;

-- Up to when a provider's own list of events was read for those whose webhook never came.
create table webhook_listing (
    provider     text primary key,
    listed_until timestamptz not null
);
