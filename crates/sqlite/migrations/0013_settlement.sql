-- What merchants bear of the parts, as a blob; null: the redemption was made before that was recorded.
alter table redemption add column shares blob;

-- What everybody bore of discounts and got back, added up in the transaction that writes the redemptions.
create table settlement (
    tenant integer not null,
    per integer not null, -- 0 day, 1 month
    begins integer not null, -- the first day of the period in the tenant's zone, in days since 1970-01-01
    merchant text not null, -- empty: the platform
    coupon integer not null,
    currency text not null,
    redemptions integer not null,
    borne_minor integer not null,
    given_back_minor integer not null,
    primary key (tenant, per, begins, merchant, coupon, currency),
    foreign key (tenant, coupon) references coupon,
    constraint settlement_is_not_negative check (redemptions >= 0 and borne_minor >= 0 and given_back_minor >= 0)
) strict, without rowid;

create index settlement_of_merchant on settlement (tenant, per, merchant, begins, coupon, currency);
