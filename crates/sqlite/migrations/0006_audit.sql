-- What staff, API keys and the operator changed by hand: one entry each, numbered from 1 without gaps in its tenant, its
-- hash covering the entry before it. Entries are never changed or removed.
create table audit (
    tenant integer not null references tenant,
    audit integer not null,
    at integer not null,
    actor_kind integer not null, -- 0 system, 1 operator, 2 key, 3 customer, 4 staff
    actor integer not null, -- its number; 0 where there is one of the kind
    action text not null,
    subject_kind text not null,
    subject text not null, -- a public id; of a voucher its ring key and its own
    before text, -- JSON as it was hashed, like the next; null: there was nothing
    after text,
    hash blob not null,
    primary key (tenant, audit),
    constraint audit_counts_from_one check (audit >= 1),
    constraint audit_hash_is_sha_256 check (length(hash) = 32)
) strict, without rowid;

create index audit_of_subject on audit (tenant, subject);
create index audit_of_actor on audit (tenant, actor_kind, actor);
create index audit_at on audit (tenant, at);

-- Where each log ends, said a second time: else the last entries could go unnoticed.
create table audit_head (
    tenant integer not null primary key references tenant,
    number integer not null,
    hash blob not null,
    constraint audit_head_counts_from_one check (number >= 1)
) strict;

-- What was changed before this has no entries, and is not missed by a check.
insert into meta (name, value)
    select 'audit_from_journal', ifnull(max(journal), 0) + 1
    from journal;
