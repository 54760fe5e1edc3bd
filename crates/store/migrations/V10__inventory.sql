-- Movements of stock: every change of a quantity, kept for ever; and what orders hold of it.

create table stock_movement (
    id             bigint generated always as identity primary key,
    stock_level_id uuid not null,
    variant_id     uuid not null,
    location_id    uuid not null,
    kind           text not null check (kind in ('received', 'adjusted', 'reserved', 'released', 'allocated', 'deallocated',
                                                 'shipped', 'returned')),
    -- what caused it: an order, an import, a person at the shelf
    cause_kind     text not null,
    cause_id       uuid not null,
    note           text,
    d_on_hand      bigint not null,
    d_reserved     bigint not null,
    d_allocated    bigint not null,
    created_at     timestamptz not null,
    -- one cause moves one level once in one way: a repeat is refused, as is a change that names no new cause
    constraint stock_movement_cause_key unique (cause_id, stock_level_id, kind)
);
create index stock_movement_variant_idx on stock_movement (variant_id, id desc);

create trigger stock_movement_append_only before update or delete or truncate on stock_movement
    for each statement execute function refuse_change();

-- The movements are made of the change itself, so that they always sum to the quantities.
create function note_stock_opened() returns trigger language plpgsql as $$
begin
    insert into stock_movement (stock_level_id, variant_id, location_id, kind, cause_kind, cause_id, note,
                                d_on_hand, d_reserved, d_allocated, created_at)
    select n.id, n.variant_id, n.location_id, n.moved_kind, n.moved_by, n.moved_id, n.moved_note,
           n.on_hand, n.reserved, n.allocated, n.updated_at
      from new_level n
     where n.on_hand <> 0 or n.reserved <> 0 or n.allocated <> 0;
    return null;
end $$;

-- A change for several is split by their units: each quantity moves by all of these, up or down, or not at all.
create function note_stock_moved() returns trigger language plpgsql as $$
begin
    insert into stock_movement (stock_level_id, variant_id, location_id, kind, cause_kind, cause_id, note,
                                d_on_hand, d_reserved, d_allocated, created_at)
    select n.id, n.variant_id, n.location_id, n.moved_kind, n.moved_by, coalesce(p.cause_id, n.moved_id), n.moved_note,
           coalesce(sign(n.on_hand - o.on_hand)::bigint * p.units, n.on_hand - o.on_hand),
           coalesce(sign(n.reserved - o.reserved)::bigint * p.units, n.reserved - o.reserved),
           coalesce(sign(n.allocated - o.allocated)::bigint * p.units, n.allocated - o.allocated),
           n.updated_at
      from new_level n
      join old_level o on o.id = n.id
      left join lateral unnest(n.moved_for, n.moved_units) as p (cause_id, units) on true
     where n.on_hand <> o.on_hand or n.reserved <> o.reserved or n.allocated <> o.allocated;
    if exists (select from new_level n
                 join old_level o on o.id = n.id
                where n.moved_for is not null
                  and (n.on_hand <> o.on_hand or n.reserved <> o.reserved or n.allocated <> o.allocated)
                  and not (select array[abs(n.on_hand - o.on_hand), abs(n.reserved - o.reserved),
                                        abs(n.allocated - o.allocated)] <@ array[0, sum(u)::bigint]
                             from unnest(n.moved_units) u)) then
        raise exception 'the units moved for each are not those that were moved'
            using errcode = 'check_violation', constraint = 'stock_level_moved_units';
    end if;
    return null;
end $$;

create function keep_promised_stock() returns trigger language plpgsql as $$
begin
    if exists (select 1 from old_level where reserved <> 0 or allocated <> 0) then
        raise exception 'stock that belongs to orders cannot be deleted'
            using errcode = 'foreign_key_violation', constraint = 'stock_level_promised';
    end if;
    return null;
end $$;

create trigger stock_level_opened after insert on stock_level
    referencing new table as new_level for each statement execute function note_stock_opened();
create trigger stock_level_moved after update on stock_level
    referencing old table as old_level new table as new_level for each statement execute function note_stock_moved();
create trigger stock_level_promised after delete on stock_level
    referencing old table as old_level for each statement execute function keep_promised_stock();
-- Imports switch ordinary triggers off while they check foreign keys set by set. Then they write the movements of the levels
-- that they open themselves, many at once; these triggers stay on.
alter table stock_level enable always trigger stock_level_moved;
alter table stock_level enable always trigger stock_level_promised;

-- What an order holds. `held` counts in stock_level.reserved, `allocated` in stock_level.allocated.
create table reservation (
    id             uuid not null,
    order_id       uuid not null,
    order_line_id  uuid not null,
    stock_level_id uuid not null,
    variant_id     uuid not null,
    location_id    uuid not null,
    quantity       bigint not null check (quantity > 0),
    state          text not null check (state in ('held', 'allocated', 'shipped', 'released')),
    -- until when it is held without a payment; null where nothing runs out
    expires_at     timestamptz check (expires_at is null or state = 'held'),
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    -- found by their order: one index, not two
    primary key (order_id, id)
);
create index reservation_expires_idx on reservation (expires_at) where expires_at is not null;
