//! The store on real files.

mod support;
mod claims;
mod definitions;
mod privacy;
mod redemptions;
mod deadlines;
mod failures;
mod guards;
mod lists;
mod opening;
mod schema;
mod backups;
mod access;
mod activity;
mod answers;
mod records;
mod check;
mod checkpoints;
mod damages;
mod guesses;
mod power;
mod conformance;
