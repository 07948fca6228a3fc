-- What was drawn for a voucher, in minor units of its coupon's currency; null unless the coupon gives a random amount.
alter table voucher add column amount_minor integer
    constraint voucher_amount_is_positive check (amount_minor > 0);
