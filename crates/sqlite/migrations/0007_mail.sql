-- What is good once and for a while. Of its secret only the hash is kept.
create table token (
    tenant integer not null references tenant,
    purpose integer not null, -- 0 set up, 1 verify address, 2 recover password, 3 open id, 4 second factor, 5 sign in
    hash blob not null,
    sealed blob not null, -- what it stands for
    expires_at integer not null,
    primary key (tenant, purpose, hash)
) strict, without rowid;

create index token_due on token (expires_at);

-- Letters that wait to be sent, and those that were given up. A number is never used again.
create table mail (
    mail_no integer not null primary key autoincrement,
    tenant integer not null references tenant,
    sealed blob not null, -- the Mail
    made_at integer not null,
    due_at integer, -- null: given up
    attempts integer not null,
    reason text, -- of the latest failure
    constraint mail_given_up_has_reason check (due_at is not null or reason is not null)
) strict;

create index mail_due on mail (due_at) where due_at is not null;

create index mail_dead on mail (tenant, mail_no) where due_at is null;

create index mail_dead_by_age on mail (made_at) where due_at is null;
