-- Orders: what was agreed, as it was on that day. Amounts are minor units of the order's currency, stored once and never recomputed.
-- References are checked at the commit: the statements of a change travel in one flight, whichever is prepared first.

create table orders (
    id                 uuid primary key,
    -- what people read out on the telephone; random, so that it tells nothing of the shop
    number             text not null unique,
    channel_id         uuid not null references channel (id) on delete restrict,
    cart_id            uuid,
    customer_id        uuid,
    email              text not null,
    -- SHA-256 of the secret that opens a guest's order: asked for with its id alone, so no index finds it
    token_hash         bytea,
    locale             text not null,
    currency           char(3) not null,
    status             text not null check (status in ('pending', 'confirmed', 'completed', 'canceled')),
    payment_status     text not null check (payment_status in ('not_required', 'pending', 'authorized', 'paid', 'partially_refunded',
                                                               'refunded', 'failed', 'mismatch')),
    fulfillment_status text not null check (fulfillment_status in ('unfulfilled', 'partial', 'fulfilled', 'returned')),
    subtotal           bigint not null check (subtotal >= 0),
    discount           bigint not null check (discount >= 0),
    shipping           bigint not null check (shipping >= 0),
    tax                bigint not null check (tax >= 0),
    tax_included       boolean not null,
    total              bigint not null check (total >= 0),
    -- what has come in and gone out, over all payments
    captured           bigint not null default 0 check (captured >= 0),
    refunded           bigint not null default 0 check (refunded >= 0),
    shipping_address   jsonb,
    billing_address    jsonb,
    -- the method chosen, as it was
    shipping_method    jsonb,
    -- discounts and taxes, as pricing said
    pricing            json not null,
    -- and why: each step of it
    explanation        json not null default '{}',
    coupons            text[] not null default '{}',
    metadata           jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    version            bigint not null default 1,
    placed_at          timestamptz not null,
    updated_at         timestamptz not null,
    -- when an unpaid order is given up
    expires_at         timestamptz check (expires_at is null or status = 'pending'),
    confirmed_at       timestamptz,
    completed_at       timestamptz,
    canceled_at        timestamptz check ((canceled_at is not null) = (status = 'canceled')),
    cancel_reason      text,
    constraint orders_total_sums check (total = subtotal - discount + shipping + case when tax_included then 0 else tax end)
) with (toast_tuple_target = 4080);
-- Where the server was built with it: the other method takes longer than all else that is written of an order.
do $$ begin
    alter table orders alter explanation set compression lz4;
    alter table orders alter pricing set compression lz4;
exception when feature_not_supported then null;
end $$;
-- A cart becomes one order, whatever was clicked how often.
create unique index orders_cart_id_key on orders (cart_id) where cart_id is not null;
-- Rows stand in the order of their time: staff's lists go by the id, which begins with it.
create index orders_placed_idx on orders using brin (placed_at);
create index orders_customer_idx on orders (customer_id, placed_at desc, id desc) where customer_id is not null;
-- By mailbox, as uses of promotions are counted: `A@x.com` and `a+1@x.com` are one.
create function mailbox(email text) returns text language sql immutable as
    $$ select lower(regexp_replace(email, '^([^+@]+)[+][^@]*@', '\1@')) $$;
create index orders_mailbox_idx on orders (mailbox(email));
create index orders_expires_idx on orders (expires_at) where expires_at is not null;
create index orders_open_idx on orders (id desc) where status in ('pending', 'confirmed');

create table order_line (
    id                uuid primary key,
    order_id          uuid not null references orders (id) on delete restrict deferrable initially deferred,
    position          integer not null,
    variant_id        uuid not null,
    product_id        uuid not null,
    sku               text,
    title             text not null,
    -- the rest of what was shown: handle, options, image
    product           json not null,
    quantity          integer not null check (quantity > 0),
    unit_price        bigint not null check (unit_price >= 0),
    discount          bigint not null check (discount >= 0),
    total             bigint not null check (total >= 0),
    -- of this line; part of `total` where the order's prices include tax
    tax               bigint not null check (tax >= 0),
    weight_grams      bigint,
    requires_shipping boolean not null,
    fulfilled         integer not null default 0,
    -- units that are not to be sent any more: paid back before they left
    canceled          integer not null default 0,
    returned          integer not null default 0,
    refunded_quantity integer not null default 0,
    refunded_amount   bigint not null default 0,
    metadata          jsonb not null default '{}',
    unique (order_id, position),
    constraint order_line_sums check (total = unit_price * quantity - discount),
    constraint order_line_fulfilled check (fulfilled >= 0 and canceled >= 0 and fulfilled + canceled <= quantity),
    constraint order_line_returned check (returned between 0 and fulfilled),
    constraint order_line_refunded check (refunded_quantity between 0 and quantity and refunded_amount >= 0)
);
create index order_line_variant_idx on order_line (variant_id);

-- What happened to an order, for people.
create table order_event (
    id         uuid not null,
    order_id   uuid not null references orders (id) on delete restrict deferrable initially deferred,
    kind       text not null,
    actor_kind text not null,
    actor_id   uuid,
    data       jsonb not null default '{}',
    created_at timestamptz not null,
    -- as they are read: one index, not two
    primary key (order_id, id)
);

create table fulfillment (
    id           uuid primary key,
    order_id     uuid not null references orders (id) on delete restrict deferrable initially deferred,
    location_id  uuid not null references stock_location (id) on delete restrict,
    status       text not null check (status in ('pending', 'shipped', 'delivered', 'canceled')),
    version      bigint not null default 1,
    created_at   timestamptz not null,
    shipped_at   timestamptz,
    delivered_at timestamptz,
    canceled_at  timestamptz
);
create index fulfillment_order_idx on fulfillment (order_id);

create table fulfillment_line (
    fulfillment_id uuid not null references fulfillment (id) on delete restrict deferrable initially deferred,
    order_line_id  uuid not null references order_line (id) on delete restrict deferrable initially deferred,
    quantity       integer not null check (quantity > 0),
    primary key (fulfillment_id, order_line_id)
);
create index fulfillment_line_line_idx on fulfillment_line (order_line_id);

-- A parcel of a fulfillment.
create table shipment (
    id              uuid primary key,
    fulfillment_id  uuid not null references fulfillment (id) on delete restrict deferrable initially deferred,
    order_id        uuid not null references orders (id) on delete restrict deferrable initially deferred,
    carrier         text,
    tracking_number text,
    tracking_url    text,
    created_at      timestamptz not null
);
create index shipment_fulfillment_idx on shipment (fulfillment_id);
create index shipment_order_idx on shipment (order_id);
