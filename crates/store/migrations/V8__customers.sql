-- Customers: who they are, where they live, how they prove it.

create table customer (
    id                uuid primary key,
    -- as its owner writes it, and in lower case as it is compared; of one who was erased nothing but a number is left
    email             text not null,
    email_key         text not null,
    first_name        text,
    last_name         text,
    phone             text,
    -- PHC string (argon2id); nobody signs in without one
    password_hash     text,
    locale            text,
    group_ids         uuid[] not null default '{}',
    accepts_marketing boolean not null default false,
    email_verified_at timestamptz,
    status            text not null check (status in ('active', 'disabled', 'erased')),
    version           bigint not null default 1,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    constraint customer_email_key unique (email_key),
    constraint customer_erased check (status <> 'erased' or (password_hash is null and phone is null and last_name is null))
);
-- prefixes that staff search by
create index customer_email_prefix_idx on customer (email_key text_pattern_ops);
create index customer_last_name_idx on customer (lower(last_name) text_pattern_ops);
create index customer_first_name_idx on customer (lower(first_name) text_pattern_ops);
create index customer_groups_idx on customer using gin (group_ids);

create table customer_address (
    id                  uuid primary key,
    customer_id         uuid not null references customer (id) on delete cascade,
    -- the API's shape of an address, as carts and orders copy it
    address             jsonb not null,
    is_default_shipping boolean not null default false,
    is_default_billing  boolean not null default false,
    version             bigint not null default 1,
    created_at          timestamptz not null,
    updated_at          timestamptz not null
);
create index customer_address_customer_idx on customer_address (customer_id, id desc);
create unique index customer_address_shipping_key on customer_address (customer_id) where is_default_shipping;
create unique index customer_address_billing_key on customer_address (customer_id) where is_default_billing;

-- A sign-in and everything that was refreshed from it: revoked as a whole.
create table customer_session (
    id           uuid primary key,
    customer_id  uuid not null references customer (id) on delete cascade,
    ip           text,
    user_agent   text,
    created_at   timestamptz not null,
    last_used_at timestamptz not null,
    -- the end that no refreshing moves
    expires_at   timestamptz not null,
    revoked_at   timestamptz,
    revoked_for  text,
    check ((revoked_at is null) = (revoked_for is null))
);
create index customer_session_customer_idx on customer_session (customer_id) where revoked_at is null;
create index customer_session_expires_idx on customer_session (expires_at);

-- Refresh tokens by their SHA-256. The one that replaces another is made of it and of `successor_salt`, so that a repeat
-- within the grace gets the same one again and a session never has two that live.
create table refresh_token (
    hash           bytea primary key,
    session_id     uuid not null references customer_session (id) on delete cascade,
    created_at     timestamptz not null,
    -- unused until then, it is dead
    expires_at     timestamptz not null,
    rotated_at     timestamptz,
    successor_salt bytea,
    check ((rotated_at is null) = (successor_salt is null))
);
create index refresh_token_session_idx on refresh_token (session_id);

-- What is sent by mail to prove that the address is read: by SHA-256, used by deleting it, the newest of a kind alone.
create table mail_token (
    hash        bytea primary key,
    customer_id uuid not null references customer (id) on delete cascade,
    purpose     text not null check (purpose in ('password_reset', 'email_verification')),
    -- the address that it was sent to: after a change of address it proves nothing
    email_key   text not null,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    unique (customer_id, purpose)
);

-- Ed25519 keys of access tokens; the id is the `kid`. The next key stands here a day before it signs, the last one a
-- day after it has signed.
create table signing_key (
    id             uuid primary key,
    seed           bytea not null check (length(seed) = 32),
    public_key     bytea not null check (length(public_key) = 32),
    signs_from     timestamptz not null,
    signs_until    timestamptz not null,
    verifies_until timestamptz not null,
    created_at     timestamptz not null,
    check (signs_from < signs_until and signs_until <= verifies_until),
    -- two processes that make the next key at once make one
    unique (signs_from)
);

-- A customer's review stays when the customer goes, without the name.
alter table review add constraint review_customer_id_fkey foreign key (customer_id) references customer (id) on delete set null;

-- Tells this database from every other: what one shop signs another does not take, a copy of it included.
insert into setting (key, value, updated_at) values ('store_id', to_jsonb(gen_random_uuid()::text), now());
