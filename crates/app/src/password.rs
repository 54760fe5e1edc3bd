//! Passwords, hashed and compared where they cannot stop anything else: on as many threads as there are cores, with a
//! short queue before them and a refusal beyond it, so that a flood of sign-ins never keeps a checkout waiting.
//!
//! Argon2id with 19 MiB and two passes (OWASP Password Storage Cheat Sheet), written as a PHC string.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;
use tradepost_port::IdSource;

/// KiB of memory that a hash takes, and how often it goes over them.
const COST: (u32, u32) = (19_456, 2);
/// How many may wait for a thread.
const QUEUE: usize = 32;

/// A password as somebody typed it. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
pub struct TypedPassword(String);

impl TypedPassword {
    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for TypedPassword {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for TypedPassword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TypedPassword(…)")
    }
}

/// Why a password was not hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many at once.
    #[error("too many passwords are being checked")]
    Busy,
    /// A fault of ours.
    #[error("the password cannot be hashed: {0}")]
    Failed(String),
}

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Another password, or none to compare with.
    Wrong,
    /// The right one.
    Right,
    /// The right one, whose hash was made with other parameters than those of today.
    Outdated,
}

/// Hashes and compares passwords.
pub struct Passwords {
    threads: Semaphore,
    places: Arc<Semaphore>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Passwords")
            .field("places", &self.places.available_permits())
            .finish_non_exhaustive()
    }
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_threads(cores)
    }
}

impl Passwords {
    fn with_threads(threads: usize) -> Self {
        let places = threads.saturating_add(QUEUE);
        Self { threads: Semaphore::new(threads), places: Arc::new(Semaphore::new(places)) }
    }

    /// Runs work on a thread of its own when it is its turn.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.places.try_acquire().map_err(|_| PasswordError::Busy)?;
        let _thread = self.threads.acquire().await.map_err(|_| PasswordError::Busy)?;
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(PasswordError::Failed(error.to_string())))
    }

    /// The PHC string of a new password.
    pub async fn hash(&self, password: &str, ids: &dyn IdSource) -> Result<String, PasswordError> {
        let (password, salt) = (password.to_owned(), salt(ids));
        self.run(move || hash(&password, &salt)).await
    }

    /// Compares a password with a hash. Without one it takes as long, so that nobody learns who has an account.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict, PasswordError> {
        let (password, stored) = (password.to_owned(), stored.map(str::to_owned));
        self.run(move || match stored {
            Some(stored) => verify(&password, &stored),
            None => hash(&password, &[0; 16]).map(|_| Verdict::Wrong),
        })
        .await
    }
}

fn failed(error: impl fmt::Display) -> PasswordError {
    PasswordError::Failed(error.to_string())
}

fn salt(ids: &dyn IdSource) -> [u8; 16] {
    let mut salt = [0; 16];
    salt.iter_mut().zip(ids.next_secret().into_iter().rev()).for_each(|(place, byte)| *place = byte);
    salt
}

fn argon2((memory_kib, passes): (u32, u32)) -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(memory_kib, passes, 1, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The PHC string of a password by a cost (KiB of memory, passes) and a salt of 16 bytes.
pub fn hash_with(password: &str, cost: (u32, u32), salt: &[u8]) -> Result<String, PasswordError> {
    let hash: PasswordHash =
        argon2(cost)?.hash_password_with_salt(password.as_bytes(), salt).map_err(failed)?;
    Ok(hash.to_string())
}

fn hash(password: &str, salt: &[u8]) -> Result<String, PasswordError> {
    hash_with(password, COST, salt)
}

fn verify(password: &str, stored: &str) -> Result<Verdict, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(failed)?;
    let argon2 = argon2(COST)?;
    if argon2.verify_password(password.as_bytes(), &stored).is_err() {
        return Ok(Verdict::Wrong);
    }
    let same = Params::try_from(&stored)
        .is_ok_and(|params| ((params.m_cost(), params.t_cost()), params.p_cost()) == (COST, 1));
    let outdated = !same || stored.algorithm != Algorithm::Argon2id.ident();
    Ok(if outdated { Verdict::Outdated } else { Verdict::Right })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_port::fake::CountingIds;

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let passwords = Passwords::default();
        let ids = CountingIds::default();
        let stored = passwords.hash("correct horse", &ids).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(
            stored,
            passwords.hash("correct horse", &ids).await.unwrap(),
            "each has a salt of its own"
        );
        let verify = async |password, stored| passwords.verify(password, stored).await.unwrap();
        assert_eq!(verify("correct horse", Some(&stored)).await, Verdict::Right);
        assert_eq!(verify("correct hors", Some(&stored)).await, Verdict::Wrong);
        assert_eq!(verify("correct horse", None).await, Verdict::Wrong);
    }

    #[tokio::test]
    async fn nothing_of_a_long_password_is_cut_off() {
        let passwords = Passwords::default();
        let long = "x".repeat(128);
        let stored = passwords.hash(&long, &CountingIds::default()).await.unwrap();
        let other = format!("{}y", "x".repeat(127));
        assert_eq!(passwords.verify(&other, Some(&stored)).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_right_and_outdated() {
        let stored = hash_with("correct horse", (8_192, 1), &[7; 16]).unwrap();
        let verdict = Passwords::default().verify("correct horse", Some(&stored)).await;
        assert_eq!(verdict.unwrap(), Verdict::Outdated);
    }

    #[tokio::test]
    async fn beyond_the_queue_nobody_waits() {
        let passwords = Passwords::with_threads(1);
        let taken =
            passwords.places.clone().try_acquire_many_owned(u32::try_from(QUEUE + 1).unwrap()).unwrap();
        assert!(matches!(passwords.verify("correct horse", None).await, Err(PasswordError::Busy)));
        drop(taken);
        assert_eq!(passwords.verify("correct horse", None).await.unwrap(), Verdict::Wrong);
    }
}
