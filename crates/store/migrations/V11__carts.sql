-- Carts: what somebody means to buy. They hold no prices: totals are computed from the shop's rules whenever they are asked for.

create table cart (
    id                 uuid primary key,
    channel_id         uuid not null references channel (id) on delete cascade,
    customer_id        uuid references customer (id) on delete cascade,
    -- SHA-256 of the secret that opens a guest's cart
    token_hash         bytea unique,
    currency           char(3) not null,
    locale             text not null,
    email              text,
    shipping_address   jsonb,
    billing_address    jsonb,
    shipping_method_id uuid,
    coupons            text[] not null default '{}',
    metadata           jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    status             text not null check (status in ('open', 'ordered', 'merged')),
    -- the order that it became, or the cart that took its lines
    successor_id       uuid check ((successor_id is null) = (status = 'open')),
    version            bigint not null default 1,
    created_at         timestamptz not null,
    updated_at         timestamptz not null,
    expires_at         timestamptz not null
) with (fillfactor = 80);
-- A change of lines touches no indexed column: its row stays in its page, and no index is written.
create index cart_customer_idx on cart (customer_id) where customer_id is not null;
create index cart_expires_idx on cart (expires_at);

create table cart_line (
    id         uuid primary key,
    cart_id    uuid not null references cart (id) on delete cascade,
    variant_id uuid not null references variant (id) on delete cascade,
    quantity   integer not null check (quantity > 0),
    metadata   jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    created_at timestamptz not null,
    -- one line a variant: a second addition raises its quantity
    unique (cart_id, variant_id)
);
create index cart_line_variant_idx on cart_line (variant_id);
