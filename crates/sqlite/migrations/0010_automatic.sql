-- Coupons that need no code are found without reading all.
alter table coupon add column automatic integer not null default 0; -- 1: as its definition says

create index coupon_without_code on coupon (tenant, coupon) where automatic = 1 and state in (1, 5);
