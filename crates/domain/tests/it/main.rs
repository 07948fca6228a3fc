//! The ledger as a store sees it, on a store made of maps.

mod rows;
mod world;
mod invariants;
mod asking;
mod any;
mod automatic;

mod claims;
mod holds;
mod issues;
mod redemptions;
mod shoppers;
mod collections;
mod reservations;
mod returns;
mod limits;
mod draws;
mod pools;
mod definitions;
mod customers;
mod states;
mod campaigns;
mod ages;
mod restock;
mod approvals;
mod warnings;
mod idempotency;
mod quotes;
mod decisions;
mod blocked;
mod random;
mod pricing;
mod gifts;
mod bearing;
mod examples;
mod audit;
