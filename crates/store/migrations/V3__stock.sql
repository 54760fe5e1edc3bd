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
    -- the variant's, kept here so that the row alone can decide
    tracked     boolean not null,
    backorder   boolean not null,
    -- why the quantities were last changed: each change is written down as a movement (V10), and none twice
    moved_kind  text not null,
    moved_by    text not null,
    moved_id    uuid not null,
    moved_note  text,
    -- of a change for several at once: the units of each, which add up to it; null where `moved_id` is all of the cause
    moved_for   uuid[],
    moved_units bigint[],
    version     bigint not null default 1,
    updated_at  timestamptz not null,
    unique (variant_id, location_id),
    -- the second wall behind the conditional updates: a mistake becomes an error, never an oversell
    constraint stock_level_not_oversold check (backorder or not tracked or allocated + reserved <= on_hand),
    constraint stock_level_moved_for check (cardinality(moved_for) is not distinct from cardinality(moved_units))
)
-- room beside each row for its next version: a level is changed with every order
with (fillfactor = 70);

-- Levels are locked in the order in which all writers lock them: by variant, then by location.
create function follow_variant_stock() returns trigger language plpgsql as $$
begin
    with changed as (
        select n.id, n.tracked, n.backorder
          from new_variant n
          join old_variant o on o.id = n.id
         where n.tracked <> o.tracked or n.backorder <> o.backorder
    ), locked as materialized (
        select l.id, c.tracked, c.backorder
          from stock_level l
          join changed c on c.id = l.variant_id
         order by l.variant_id, l.location_id
           for no key update of l
    )
    update stock_level l
       set tracked = k.tracked, backorder = k.backorder, version = l.version + 1
      from locked k
     where l.id = k.id;
    return null;
end $$;

create trigger variant_stock_flags after update on variant
    referencing old table as old_variant new table as new_variant
    for each statement execute function follow_variant_stock();
