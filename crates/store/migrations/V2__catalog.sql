-- The catalogue as staff write it. What shoppers read is made of it in `product_view` (V5).

create table brand (
    id         uuid primary key,
    handle     text not null unique,
    name       text not null,
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table product_type (
    id         uuid primary key,
    handle     text not null unique,
    name       text not null,
    -- list of attribute definitions: key, label, kind, unit, values, required
    attributes jsonb not null default '[]' check (jsonb_typeof(attributes) = 'array'),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table category (
    id          uuid primary key,
    parent_id   uuid references category (id) on delete restrict,
    handle      text not null unique,
    name        text not null,
    description text not null default '',
    position    integer not null default 0,
    -- by locale: {"de": {"name": "...", "description": "..."}}
    translations jsonb not null default '{}' check (jsonb_typeof(translations) = 'object'),
    version     bigint not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    check (parent_id <> id)
);
create index category_parent_idx on category (parent_id, position);

create table collection (
    id          uuid primary key,
    handle      text not null unique,
    title       text not null,
    description text not null default '',
    kind        text not null check (kind in ('manual', 'rule')),
    -- the rule of a rule collection: {"match": "all", "conditions": [...]}
    rule        jsonb,
    version     bigint not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    check ((kind = 'rule') = (rule is not null))
);
create index collection_title_idx on collection (title, id);

-- A stored picture; the key is the file's name in the blob store, made of its content's hash.
create table media_asset (
    blob         text primary key,
    content_type text not null,
    width        integer,
    height       integer,
    size_bytes   bigint not null,
    -- narrower copies by width in pixels: {"640": "<blob>"}
    renditions   jsonb not null default '{}',
    created_at   timestamptz not null
);
create index media_asset_created_idx on media_asset (created_at desc, blob desc);

create table product (
    id              uuid primary key,
    -- by its bytes, so that the unique index serves beginnings too
    handle          text collate "C" not null unique,
    title           text not null,
    description     text not null default '',
    status          text not null check (status in ('draft', 'published', 'archived')),
    publish_at      timestamptz check (publish_at is null or status = 'draft'),
    published_at    timestamptz check (published_at is not null or status <> 'published'),
    brand_id        uuid references brand (id) on delete restrict,
    product_type_id uuid references product_type (id) on delete restrict,
    -- the main category, of which the breadcrumb is made; further ones stand in product_category
    category_id     uuid references category (id) on delete restrict,
    tags            text[] not null default '{}',
    attributes      jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
    metadata        jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    -- in the order of display: [{"name": "Color", "values": ["Red", "Blue"]}]
    options         jsonb not null default '[]' check (jsonb_typeof(options) = 'array'),
    seo_title       text,
    seo_description text,
    -- channels that show it; null means all
    channel_ids     uuid[],
    popularity      bigint not null default 0,
    rating_sum      bigint not null default 0,
    rating_count    bigint not null default 0,
    -- texts by locale: {"de": {"title": "...", "description": "...", "seo_title": ..., "seo_description": ...}}
    translations    jsonb not null default '{}' check (jsonb_typeof(translations) = 'object'),
    version         bigint not null default 1,
    created_at      timestamptz not null,
    updated_at      timestamptz not null
);
-- Staff look for the beginning of a title, in any case.
create index product_title_idx on product (lower(title) text_pattern_ops);
create index product_brand_idx on product (brand_id) where brand_id is not null;
create index product_type_idx on product (product_type_id) where product_type_id is not null;
create index product_category_idx on product (category_id) where category_id is not null;
create index product_publish_at_idx on product (publish_at) where publish_at is not null;

create table product_category (
    product_id  uuid not null references product (id) on delete cascade,
    category_id uuid not null references category (id) on delete cascade,
    position    integer not null default 0,
    primary key (product_id, category_id)
);
create index product_category_category_idx on product_category (category_id);

create table collection_product (
    collection_id uuid not null references collection (id) on delete cascade,
    product_id    uuid not null references product (id) on delete cascade,
    position      integer not null default 0,
    primary key (collection_id, product_id)
);
create index collection_product_product_idx on collection_product (product_id);

create table product_media (
    id         uuid primary key,
    product_id uuid not null references product (id) on delete cascade,
    position   integer not null,
    blob       text references media_asset (blob),
    source_url text,
    alt        text not null default '',
    width      integer,
    height     integer,
    check ((blob is null) <> (source_url is null))
);
create index product_media_product_idx on product_media (product_id, position);
create index product_media_blob_idx on product_media (blob) where blob is not null;

create table variant (
    id           uuid primary key,
    product_id   uuid not null references product (id) on delete cascade,
    position     integer not null,
    -- by its bytes, so that the unique index serves beginnings too
    sku          text collate "C" unique,
    barcode      text,
    -- value of each option by its name: {"Color": "Red"}
    options      jsonb not null default '{}' check (jsonb_typeof(options) = 'object'),
    weight_grams integer check (weight_grams >= 0),
    media_id     uuid references product_media (id) on delete set null,
    tracked      boolean not null default true,
    backorder    boolean not null default false,
    -- not so a download, a voucher, a service
    requires_shipping boolean not null default true,
    metadata     jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object')
);
create index variant_product_idx on variant (product_id, position);
create index variant_media_idx on variant (media_id) where media_id is not null;

create table price (
    variant_id        uuid not null references variant (id) on delete cascade,
    currency          char(3) not null,
    amount            bigint not null check (amount between 0 and 10000000000000),
    compare_at_amount bigint check (compare_at_amount between 0 and 10000000000000),
    primary key (variant_id, currency)
);

-- Earlier handles, which answer with a redirect to the present one. Several may have had one handle: who had it last is
-- led to, of those that are there to be seen.
create table handle_history (
    kind       text not null check (kind in ('product', 'category', 'collection')),
    handle     text not null,
    target_id  uuid not null,
    created_at timestamptz not null,
    primary key (kind, handle, target_id)
);
create index handle_history_target_idx on handle_history (kind, target_id);

create table review (
    id           uuid primary key,
    product_id   uuid not null references product (id) on delete cascade,
    -- the customer who wrote it; null for reviews that staff brought from elsewhere
    customer_id  uuid,
    author       text not null,
    rating       smallint not null check (rating between 1 and 5),
    title        text not null default '',
    body         text not null default '',
    status       text not null check (status in ('pending', 'approved', 'rejected')),
    version      bigint not null default 1,
    created_at   timestamptz not null,
    moderated_at timestamptz
);
create index review_product_idx on review (product_id, created_at desc, id desc) where status = 'approved';
create index review_status_idx on review (status, created_at desc, id desc);
create unique index review_customer_key on review (product_id, customer_id) where customer_id is not null;
create index review_author_idx on review (customer_id) where customer_id is not null;

-- How staff steer search: words that mean the same, and rules of what is shown where. What staff wrote stands whole in `definition`.
create table search_synonym (
    id         uuid primary key,
    handle     text not null unique,
    name       text not null,
    definition jsonb not null check (jsonb_typeof(definition) = 'object'),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

-- What matches count: one row.
create table search_weights (
    id         uuid primary key,
    definition jsonb not null check (jsonb_typeof(definition) = 'object'),
    version    bigint not null default 1,
    updated_at timestamptz not null
);
create unique index search_weights_key on search_weights ((true));
insert into search_weights (id, definition, updated_at) values ('00000000-0000-7000-8000-000000000001', '{}', now());

create table search_rule (
    id         uuid primary key,
    handle     text not null unique,
    name       text not null,
    definition jsonb not null check (jsonb_typeof(definition) = 'object'),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
