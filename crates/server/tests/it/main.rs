//! The binary as a stranger uses it: real processes, real sockets, real files.

mod scrip;
mod tour;
mod accounts;
mod short_form;
mod provider;
mod oidc;
mod answers;
mod abuse;
mod customers;
mod command_line;
mod audit;
mod imports;
mod kills;
mod replays;
mod clock;
mod campaigns;
