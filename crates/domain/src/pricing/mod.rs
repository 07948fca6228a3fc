//! What an order comes to. One function computes every price: quotes, redemptions, previews and replays all call it.
//!
//! Read in this order: `price` (the way), `judge` (whether an offer applies at all), `stack` (which go together), `give`
//! (what one gives) with `units` and `schedule`, `best` (which of those that do not go together), `pay` (with gift value), `quote` (the answer),
//! `help` (what would make a refused one apply) and `automatic` (which coupons without a code an order meets).

mod price;
mod judge;
mod stack;
mod give;
mod units;
mod schedule;
mod best;
mod pay;
mod quote;
mod help;
mod automatic;

pub use automatic::{AUTOMATIC_MAX, Automatic, AutomaticFacts};
pub use help::Help;
pub use judge::judge_time;
pub use price::{Offer, PRICING_REVISION, Terms, VoucherWindow, price};
pub use quote::{Applied, GiftLine, LineShare, PERIODS_SHOWN_MAX, Payment, Quote, QuoteLine, Refused, Schedule};
