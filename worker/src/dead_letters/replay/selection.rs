//! Which dead letters are meant.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::ReplayError;
use crate::store::dead_letters::{self, Filter, OPEN};
use crate::store::transaction;

/// Which letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// These, whatever was decided about them before.
    Ids(Vec<Uuid>),
    /// Open ones that the filter wants, the oldest first.
    Open {
        /// Which of them.
        filter: Filter,
        /// At most so many.
        most: i64,
    },
}

/// The letters that were found, which stay the same however long somebody is asked about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Which, the oldest first.
    pub ids: Vec<Uuid>,
    /// They were named: meant whatever was decided about them before.
    pub are_named: bool,
    /// How they were selected, as it is kept on record.
    pub on_record: Value,
}

impl Selection {
    /// Finds the letters. What is put aside from now on is not among them.
    ///
    /// # Errors
    /// One that is named is not there, or the database says so.
    pub async fn select(&self, pool: &PgPool) -> Result<Selected, ReplayError> {
        let ids = self.ids(pool).await?;
        let (are_named, on_record) = match self {
            Self::Ids(ids) => (true, json!({ "ids": ids })),
            Self::Open { filter, most } => (false, json!({ "filter": filter, "most": most })),
        };
        Ok(Selected { ids, are_named, on_record })
    }

    async fn ids(&self, pool: &PgPool) -> Result<Vec<Uuid>, ReplayError> {
        match self {
            Self::Open { filter, most } => {
                let filter = Filter { status: Some(OPEN.to_owned()), ..filter.clone() };
                let most = *most;
                let found = transaction::run(pool, move |tx| {
                    Box::pin(async move { dead_letters::oldest(tx, &filter, most).await })
                });
                Ok(found.await?)
            }
            Self::Ids(ids) => {
                let wanted = ids.clone();
                let found = transaction::run(pool, move |tx| {
                    Box::pin(async move { dead_letters::fates(tx, &wanted).await })
                });
                let found: Vec<Uuid> = found.await?.into_iter().map(|row| row.id).collect();
                match ids.iter().find(|id| !found.contains(id)) {
                    Some(missing) => Err(ReplayError::Unknown(*missing)),
                    None => Ok(found),
                }
            }
        }
    }
}
