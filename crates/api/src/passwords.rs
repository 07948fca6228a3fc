//! Passwords as they are kept: argon2id, which is slow and takes memory on purpose. So few are worked on at once, few
//! more wait, and who comes beyond is told to come again: a flood of sign-ins costs neither the memory nor the cores
//! that claims need.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use serde::{Deserialize, Deserializer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use crate::problem::Problem;

/// When to come again: what waits at most is done by then.
const RETRY_AFTER_S: u32 = 2;

/// A password as it was typed. Nothing shows it, and its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// As typed.
    #[must_use]
    pub fn new(typed: String) -> Self {
        Self(Zeroizing::new(typed))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::new)
    }
}

/// What hashing costs, and how much of it there is at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCosts {
    /// Memory of each hash in KiB; 8 at least.
    pub memory_kib: u32,
    /// Passes over it; 1 at least.
    pub passes: u32,
    /// Hashes worked on at once.
    pub parallel: usize,
    /// Callers who wait for their turn.
    pub waiting_max: usize,
}

impl PasswordCosts {
    /// As OWASP recommends for argon2id (Password Storage Cheat Sheet): 19 MiB and two passes. One hash per core, as
    /// more would only wait for each other. Each takes some 22 ms, so less than a second of work may wait.
    #[must_use]
    pub fn recommended(cores: usize) -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, parallel: cores.max(1), waiting_max: cores.max(1) * 32 }
    }
}

/// What a password is compared with one that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is another, or none is kept.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, but was hashed at other costs than today's: hash it again while it is at hand.
    RightButOutdated,
}

/// Hashes and verifies. Cheap to clone; clones share their bounds.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    /// One that no password has, of today's costs.
    nobodys: Arc<str>,
    running: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("params", self.argon2.params()).finish_non_exhaustive()
    }
}

impl Passwords {
    /// At these costs.
    ///
    /// # Panics
    /// Costs below the least that [`PasswordCosts`] names.
    #[must_use]
    pub fn new(costs: PasswordCosts) -> Self {
        let PasswordCosts { memory_kib, passes, parallel, waiting_max } = costs;
        let params = Params::new(memory_kib, passes, 1, None).expect("the costs are within what argon2 allows");
        // A hash of zeros: what leads to it is as unlikely to be found as a key of 256 bits.
        let (salt, hash) = ("A".repeat(22), "A".repeat(43));
        Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            nobodys: format!("$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${hash}").into(),
            running: Arc::new(Semaphore::new(parallel)),
            places: Arc::new(Semaphore::new(parallel + waiting_max)),
        }
    }

    /// What is to be kept of a password: a text in the PHC format with a salt of its own.
    ///
    /// # Errors
    /// 503 when too many wait.
    pub async fn hash(&self, password: Password) -> Result<String, Problem> {
        let argon2 = self.argon2.clone();
        let hashed = self.run(move || argon2.hash_password(password.reveal().as_bytes()).map(|hash| hash.to_string()));
        hashed.await?.map_err(|error| Problem::internal(&error))
    }

    /// Compares a password with the one that is kept. With none it is compared all the same, so that the time tells
    /// nobody whether there is an account.
    ///
    /// # Errors
    /// 503 when too many wait; 500 if what is kept does not read.
    pub async fn verify(&self, password: Password, kept: Option<String>) -> Result<Verdict, Problem> {
        let (argon2, kept) = (self.argon2.clone(), kept.unwrap_or_else(|| self.nobodys.to_string()));
        let verified = self.run(move || verify(&argon2, &password, &kept));
        verified.await?.map_err(|error| Problem::internal(&error))
    }

    /// Runs it beside the other work, when it is its turn.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Problem::busy(RETRY_AFTER_S))?;
        let turn = Arc::clone(&self.running).acquire_owned().await.expect("it is never closed");
        // Both go with the work: a caller who goes away does not end it.
        let held: [OwnedSemaphorePermit; 2] = [turn, place];
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(held);
            done
        });
        done.await.map_err(|error| Problem::internal(&error))
    }
}

fn verify(argon2: &Argon2<'_>, password: &Password, kept: &str) -> argon2::password_hash::Result<Verdict> {
    let kept = PasswordHash::new(kept)?;
    match argon2.verify_password(password.reveal().as_bytes(), &kept) {
        Ok(()) => {}
        Err(argon2::password_hash::Error::PasswordInvalid) => return Ok(Verdict::Wrong),
        Err(error) => return Err(error),
    }
    let is_of_today = Params::try_from(&kept).is_ok_and(|params| {
        let wanted = argon2.params();
        (params.m_cost(), params.t_cost(), params.p_cost()) == (wanted.m_cost(), wanted.t_cost(), wanted.p_cost())
    });
    Ok(if is_of_today { Verdict::Right } else { Verdict::RightButOutdated })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Too cheap for anything but a test.
    const CHEAP: PasswordCosts = PasswordCosts { memory_kib: 8, passes: 1, parallel: 2, waiting_max: 2 };

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_no_other_is() {
        let passwords = Passwords::new(CHEAP);
        let kept = passwords.hash(password("kv9$Lq2x")).await.expect("it is hashed");
        assert!(kept.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{kept}");
        for (typed, kept, verdict) in [
            ("kv9$Lq2x", Some(kept.clone()), Verdict::Right),
            ("kv9$Lq2X", Some(kept.clone()), Verdict::Wrong),
            ("", Some(kept.clone()), Verdict::Wrong),
            ("kv9$Lq2x", None, Verdict::Wrong),
            ("", None, Verdict::Wrong),
        ] {
            assert_eq!(passwords.verify(password(typed), kept).await, Ok(verdict), "{typed}");
        }
        assert_ne!(passwords.hash(password("kv9$Lq2x")).await, Ok(kept), "each has a salt of its own");
    }

    #[tokio::test]
    async fn a_hash_of_other_costs_is_right_and_outdated() {
        let kept = Passwords::new(CHEAP).hash(password("kv9$Lq2x")).await.expect("it is hashed");
        let dearer = Passwords::new(PasswordCosts { passes: 2, ..CHEAP });
        assert_eq!(dearer.verify(password("kv9$Lq2x"), Some(kept.clone())).await, Ok(Verdict::RightButOutdated));
        assert_eq!(dearer.verify(password("another one"), Some(kept)).await, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn what_is_kept_and_does_not_read_is_our_fault_and_no_match() {
        let verified = Passwords::new(CHEAP).verify(password("kv9$Lq2x"), Some("plain".to_owned())).await;
        assert_eq!(verified.expect_err("it does not read").status(), 500);
    }

    #[tokio::test]
    async fn who_comes_beyond_those_that_wait_is_told_to_come_again() {
        let passwords = Passwords::new(CHEAP);
        let turns = Arc::clone(&passwords.running).try_acquire_many_owned(2).expect("nobody works");
        let hash = |passwords: &Passwords| {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.hash(password("kv9$Lq2x")).await })
        };
        let waiting: Vec<_> = (0..4).map(|_| hash(&passwords)).collect();
        while passwords.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = hash(&passwords).await.expect("it ran").expect_err("four wait");
        assert_eq!((refused.status().as_u16(), refused.code()), (503, "busy"));
        drop(turns);
        for hashed in waiting {
            assert!(hashed.await.expect("it ran").is_ok(), "who waited gets a turn");
        }
        assert!(hash(&passwords).await.expect("it ran").is_ok());
    }

    /// The work is the same: without an account no less memory is gone through and no fewer passes are made.
    #[test]
    fn without_an_account_the_work_is_that_of_today() {
        let passwords = Passwords::new(PasswordCosts::recommended(2));
        let nobodys = PasswordHash::new(&passwords.nobodys).expect("it reads");
        let params = Params::try_from(&nobodys).expect("they read");
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (19 * 1024, 2, 1));
    }

    #[test]
    fn debug_shows_no_password() {
        assert_eq!(format!("{:?}", password("kv9$Lq2x")), "Password(..)");
    }
}
