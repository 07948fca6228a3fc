//! What Scrip decides, and nothing else: no clock, no randomness, no storage, no transport, no floats.

pub mod codes;
pub mod id;
