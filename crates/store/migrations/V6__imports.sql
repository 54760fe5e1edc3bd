-- Imports: their progress and the rows they could not take.

create table import_run (
    id              uuid primary key,
    -- the command line continues its own runs, the worker those of the API
    origin          text not null check (origin in ('command', 'api')),
    format          text not null check (format in ('shopify-csv', 'jsonl')),
    -- SHA-256 of the file: the same file continues where it stopped
    file_hash       bytea not null,
    file_name       text not null,
    -- the uploaded file, as long as it is kept
    file_blob       text,
    file_bytes      bigint,
    dry_run         boolean not null,
    -- what the file's prices are in and where its stock goes: the same file with others is another run
    currency        char(3),
    location_id     uuid,
    status          text not null check (status in ('pending', 'running', 'succeeded', 'failed', 'canceled')),
    -- position behind the last product that is committed
    byte_offset     bigint not null default 0,
    record_offset   bigint not null default 0,
    products_created bigint not null default 0,
    products_updated bigint not null default 0,
    products_unchanged bigint not null default 0,
    products_failed bigint not null default 0,
    -- errors found; the first ten thousand of them stand in import_error
    rows_failed     bigint not null default 0,
    error           text,
    version         bigint not null default 1,
    created_at      timestamptz not null,
    started_at      timestamptz,
    finished_at     timestamptz
);
create index import_run_created_idx on import_run (created_at desc, id desc);
-- of two commands that begin the same file at once, one finds the run of the other
create unique index import_run_unfinished_key on import_run (file_hash, format, currency, location_id)
    nulls not distinct
    where origin = 'command' and not dry_run and status in ('pending', 'running', 'failed');
create index import_run_open_idx on import_run (created_at, id)
    where origin = 'api' and status in ('pending', 'running');
create index import_run_blob_idx on import_run (file_blob) where file_blob is not null;

create table import_error (
    import_id uuid not null references import_run (id) on delete cascade,
    number    bigint not null,
    line      bigint not null,
    "column"  text,
    code      text not null,
    message   text not null,
    primary key (import_id, number)
);

-- Exports: files that the worker writes. A lease says who writes; when it has run out, another begins anew.
create table export_run (
    id                uuid primary key,
    format            text not null check (format in ('shopify-csv', 'jsonl')),
    -- which products: {"status": ..., "brand": ..., "type": ..., "updated_from": ...}
    filter            jsonb not null,
    status            text not null check (status in ('pending', 'running', 'succeeded', 'failed')),
    locked_until      timestamptz,
    attempts          integer not null default 0,
    products          bigint not null default 0,
    bytes             bigint not null default 0,
    products_left_out bigint not null default 0,
    -- handles of the first hundred of them
    left_out          text[] not null default '{}',
    -- name of the file, once it is whole
    file_name         text check ((file_name is not null) = (status = 'succeeded')),
    error             text,
    version           bigint not null default 1,
    created_at        timestamptz not null,
    started_at        timestamptz,
    finished_at       timestamptz
);
create index export_run_created_idx on export_run (created_at desc, id desc);
create index export_run_open_idx on export_run (created_at, id) where status in ('pending', 'running');
create index export_run_finished_idx on export_run (finished_at) where finished_at is not null;
