//! What Scrip decides, and nothing else: no clock, no randomness, no storage, no transport, no floats.
//!
//! Read in this order: the small types (`id`, `money`, `time`), what is defined (`coupon`, `limit`, `voucher`,
//! `redemption`), how codes are computed (`codes`), what an order comes to (`pricing`), how anything of value changes
//! (`ledger`), and what is left of it (`event`, `statistics`). Who is kept out is in `access_block`.

pub mod id;
pub mod field;
pub mod money;
pub mod time;
pub mod period;
pub mod opening;
pub mod validity;
pub mod rejection;
pub mod order;
pub mod benefit;
pub mod limit;
pub mod coupon;
pub mod customer;
pub mod voucher;
pub mod redemption;
pub mod codes;
pub mod pricing;
pub mod ledger;
pub mod event;
pub mod statistics;
pub mod address;
pub mod access_block;
