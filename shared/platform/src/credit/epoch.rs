//! Epochs: from when on a server is believed, and how wallets are brought in.

use std::sync::LazyLock;

use ::redis::{AsyncCommands, Script};
use curbe_domain::money::Money;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    CreditCache, CreditError, EPOCH, INDEX, Kind, SWEEP_BUDGET, WalletState, epoch_prefix,
    holds_key, wallet_key, within,
};

static BEGIN_EPOCH: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("begin_epoch.lua")));
static LOAD_WALLET: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("load_wallet.lua")));

/// The time of one server process, from when it was first found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// All of it.
    name: String,
    /// The part that names what belongs to it.
    pub(super) nonce: String,
}

/// A hold as Postgres knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its name.
    pub hold: String,
    /// Who has set it aside.
    pub kind: Kind,
    /// How much.
    pub amount: Money,
    /// What for, as pre-flight wrote it.
    pub purpose: String,
}

/// What became of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// The wallet is believed.
    Loaded,
    /// It has moved meanwhile: to be read again.
    Newer,
    /// The epoch is over.
    OtherEpoch,
}

/// How the cache stands, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The epoch, if there is one of this server.
    pub epoch: Option<String>,
    /// Up to which change the directory is complete.
    pub directory_revision: Option<i64>,
    /// Up to which change the rates are complete.
    pub rate_revision: Option<i64>,
    /// How many holds there are.
    pub holds: u64,
}

impl CreditCache {
    /// The epoch of this server; a new one where there is none.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn epoch(&self) -> Result<Epoch, CreditError> {
        let mut connection = self.connection()?;
        let prefix = epoch_prefix(&connection);
        let mut call = BEGIN_EPOCH.key(EPOCH);
        call.arg(&prefix).arg(Uuid::new_v4().simple().to_string());
        let name: String =
            within(SWEEP_BUDGET, call.invoke_async(&mut connection.commands)).await?;
        let nonce = name.strip_prefix(&prefix).unwrap_or_default().to_owned();
        Ok(Epoch { name, nonce })
    }

    /// Ends the epoch: nothing is believed until it was brought in again.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn end_epoch(&self) -> Result<(), CreditError> {
        let mut connection = self.connection()?;
        within(SWEEP_BUDGET, connection.commands.del::<_, ()>(EPOCH)).await
    }

    /// Brings a wallet in, with everything that is set aside of it, both read in one snapshot.
    ///
    /// # Errors
    /// [`CreditError`] when it did not happen, or may not have happened.
    pub async fn load(
        &self,
        epoch: &Epoch,
        wallet: &WalletState,
        holds: &[Hold],
        now: OffsetDateTime,
    ) -> Result<Loaded, CreditError> {
        let mut connection = self.connection()?;
        let mut call = LOAD_WALLET.key(EPOCH);
        call.key(wallet_key(wallet.wallet_id))
            .key(holds_key(wallet.wallet_id))
            .key(INDEX)
            .arg(&epoch.name)
            .arg(wallet.wallet_id.to_string())
            .arg(wallet.version)
            .arg(wallet.balance.units())
            .arg(wallet.seq)
            .arg(&wallet.status)
            .arg(wallet.minimum_threshold.units())
            .arg(now.unix_timestamp());
        for hold in holds {
            let value = format!("{}|{}|{}", hold.amount.units(), hold.kind.letter(), hold.purpose);
            call.arg(&hold.hold).arg(value);
        }
        let became: String =
            within(SWEEP_BUDGET, call.invoke_async(&mut connection.commands)).await?;
        Ok(match became.as_str() {
            "loaded" => Loaded::Loaded,
            "newer" => Loaded::Newer,
            _ => Loaded::OtherEpoch,
        })
    }

    /// Forgets a wallet: it must be loaded before it is believed again.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn forget(&self, wallet_id: Uuid) -> Result<(), CreditError> {
        let mut connection = self.connection()?;
        within(SWEEP_BUDGET, connection.commands.del::<_, ()>(wallet_key(wallet_id))).await
    }

    /// How the cache stands.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn standing(&self) -> Result<Standing, CreditError> {
        let mut connection = self.connection()?;
        let prefix = epoch_prefix(&connection);
        let epoch: Option<String> = within(SWEEP_BUDGET, connection.commands.get(EPOCH)).await?;
        let Some(name) = epoch.filter(|name| name.starts_with(&prefix)) else {
            return Ok(Standing::default());
        };
        let nonce = name[prefix.len()..].to_owned();
        let epoch = Epoch { name, nonce };
        let holds = within(SWEEP_BUDGET, connection.commands.zcard(INDEX)).await?;
        Ok(Standing {
            directory_revision: self.directory_revision(&epoch).await?,
            rate_revision: self.rate_revision(&epoch).await?,
            holds,
            epoch: Some(epoch.name),
        })
    }
}
