//! The binary as a stranger uses it: real processes, real sockets, real files.

mod scrip;
mod tour;
mod answers;
mod abuse;
mod command_line;
mod kills;
mod replays;
mod clock;
