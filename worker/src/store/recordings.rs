//! Where the recording of a call is: its log, and what its leg knows of it.

use curbe_domain::providers::Provider;
use uuid::Uuid;

use super::Tx;

/// A call and what is known of its recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Who has it.
    pub provider: Provider,
    /// The provider's id of the leg.
    pub leg: String,
    /// The provider's other ids of it.
    pub names: Vec<String>,
    /// The provider's id of the account, project or connection.
    pub account: Option<String>,
    /// Whether the provider has said that it can be fetched.
    pub is_complete: bool,
    /// The link as the provider told it.
    pub url: Option<String>,
    /// The provider's id of the recording.
    pub recording_id: Option<String>,
}

/// The recording of a logged call, or what there is instead. It may be of a leg that the call covers.
///
/// # Errors
/// What the database says.
pub async fn find(tx: &mut Tx, call_log_id: Uuid) -> Result<Option<Recording>, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        select
            l.provider, coalesce(g.leg, l.external_call_id) as "leg!", l.recording_url,
            l.recording_status = 'completed' as "is_complete!",
            g.account as "account?", g.recording_id as "recording_id?",
            array(
                select n.name from call_leg_names n
                where n.provider = l.provider and n.leg = coalesce(g.leg, l.external_call_id)
            ) as "names!"
        from call_logs l
            left join call_legs own on own.provider = l.provider and own.leg = l.external_call_id
            left join lateral (
                select r.leg, r.account, r.recording_id from call_legs r
                where r.provider = l.provider and r.recording_url = l.recording_url
                    and (r.leg = own.leg or r.parent = own.leg or r.session = own.session)
                order by r.leg = own.leg desc
                limit 1
            ) g on true
        where l.id = $1
        "#,
        call_log_id,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let recording = row.and_then(|row| {
        Some(Recording {
            provider: Provider::parse(&row.provider)?,
            leg: row.leg,
            names: row.names,
            account: row.account,
            is_complete: row.is_complete,
            url: row.recording_url,
            recording_id: row.recording_id,
        })
    });
    Ok(recording)
}
