-- Reservations of orders that no coupon applies to are under none in `reservation`, and are due all the same. They have no
-- discount; of the others only those have none that gift value alone pays for.
create index redemption_without_discount_due on redemption (deadline) where state = 0 and discount_minor = 0;
