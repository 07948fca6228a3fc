//! What Scrip decides, and nothing else: no clock, no randomness, no storage, no transport, no floats.

pub mod benefit;
pub mod codes;
pub mod field;
pub mod id;
pub mod money;
pub mod opening;
pub mod order;
pub mod period;
pub mod time;
pub mod validity;
