//! `curbe tokens`: what a browser shows to be let in.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use curbe_platform::config::duration;
use curbe_worker::store::users;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::environment::{Tokens, database_at, read};
use crate::output::Output;
use crate::time_argument::shown;

const AUDIENCE: &str = "curbe";
const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Issue a token, signed with the first of JWT_SECRETS. Where DATABASE_URL is set the user must exist.
    Issue {
        /// Whose.
        #[arg(long)]
        user: Uuid,
        /// How long it is good for, such as 15m or 12h.
        #[arg(long, default_value = "1h", value_parser = duration(Duration::from_secs(1), YEAR))]
        ttl: Duration,
    },
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    let Command::Issue { user, ttl } = command;
    let settings = read::<Tokens>()?;
    if let Some(url) = &settings.database_url {
        let mut connection = database_at(url).await?.acquire().await?;
        let known = users::by_id(&mut connection, user).await?;
        ensure!(known.is_some(), "there is no user {user}");
    }
    let secret = settings.jwt_secrets.first().context("JWT_SECRETS is empty")?;
    // A token counts whole seconds.
    let now = OffsetDateTime::now_utc().truncate_to_second();
    let token = token(secret, user, now, now + ttl)?;
    let result = json!({ "token": token, "expiresAt": shown(now + ttl) });
    output.result(&result, || token.clone())
}

fn token(
    secret: &SecretString,
    user_id: Uuid,
    issued_at: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> anyhow::Result<String> {
    let claims = json!({
        "sub": user_id,
        "aud": AUDIENCE,
        "iat": issued_at.unix_timestamp(),
        "exp": expires_at.unix_timestamp(),
    });
    let key = EncodingKey::from_secret(secret.expose_secret().as_bytes());
    encode(&Header::new(Algorithm::HS256), &claims, &key).context("cannot sign")
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation, decode};
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_token_says_whose_it_is_and_for_whom() {
        let secret = SecretString::from("0123456789abcdef0123456789abcdef");
        let user = Uuid::from_u128(7);
        let now = OffsetDateTime::now_utc();
        let token = token(&secret, user, now, now + Duration::from_secs(60)).unwrap();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
        let claims = decode::<Value>(&token, &key, &validation).unwrap().claims;
        assert_eq!(claims["sub"], user.to_string());
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    }
}
