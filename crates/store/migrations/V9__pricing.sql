-- What prices are made of: groups of customers, price lists, promotions with their coupons, taxes, shipping.
-- A rule stands whole in `definition`, as staff wrote it; the columns made of it are what statements look for.

create table customer_group (
    id         uuid primary key,
    handle     text not null unique,
    name       text not null,
    definition jsonb not null check (jsonb_typeof(definition) = 'object'),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table price_list (
    id         uuid primary key,
    handle     text not null unique,
    name       text not null,
    definition jsonb not null check (jsonb_typeof(definition) = 'object'),
    active     boolean not null generated always as ((definition ->> 'active')::boolean) stored,
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table price_list_price (
    price_list_id uuid not null references price_list (id) on delete cascade,
    variant_id    uuid not null references variant (id) on delete cascade,
    currency      char(3) not null,
    -- from so many units of the variant in the cart on
    min_quantity  integer not null check (min_quantity between 1 and 9999),
    amount        bigint not null check (amount between 0 and 10000000000000),
    primary key (price_list_id, variant_id, currency, min_quantity)
);
create index price_list_price_variant_idx on price_list_price (variant_id, currency);

-- Products of a price list that is gone, until the projector has heard of it: by then nothing else tells which they were.
create table price_list_leaving (
    price_list_id uuid not null,
    product_id    uuid not null,
    primary key (price_list_id, product_id)
);

create table promotion (
    id                 uuid primary key,
    handle             text not null unique,
    name               text not null,
    definition         jsonb not null check (jsonb_typeof(definition) = 'object'),
    active             boolean not null generated always as ((definition ->> 'active')::boolean) stored,
    requires_coupon    boolean not null generated always as ((definition ->> 'requires_coupon')::boolean) stored,
    usage_limit        integer generated always as ((definition ->> 'usage_limit')::integer) stored,
    limit_per_customer integer generated always as ((definition ->> 'limit_per_customer')::integer) stored,
    used               integer not null default 0 check (used >= 0),
    version            bigint not null default 1,
    created_at         timestamptz not null,
    updated_at         timestamptz not null,
    -- the second wall: the first is the condition of the statement that counts a use
    constraint promotion_usage_check check (usage_limit is null or used <= usage_limit)
);

create table coupon (
    id                 uuid primary key,
    promotion_id       uuid not null references promotion (id) on delete cascade,
    -- in capitals
    code               text not null unique,
    usage_limit        integer check (usage_limit > 0),
    limit_per_customer integer check (limit_per_customer > 0),
    used               integer not null default 0 check (used >= 0),
    starts_at          timestamptz,
    ends_at            timestamptz,
    -- grows with every change by people; uses leave it as it is
    version            bigint not null default 1,
    created_at         timestamptz not null,
    constraint coupon_usage_check check (usage_limit is null or used <= usage_limit)
);
create index coupon_promotion_idx on coupon (promotion_id, id);

-- One use of a promotion, and of the coupon that switched it on, by one order. Given back once, when the order is canceled.
create table redemption (
    id            uuid primary key,
    order_id      uuid not null,
    promotion_id  uuid not null references promotion (id) on delete restrict,
    coupon_id     uuid references coupon (id) on delete restrict,
    customer_keys text[] not null,
    amount        bigint not null check (amount >= 0),
    currency      char(3) not null,
    active        boolean not null default true,
    created_at    timestamptz not null,
    released_at   timestamptz,
    unique (order_id, promotion_id),
    check (active = (released_at is null))
);
create index redemption_promotion_idx on redemption (promotion_id) where active;
create index redemption_coupon_idx on redemption (coupon_id) where active;

-- Uses by one customer: a row to count in, because a sum over redemptions would let two orders at once pass the limit.
create table customer_usage (
    -- a promotion or a coupon
    subject_id   uuid not null,
    -- the customer's id, or a hash of the e-mail address
    customer_key text not null,
    used         integer not null check (used >= 0),
    primary key (subject_id, customer_key)
);

-- Orders that cost less because they were the buyer's first: one for each name of a buyer, so that of two at once one is.
create table first_order (
    customer_key text primary key,
    order_id     uuid not null
);

create table tax_class (
    id         uuid primary key,
    handle     text not null unique,
    name       text not null,
    definition jsonb not null check (jsonb_typeof(definition) = 'object'),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table tax_zone (
    id         uuid primary key,
    handle     text not null unique,
    name       text not null,
    definition jsonb not null check (jsonb_typeof(definition) = 'object'),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table tax_rate (
    id         uuid primary key,
    handle     text not null unique,
    name       text not null,
    definition jsonb not null check (jsonb_typeof(definition) = 'object'),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table shipping_zone (
    id         uuid primary key,
    handle     text not null unique,
    name       text not null,
    definition jsonb not null check (jsonb_typeof(definition) = 'object'),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table shipping_method (
    id         uuid primary key,
    handle     text not null unique,
    name       text not null,
    definition jsonb not null check (jsonb_typeof(definition) = 'object'),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

-- What services of others said of taxes at a place or of the cost of a parcel: asked while no transaction is open, and read
-- by those that price. Everything here can be asked again.
create table rate_answer (
    -- 'tax' or 'shipping'
    kind        text not null check (kind in ('tax', 'shipping')),
    -- SHA-256 of what was asked
    ask         bytea not null,
    -- null while no answer ever came
    answer      jsonb,
    answered_at timestamptz,
    -- the last time that an answer was asked for, whatever came of it
    asked_at    timestamptz not null,
    primary key (kind, ask),
    check ((answer is null) = (answered_at is null))
);

create index rate_answer_asked_at on rate_answer (asked_at);
-- Counts the changes of rules: who knows the rules of an epoch and finds it to be the present one need not read them again.
-- A row and not a sequence: the new epoch is seen with the change that it counts, never before it.
create table rules_epoch (
    is_only boolean primary key default true check (is_only),
    epoch   bigint not null
);
insert into rules_epoch (epoch) values (1);

create function count_rule_change() returns trigger language plpgsql as $$
begin
    -- By the clock, so that no epoch comes twice: not even in a copy of the database that goes on from an earlier one.
    update rules_epoch set epoch = greatest(epoch + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint);
    return null;
end $$;

create trigger tax_class_changed after insert or update or delete or truncate on tax_class
    for each statement execute function count_rule_change();
create trigger tax_zone_changed after insert or update or delete or truncate on tax_zone
    for each statement execute function count_rule_change();
create trigger tax_rate_changed after insert or update or delete or truncate on tax_rate
    for each statement execute function count_rule_change();
create trigger shipping_zone_changed after insert or update or delete or truncate on shipping_zone
    for each statement execute function count_rule_change();
create trigger shipping_method_changed after insert or update or delete or truncate on shipping_method
    for each statement execute function count_rule_change();
create trigger price_list_changed after insert or update or delete or truncate on price_list
    for each statement execute function count_rule_change();
-- Not of their uses, which orders count.
create trigger promotion_changed after insert or update of name, definition or delete or truncate on promotion
    for each statement execute function count_rule_change();
