//! What an order comes to. One function computes every price: quotes, redemptions, previews and replays all call it.

mod quote;
mod price;
mod judge;

pub use judge::judge_time;
pub use price::{Offer, PRICING_REVISION, VoucherWindow, price};
pub use quote::{Applied, LineShare, Quote, QuoteLine, Refused};
