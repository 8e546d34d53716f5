//! How far the recording of a call has come.

use uuid::Uuid;

use super::{Error, Store, Whose};

impl Store {
    /// `processing`, `completed`, `failed` or `none`, if there is such a call on the wallet for this caller.
    pub(crate) async fn recording_status(
        &self,
        wallet_id: Uuid,
        whose: Whose,
        id: Uuid,
    ) -> Result<Option<String>, Error> {
        let user_id = match whose {
            Whose::User(user_id) => Some(user_id),
            Whose::Everybody => None,
        };
        let status = sqlx::query_scalar!(
            r#"select recording_status::text as "status!" from call_logs
               where id = $1 and wallet_id = $2 and ($3::uuid is null or user_id = $3)"#,
            id,
            wallet_id,
            user_id,
        );
        Ok(status.fetch_optional(&self.pool).await?)
    }
}
