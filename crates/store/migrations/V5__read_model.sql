-- What shoppers read: rendered when it changes, not when it is asked for.
-- One row a product, channel and locale; written by the projector alone, and disposable: `tradepost rebuild` makes it
-- anew from the tables of V2 and V3.

-- No foreign keys: the projector holds what it renders by their very locks, set by set, where PostgreSQL would plan and
-- run a look-up of both for every row. Rows of what is deleted go with it all the same (below).
create table product_view (
    channel_id     uuid not null,
    locale         text not null,
    product_id     uuid not null,
    handle         text not null,
    -- what listings filter and sort by
    title_sort     text not null collate "C",
    price_min      bigint not null,
    price_max      bigint not null,
    published_at   timestamptz not null,
    popularity     bigint not null,
    in_stock       boolean not null,
    rating_hundredths integer not null,
    brand_handle   text not null,
    type_handle    text not null,
    category_ids   uuid[] not null,
    collection_ids uuid[] not null,
    tags           text[] not null,
    attributes     jsonb not null,
    -- one object a variant: {"o": {"color": "red"}, "p": price, "s": orderable}; names and values in lower case
    variants       jsonb not null,
    search         tsvector not null,
    -- the finished JSON of the listing's card and of the product's page
    card           text not null,
    page           text not null,
    -- epoch in which the row was last changed: a stock or a brand's name changes it too, unlike the product's version
    version        bigint not null,
    rendered_at    timestamptz not null,
    primary key (product_id, channel_id, locale)
);
-- Half of what the read model takes. Where the server was built without it, pages lie there as they are: the other method
-- takes longer to unpack than everything else that is done to answer with one.
do $$ begin
    alter table product_view alter page set compression lz4;
exception when feature_not_supported then
    alter table product_view alter page set storage external;
end $$;

create unique index product_view_handle_key on product_view (channel_id, locale, handle);
create index product_view_popularity_idx on product_view (channel_id, locale, popularity desc, product_id desc);
create index product_view_newest_idx on product_view (channel_id, locale, published_at desc, product_id desc);
-- price_max lies in it so that "from 80.00 up, cheapest first" skips what is cheaper without a look at the rows
create index product_view_price_idx on product_view (channel_id, locale, price_min, product_id, price_max);
create index product_view_name_idx on product_view (channel_id, locale, title_sort, product_id);
create index product_view_brand_idx on product_view (channel_id, locale, brand_handle);
create index product_view_categories_idx on product_view using gin (category_ids);
create index product_view_collections_idx on product_view using gin (collection_ids);
create index product_view_tags_idx on product_view using gin (tags);
create index product_view_attributes_idx on product_view using gin (attributes jsonb_path_ops);
create index product_view_variants_idx on product_view using gin (variants jsonb_path_ops);
create index product_view_search_idx on product_view using gin (search);

create function forget_product_views() returns trigger language plpgsql as $$
begin
    delete from product_view where product_id in (select id from gone);
    return null;
end $$;
create function forget_channel_views() returns trigger language plpgsql as $$
begin
    delete from product_view where channel_id in (select id from gone);
    return null;
end $$;
create trigger product_view_of_product after delete on product
    referencing old table as gone for each statement execute function forget_product_views();
create trigger product_view_of_channel after delete on channel
    referencing old table as gone for each statement execute function forget_channel_views();

-- Products whose rows above are to be made anew: wide events (a category renamed) are spread into it first.
create table projection_queue (
    product_id uuid primary key
);

-- The moment at whose prices the rows above are rendered: price lists have begun and ended for shoppers up to here. The
-- projector moves it when a list begins or ends, with an event for each that does; so nothing is missed while it does not run,
-- and what is rendered depends on no clock.
create table price_moment (
    only_row boolean primary key default true check (only_row),
    at       timestamptz not null
);
insert into price_moment (at) values ('1970-01-01T00:00:00Z');

-- What the processes of the shop hold in memory to search in: each tells of its own, so that others can see whether it is equal to
-- the rows above. Lost in a crash of the server, and told again.
create unlogged table search_shelf (
    process_id uuid not null,
    channel_id uuid not null,
    locale     text not null,
    -- see search_generation; null while it is filled for the first time
    generation bigint,
    -- epoch that it has followed to, products that it holds, and the sum of their versions
    epoch      bigint not null,
    products   bigint not null,
    versions   numeric not null,
    -- of a filling that is under way: products read, and those to be read in all; null when there is none
    done       bigint,
    due        bigint,
    told_at    timestamptz not null,
    primary key (process_id, channel_id, locale)
);

-- Grows by one when what is searched in is to be filled anew.
create table search_generation (
    only_row   boolean primary key default true check (only_row),
    generation bigint not null
);
insert into search_generation (generation) values (1);

-- Grows by one with every change of what shoppers can read; caches are valid for one epoch.
create table catalog_epoch (
    only_row boolean primary key default true check (only_row),
    epoch    bigint not null
);
insert into catalog_epoch (epoch) values (1);
