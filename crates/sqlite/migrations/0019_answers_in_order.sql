-- Answers to idempotency keys lie in the order in which they were given, so that those of a batch share a page. By key they lay
-- anywhere, and each changed a page of its own.
create table answer_row (
    answer integer not null primary key,
    tenant integer not null,
    hash blob not null,
    fingerprint blob not null,
    at integer not null,
    outcome blob not null
) strict;

insert into answer_row (answer, tenant, hash, fingerprint, at, outcome)
select row_number() over (order by at, tenant, hash), tenant, hash, fingerprint, at, outcome
from answer;

drop table answer;
alter table answer_row rename to answer;

-- Where the answer to a key lies. The keys of later answers than `answers_indexed` may be missing: they are in the writer's memory.
create table answer_key (
    hash_start blob not null, -- the first 8 bytes of the hash
    answer integer not null,
    primary key (hash_start, answer)
) strict, without rowid;

insert into answer_key (hash_start, answer)
select substr(hash, 1, 8), answer
from answer
order by 1, 2;

create table answers_indexed (
    id integer not null primary key check (id = 1),
    up_to integer not null -- an answer, or 0
) strict;

insert into answers_indexed (id, up_to)
select 1, ifnull(max(answer), 0)
from answer;
