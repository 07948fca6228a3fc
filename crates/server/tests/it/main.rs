//! The binary as a stranger uses it: real processes, real sockets, real files.

mod scrip;
mod reference;
mod tour;
mod accounts;
mod second_factor;
mod tenants;
mod house;
mod permissions;
mod short_form;
mod pool;
mod provider;
mod oidc;
mod answers;
mod pricing;
mod abuse;
mod hostile;
mod customers;
mod segments;
mod command_line;
mod audit;
mod imports;
mod kills;
mod replays;
mod clock;
mod campaigns;
