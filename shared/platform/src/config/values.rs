//! Parsers of values that many variables share.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

/// A whole number with its unit, `250ms`, `5s`, `10m` or `4h`, between two bounds.
pub fn duration(
    min: Duration,
    max: Duration,
) -> impl Fn(&str) -> Result<Duration, String> + Clone + Send + Sync + 'static {
    move |text| {
        let duration = parse_duration(text).ok_or("is no duration such as 250ms, 5s, 10m or 4h")?;
        if (min..=max).contains(&duration) {
            Ok(duration)
        } else {
            Err(format!("is not between {min:?} and {max:?}"))
        }
    }
}

/// A number between two bounds.
pub fn bounded<T>(
    min: T,
    max: T,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| match text.parse() {
        Ok(number) if min <= number && number <= max => Ok(number),
        Ok(_) | Err(_) => Err(format!("is no number between {min} and {max}")),
    }
}

/// A value that never appears in logs, messages or the reference.
///
/// # Errors
/// It holds spaces or control characters: a copied line break is no part of a secret.
pub fn secret(text: &str) -> Result<SecretString, String> {
    if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err("holds spaces or control characters".to_owned());
    }
    Ok(SecretString::from(text))
}

/// The address of the queue; it may hold a password.
///
/// # Errors
/// It is none.
pub fn nats_url(text: &str) -> Result<SecretString, String> {
    match text.parse::<async_nats::ServerAddr>() {
        Ok(_) => Ok(SecretString::from(text)),
        Err(_) => Err("is no address such as nats://user:password@host:4222".to_owned()),
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}
