//! The write side on real files.

mod support;
mod claims;
mod definitions;
mod redemptions;
mod deadlines;
mod failures;
mod opening;
mod backups;
mod access;
