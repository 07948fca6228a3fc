-- What vouchers of gift value are worth, in minor units of their coupon's currency. Absent for a code in print that was never
-- used: it has what its coupon gives.
create table gift_account (
    tenant integer not null,
    coupon integer not null,
    kind integer not null,
    ordinal integer not null,
    version integer not null,
    initial_minor integer not null,
    balance_minor integer not null,
    held_minor integer not null, -- by pending redemptions
    journal integer not null, -- where its latest event is
    primary key (tenant, coupon, kind, ordinal),
    foreign key (tenant, coupon, kind, ordinal) references voucher,
    constraint gift_account_is_not_negative check (balance_minor >= 0 and held_minor >= 0),
    constraint gift_account_covers_what_is_held check (held_minor <= balance_minor)
) strict, without rowid;

-- Each change of a balance, numbered by the version of the account that it made. Entries are never changed or removed.
create table gift_entry (
    tenant integer not null,
    coupon integer not null,
    kind integer not null,
    ordinal integer not null,
    version integer not null,
    step integer not null, -- 0 issued, 1 topped up, 2 spent, 3 given back, 4 adjusted, 5 revoked
    amount_minor integer not null, -- below 0: taken
    balance_minor integer not null, -- after it
    redemption_id text, -- that paid or was returned
    at integer not null,
    actor_kind integer not null, -- as in the audit log
    actor integer not null,
    reason text, -- of a change by hand
    primary key (tenant, coupon, kind, ordinal, version),
    foreign key (tenant, coupon, kind, ordinal) references gift_account,
    constraint gift_entry_changes_something check (amount_minor <> 0),
    constraint gift_entry_is_not_negative check (balance_minor >= 0),
    constraint gift_entry_step_is_known check (step between 0 and 5)
) strict, without rowid;

-- What gift value paid, postcard behind one format byte; null: nothing.
alter table redemption add column payments blob;
