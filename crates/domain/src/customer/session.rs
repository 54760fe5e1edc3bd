//! Sessions: how long they live, and what a refresh token that is shown means.
//!
//! A refresh token is used once. Shown again it was either lost on the way (two tabs, an answer that never arrived) or
//! copied by somebody else. Within a short grace it is taken for the first and gets the same successor again; after it
//! the whole session ends, since nobody can say which of the two holders is the right one (RFC 9700, section 4.14.2).

use jiff::{SignedDuration, Timestamp};

/// How long an access token is valid.
pub const ACCESS_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// By how much the clocks of two machines may differ.
pub const CLOCK_LEEWAY: SignedDuration = SignedDuration::from_secs(30);
/// A refresh token that is not used for so long is dead.
pub const IDLE_LIFETIME: SignedDuration = SignedDuration::from_hours(14 * 24);
/// A session ends after so long, however often it is refreshed.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a used refresh token still gets its successor.
pub const REUSE_GRACE: SignedDuration = SignedDuration::from_secs(10);
/// How long a mailed token is valid.
pub const MAIL_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(30);
/// How long a key signs.
pub const SIGNING_KEY_LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How long before and after its time a key is published, so that whoever keeps the list has it when it is needed.
pub const SIGNING_KEY_OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// A moment later than another, the end of time at most.
pub fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// What is known of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshState {
    /// When it dies unused.
    pub expires_at: Timestamp,
    /// When its session ends.
    pub session_expires_at: Timestamp,
    /// When it was used.
    pub rotated_at: Option<Timestamp>,
    /// Whether its session was ended.
    pub is_revoked: bool,
}

/// What a refresh token that is shown means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshDecision {
    /// Its turn: a successor takes its place, until then at most.
    Rotate {
        /// When the successor dies unused.
        successor_expires_at: Timestamp,
    },
    /// It was used a moment ago: the same successor again.
    Repeat,
    /// It was used before: somebody has a copy, and the session ends.
    Reused,
    /// Its time is over, or its session has ended.
    Dead,
}

impl RefreshState {
    /// Decides about the token at a moment.
    pub fn decide(&self, now: Timestamp) -> RefreshDecision {
        if self.is_revoked || now >= self.session_expires_at {
            return RefreshDecision::Dead;
        }
        match self.rotated_at {
            // Also of a token whose time would be over now: a copy stays a copy.
            Some(rotated_at) if now > later(rotated_at, REUSE_GRACE) => RefreshDecision::Reused,
            Some(_) => RefreshDecision::Repeat,
            None if now >= self.expires_at => RefreshDecision::Dead,
            None => {
                let successor_expires_at = later(now, IDLE_LIFETIME).min(self.session_expires_at);
                RefreshDecision::Rotate { successor_expires_at }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    const DAY: i64 = 24 * 60 * 60;

    fn fresh() -> RefreshState {
        RefreshState {
            expires_at: at(14 * DAY),
            session_expires_at: at(30 * DAY),
            rotated_at: None,
            is_revoked: false,
        }
    }

    #[test]
    fn a_token_is_used_once_and_its_successor_never_outlives_the_session() {
        let decide = |second| fresh().decide(at(second));
        assert_eq!(decide(DAY), RefreshDecision::Rotate { successor_expires_at: at(15 * DAY) });
        assert_eq!(decide(14 * DAY), RefreshDecision::Dead, "idle for too long");
        let old = RefreshState { expires_at: at(29 * DAY), ..fresh() };
        assert_eq!(old.decide(at(28 * DAY)), RefreshDecision::Rotate { successor_expires_at: at(30 * DAY) });
        let last = RefreshState { expires_at: at(31 * DAY), ..fresh() };
        assert_eq!(last.decide(at(30 * DAY)), RefreshDecision::Dead, "the session is over");
    }

    #[test]
    fn a_used_token_has_ten_seconds_of_grace_and_then_ends_the_session() {
        let used = RefreshState { rotated_at: Some(at(100)), ..fresh() };
        assert_eq!(used.decide(at(100)), RefreshDecision::Repeat);
        assert_eq!(used.decide(at(110)), RefreshDecision::Repeat);
        assert_eq!(used.decide(at(111)), RefreshDecision::Reused);
        assert_eq!(used.decide(at(20 * DAY)), RefreshDecision::Reused);
        let revoked = RefreshState { is_revoked: true, ..used };
        assert_eq!(revoked.decide(at(105)), RefreshDecision::Dead);
    }

    proptest! {
        #[test]
        fn nothing_is_given_out_after_the_end_of_the_session(
            now in 0..40 * DAY, rotated in proptest::option::of(0..40 * DAY), is_revoked: bool,
        ) {
            let state = RefreshState { rotated_at: rotated.map(at), is_revoked, ..fresh() };
            match state.decide(at(now)) {
                RefreshDecision::Rotate { successor_expires_at } => {
                    prop_assert!(rotated.is_none() && !is_revoked && now < 14 * DAY);
                    prop_assert!(at(now) < successor_expires_at && successor_expires_at <= state.session_expires_at);
                }
                RefreshDecision::Repeat => prop_assert!(!is_revoked && now < 30 * DAY && rotated.is_some()),
                RefreshDecision::Reused => prop_assert!(rotated.is_some_and(|rotated| now > rotated + 10)),
                RefreshDecision::Dead => {}
            }
        }
    }
}
