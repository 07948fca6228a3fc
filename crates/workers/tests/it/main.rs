//! The workers on a store in a folder of its own.

mod smtp_server;

mod archive;
mod mails;
