//! Who the customers are and what belongs to them. Everything may be said twice: the second time changes nothing.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::call_logs::to_microseconds;
use crate::store::transaction::TransactionError;

pub mod accounts;
pub mod identities;
pub mod numbers;
pub mod organizations;
pub mod users;

/// What was done about something that should be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Created,
    /// It was there, and is different now.
    Updated,
    /// It was there like this.
    Unchanged,
}

impl Change {
    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Why something cannot be as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No organization has that id.
    #[error("there is no organization {0}")]
    UnknownOrganization(Uuid),
    /// No user has that id.
    #[error("there is no user {0}")]
    UnknownUser(Uuid),
    /// The id is taken by something else.
    #[error("{what} {id} is there already, and its {field} is {found}, not {wanted}")]
    Different {
        /// Of what kind it is.
        what: &'static str,
        /// Its id.
        id: Uuid,
        /// What differs.
        field: &'static str,
        /// As it is.
        found: String,
        /// As it was asked for.
        wanted: String,
    },
    /// Wallets come with the first user.
    #[error("organization {0} has no wallet yet: it gets one with its first user")]
    NoWallet(Uuid),
    /// Another user has that email.
    #[error("the email {email} is that of user {user_id}")]
    EmailTaken {
        /// The email.
        email: String,
        /// Whose it is.
        user_id: Uuid,
    },
    /// The database could not do it.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Transaction(error.into())
    }
}

/// Refuses where what is there and what was asked for differ.
fn same(
    (what, id): (&'static str, Uuid),
    field: &'static str,
    found: &str,
    wanted: &str,
) -> Result<(), Error> {
    if found == wanted {
        return Ok(());
    }
    Err(Error::Different { what, id, field, found: found.to_owned(), wanted: wanted.to_owned() })
}

fn now() -> OffsetDateTime {
    to_microseconds(OffsetDateTime::now_utc())
}

/// Longer names help nobody.
const TEXT_LENGTH_MAX: usize = 200;

/// A name as a person types it.
///
/// # Errors
/// It is empty, too long, or holds control characters.
pub fn text(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.chars().count() > TEXT_LENGTH_MAX {
        return Err(format!("is longer than {TEXT_LENGTH_MAX} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("holds control characters".to_owned());
    }
    Ok(text.to_owned())
}

/// A currency's code of ISO 4217.
///
/// # Errors
/// It is no three letters.
pub fn currency(text: &str) -> Result<String, String> {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        Ok(text.to_ascii_uppercase())
    } else {
        Err("is no code of three letters such as USD".to_owned())
    }
}

/// A language that callers are spoken to in.
///
/// # Errors
/// There are no words in it.
pub fn language(text: &str) -> Result<String, String> {
    match text {
        "es" | "en" => Ok(text.to_owned()),
        _ => Err("is neither es nor en".to_owned()),
    }
}

/// The beginning of numbers, without a `+`.
///
/// # Errors
/// It is none.
pub fn prefix(text: &str) -> Result<String, String> {
    let is_one = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_one { Ok(text.to_owned()) } else { Err("is no prefix of 1 to 15 digits".to_owned()) }
}

/// An email, as far as it can be judged without sending one.
///
/// # Errors
/// It cannot be one.
pub fn email(text: &str) -> Result<String, String> {
    let email = self::text(text)?;
    let is_one = email
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if is_one && !email.contains(char::is_whitespace) {
        Ok(email)
    } else {
        Err("is no email such as ana@example.com".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_judged() {
        assert_eq!(text("  Acme  ").as_deref(), Ok("Acme"));
        for bad in ["", "  ", "a\u{0}b", "a\nb", "x".repeat(201).as_str()] {
            assert!(text(bad).is_err(), "{bad:?}");
        }
        assert_eq!(currency("usd").as_deref(), Ok("USD"));
        for bad in ["", "US", "USDT", "U$D", "€"] {
            assert!(currency(bad).is_err(), "{bad}");
        }
        assert!(language("en").is_ok() && language("EN").is_err());
        for bad in ["", "+52", "5 2", "5255512345678901"] {
            assert!(prefix(bad).is_err(), "{bad}");
        }
        assert_eq!(prefix("52").as_deref(), Ok("52"));
        assert_eq!(email(" ana@example.com ").as_deref(), Ok("ana@example.com"));
        for bad in ["", "ana", "@example.com", "ana@", "a@b@c", "a na@example.com"] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_repeat_with_other_content_says_what_differs() {
        let id = Uuid::nil();
        assert!(same(("organization", id), "name", "Acme", "Acme").is_ok());
        let error = same(("organization", id), "name", "Acme", "Apex").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("organization {id} is there already, and its name is Acme, not Apex")
        );
    }
}
