//! Which passwords are taken: by length and by how common they are, never by what kinds of characters they have (NIST
//! SP 800-63B, section 3.1.1.2; OWASP ASVS 5.0, 6.2).

use crate::kernel::issue::Issue;

/// Characters at least.
pub const PASSWORD_LEN_MIN: usize = 8;
/// Characters at most: each is hashed, none is cut off.
pub const PASSWORD_LEN_MAX: usize = 128;

/// In lower case, sorted, after a head of lines that begin with `#`.
const COMMON: &str = include_str!("common_passwords.txt");

/// What is wrong with a new password for the account of an address; `path` is its JSONPath.
pub fn check_password(path: &str, password: &str, email_key: &str) -> Option<Issue> {
    let length = password.chars().count();
    if length < PASSWORD_LEN_MIN {
        let message = format!("at least {PASSWORD_LEN_MIN} characters");
        return Some(Issue::new(path, "password_too_short", message));
    }
    if length > PASSWORD_LEN_MAX {
        let message = format!("at most {PASSWORD_LEN_MAX} characters");
        return Some(Issue::new(path, "password_too_long", message));
    }
    let lower = password.to_lowercase();
    let local = email_key.split('@').next().unwrap_or_default();
    if is_common(&lower) || lower == email_key || lower == local {
        let message = "this password is among the first that anybody would try: choose another";
        return Some(Issue::new(path, "password_too_common", message));
    }
    None
}

fn is_common(lower: &str) -> bool {
    let listed = || COMMON.lines().skip_while(|line| line.starts_with("# ")).any(|line| line == lower);
    listed() || is_repetition(lower) || is_run(lower)
}

/// One to four characters again and again: `aaaaaaaa`, `abcabcabc`.
fn is_repetition(lower: &str) -> bool {
    let letters: Vec<char> = lower.chars().collect();
    (1..=4).any(|period| {
        letters.len() >= period * 2
            && letters.iter().zip(letters.iter().skip(period)).all(|(letter, later)| letter == later)
    })
}

/// Characters that follow one another in the alphabet or on a keyboard, either way: `23456789`, `hgfedcba`, `asdfghjkl`.
fn is_run(lower: &str) -> bool {
    const ROWS: [&str; 5] = [
        "01234567890",
        "abcdefghijklmnopqrstuvwxyz",
        "qwertyuiopasdfghjklzxcvbnm",
        "qwertzuiopasdfghjklyxcvbnm",
        "1q2w3e4r5t6y7u8i9o0p",
    ];
    let reversed: String = lower.chars().rev().collect();
    ROWS.iter().any(|row| row.contains(lower) || row.contains(&reversed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(password: &str) -> Option<&'static str> {
        check_password("$.password", password, "ada.lovelace@example.com").map(|issue| issue.code)
    }

    #[test]
    fn length_is_counted_in_characters_and_nothing_else_is_asked_for() {
        assert_eq!(code("sieben7"), Some("password_too_short"));
        assert_eq!(code("ü".repeat(8).as_str()), Some("password_too_common"));
        assert_eq!(code("correct horse battery staple"), None);
        assert_eq!(code("vxkqpwmz"), None);
        let long: String = ('a'..='z').cycle().step_by(3).take(128).collect();
        assert_eq!(code(&long), None);
        assert_eq!(code(&format!("{long}x")), Some("password_too_long"));
    }

    #[test]
    fn what_everybody_takes_is_refused_in_any_case() {
        for password in [
            "password",
            "PassWord",
            "qwertyuiop",
            "12345678",
            "987654321",
            "abcdefgh",
            "aaaaaaaa",
            "abcabcabc",
            "sunshine",
            "trustno1",
            "ada.lovelace",
            "Ada.Lovelace@example.com",
            "1q2w3e4r",
        ] {
            assert_eq!(code(password), Some("password_too_common"), "{password}");
        }
    }

    #[test]
    fn the_list_is_what_its_head_says() {
        let listed: Vec<&str> = COMMON.lines().skip_while(|line| line.starts_with("# ")).collect();
        assert_eq!(listed.len(), 3_000);
        assert!(listed.iter().all(|line| line.len() >= PASSWORD_LEN_MIN && *line == line.to_lowercase()));
    }

    proptest! {
        #[test]
        fn every_password_has_one_answer(password in "\\PC{0,140}") {
            let length = password.chars().count();
            let expected = match length {
                0..=7 => Some("password_too_short"),
                8..=128 => None,
                _ => Some("password_too_long"),
            };
            let found = code(&password);
            prop_assert!(found == expected || (expected.is_none() && found == Some("password_too_common")));
        }
    }
}
