//! Who may go on, from the settings.

use std::sync::Arc;

use api::gate::{Gate, Rates};
use api::guesses::GuessRates;
use api::source::{ForwardedIn, Proxies};
use ports::{Allowance, Clock};

use crate::config::{Config, Header};
use crate::limiter::MemoryLimiter;

pub(crate) fn gate(config: &Config, clock: Arc<dyn Clock>) -> Gate {
    let Config { proxies, rates, guesses, .. } = config;
    let header = match proxies.header {
        Header::XForwardedFor => ForwardedIn::XForwardedFor,
        Header::Forwarded => ForwardedIn::Forwarded,
    };
    Gate {
        proxies: Proxies { trusted: proxies.trusted.clone(), header },
        limiter: Box::new(MemoryLimiter::new(clock)),
        rates: Rates {
            address: Allowance::per_second(rates.address_per_s.get(), rates.address_burst.get()),
            key: Allowance::per_second(rates.key_per_s.get(), rates.key_burst.get()),
            account: Allowance::per_second(rates.account_per_s.get(), rates.account_burst.get()),
        },
        guesses: GuessRates {
            address_per_hour: guesses.address_per_hour.get(),
            key_per_hour: guesses.key_per_hour.get(),
            tenant_per_hour: guesses.tenant_per_hour.get(),
        },
    }
}
