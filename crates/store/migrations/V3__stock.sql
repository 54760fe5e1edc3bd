-- Stock: what lies where. Quantities are decided in these rows and nowhere else.

create table stock_location (
    id         uuid primary key,
    handle     text not null unique,
    name       text not null,
    is_default boolean not null default false,
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index stock_location_default_key on stock_location (is_default) where is_default;

create table stock_level (
    id          uuid primary key,
    variant_id  uuid not null references variant (id) on delete cascade,
    location_id uuid not null references stock_location (id) on delete restrict,
    on_hand     bigint not null default 0 check (on_hand between 0 and 1000000000),
    allocated   bigint not null default 0 check (allocated >= 0),
    reserved    bigint not null default 0 check (reserved >= 0),
    version     bigint not null default 1,
    updated_at  timestamptz not null,
    unique (variant_id, location_id)
);
