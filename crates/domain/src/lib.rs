//! What Scrip decides, and nothing else: no clock, no randomness, no storage, no transport, no floats.
//!
//! Read in this order: the small types (`id`, `money`, `time`), what is ordered (`order`), what is defined (`benefit`, `scope`, `stacking`, `bearing`, `coupon`, `campaign`, `limit`,
//! `voucher`, `redemption`), how codes are computed (`codes`), what an order comes to (`pricing`), how anything of value
//! changes (`ledger`), what is left of it (`event`, `audit`, `statistics`, `settlement`), what people are written (`mail`), what a
//! second factor is (`totp`), who is kept out (`access_block`), who is counted to which group (`segment`) and which goods are (`collection`).

pub mod id;
pub mod field;
pub mod money;
pub mod time;
pub mod period;
pub mod opening;
pub mod validity;
pub mod window;
pub mod rejection;
pub mod order;
pub mod scope;
pub mod rule;
pub mod benefit;
pub mod stacking;
pub mod bearing;
pub mod tenant;
pub mod limit;
pub mod coupon;
pub mod campaign;
pub mod liability;
pub mod review;
pub mod identity;
pub mod customer;
pub mod account;
pub mod voucher;
pub mod redemption;
pub mod gift;
pub mod codes;
pub mod pricing;
pub mod wallet;
pub mod ledger;
pub mod event;
pub mod audit;
pub mod statistics;
pub mod settlement;
pub mod language;
pub mod mail;
pub mod totp;
pub mod address;
pub mod access_block;
pub mod segment;
pub mod collection;
