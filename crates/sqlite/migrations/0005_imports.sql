-- Codes that wait for an owner. State 6 of a voucher: pooled.
create index voucher_in_pool on voucher (tenant, coupon, ordinal)
    where state = 6;

alter table coupon_statistics add column pooled integer not null default 0;
