-- Codes that wait for an owner. State 6 of a voucher: pooled.
create index voucher_in_pool on voucher (tenant, coupon, ordinal)
    where state = 6;

alter table coupon_statistics add column pooled integer not null default 0;

-- Files of codes that are taken in, of all tenants in the order in which they began.
create table import (
    import integer not null primary key,
    import_id blob not null,
    tenant integer not null,
    coupon integer not null,
    actor blob not null,
    state integer not null, -- 0 receiving, 1 running, 2 done
    lines integer not null,
    accepted integer not null,
    refused integer not null,
    chunks integer not null, -- that have arrived
    next_chunk integer not null, -- that was not decided yet
    created_at integer not null,
    ended_at integer,
    foreign key (tenant, coupon) references coupon,
    constraint import_id_is_unique unique (import_id),
    constraint import_lines_are_within_file check (accepted >= 0 and refused >= 0 and accepted + refused <= lines),
    constraint import_chunks_are_within_file check (next_chunk between 0 and chunks),
    constraint import_done_is_whole check (state <> 2 or (next_chunk = chunks and accepted + refused = lines)),
    constraint import_done_has_end check ((state = 2) = (ended_at is not null))
) strict;

create index import_running on import (import)
    where state = 1;

create index import_receiving on import (import)
    where state = 0;

-- Lines that wait to be decided, sealed. A table with row numbers, as its rows are large.
create table import_chunk (
    import integer not null references import,
    chunk integer not null,
    sealed blob not null,
    primary key (import, chunk)
) strict;

create table import_refusal (
    import integer not null references import,
    line integer not null,
    reason text not null,
    primary key (import, line)
) strict, without rowid;
