//! A disk that fails, for tests of what is built on SQLite: it keeps a record of all that is written under a folder,
//! says what a power cut at any moment may leave of it, refuses the n-th write, sync, open, truncation or removal, and
//! is full when it is told to be.
//!
//! It must not know what is stored, nor anything else of ours; nothing but tests may use it. SQLite asks a disk through a
//! table of C functions, so that the module `vfs` is `unsafe`, the only one in the whole repository; it records and
//! refuses, and knows no rule. What a disk does is decided in safe code with tests of its own.
//!
//! A copy of the files at some moment shows what a killed process leaves, as it holds what no sync has reached yet. A file
//! system or block device that fails would show what this does, but needs more rights than a test should.
//!
//! Read in this order: `op` (what is recorded), `platter` (which of it is on stable storage, and what a cut leaves),
//! `trace` (the moments at which power may fail), `plan` (what is refused), `disk` (a folder with its record) and `vfs`
//! (between SQLite and the files).
//!
//! # What the disk does
//!
//! - What was written to a file is on stable storage when a sync of that file has returned. Until then each write and
//!   each truncation for itself may last or be lost, in whatever order they were made.
//! - A write may be torn: each of the 512-byte sectors it touches lasts or is lost for itself. A sector is never half
//!   written, and what lies beside a write is never damaged; this is what SQLite takes for granted on Unix.
//! - What is lost beyond the end of a file leaves zeros if something behind it lasts.
//! - A name (made, or removed) is on stable storage when its folder was synced: SQLite's Unix layer does so with the first
//!   sync of a journal or log that it made, and with a removal when it was asked to. Until then it stands for anything
//!   that it stood for since.
//! - After a sync that failed, what it was for may be lost although a later one succeeds: Linux takes the pages for written.
//! - A file that is there and not empty when it is first opened counts as being on stable storage, and so does the
//!   folder itself. Locks and the shared memory beside a log (`-shm`) are memory and vanish.
//!
//! Real syncs are left out: the record knows what they would do, and the machine under a test does not lose power.

mod op;
mod platter;
mod random;
mod trace;
mod plan;
mod disk;
mod vfs;

pub use disk::Disk;
pub use op::{FileNo, Op};
pub use plan::{Failure, Kind};
pub use platter::{Image, Platter, Survival};
pub use trace::{Cut, Trace};
