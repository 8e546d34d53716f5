//! Plays the providers' REST interfaces and the hosts that their recordings are on, over the HTTP that they document.
//!
//! Three hosts on loopback: the interfaces of all three providers, the storage that links lead to, and one that no
//! provider has. Each remembers what it was asked.

mod audio;
mod host;
mod interface;
mod storage;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use uuid::Uuid;

pub use self::audio::tone;
pub use self::host::{Host, Seen};
use super::signalwire::PROJECT;
use super::twilio::ACCOUNT;

/// What becomes of one recording; by its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// It is played.
    #[default]
    Audio,
    /// It is somewhere else.
    Redirect(String),
    /// It begins and has no end.
    Endless,
    /// It begins, and nothing more comes.
    Stalled,
    /// It begins, and the connection breaks.
    Broken,
    /// Not even an answer comes.
    Silent,
    /// A page instead of audio.
    Page,
    /// This status and no audio.
    Status(u16),
}

/// The hosts. Dropped, they are gone.
#[derive(Debug)]
pub struct ProviderApi {
    /// The interfaces of Twilio, Telnyx, and a space of SignalWire.
    pub interface: Host,
    /// What the interfaces give out links to.
    pub storage: Host,
    /// What nobody ought to ask.
    pub stranger: Host,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    twilio_token: String,
    signalwire_token: String,
    telnyx_key: String,
    /// Links of another generation have died.
    generation: AtomicU64,
    behaviours: Mutex<HashMap<String, Behaviour>>,
    telnyx: Mutex<Vec<TelnyxRecording>>,
    /// Streams whose listener went away.
    abandoned: AtomicUsize,
}

/// A recording at Telnyx.
#[derive(Clone, Debug)]
struct TelnyxRecording {
    id: String,
    call_leg_id: String,
}

impl ProviderApi {
    /// Starts the hosts.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start() -> Result<Self> {
        let random = || Uuid::new_v4().simple().to_string();
        let state = Arc::new(State {
            twilio_token: random(),
            signalwire_token: random(),
            telnyx_key: format!("KEY{}", random()),
            generation: AtomicU64::new(1),
            behaviours: Mutex::default(),
            telnyx: Mutex::default(),
            abandoned: AtomicUsize::new(0),
        });
        let storage = {
            let state = Arc::clone(&state);
            Host::start(move |seen| storage::answer(Arc::clone(&state), seen)).await?
        };
        let interface = {
            let (state, storage) = (Arc::clone(&state), storage.url().to_owned());
            Host::start(move |seen| interface::answer(Arc::clone(&state), storage.clone(), seen))
                .await?
        };
        let stranger = Host::start(async |_| audio::whole(&tone())).await?;
        Ok(Self { interface, storage, stranger, state })
    }

    /// What a worker is told so that it takes these hosts for the providers.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let State { twilio_token, signalwire_token, telnyx_key, .. } = &*self.state;
        let interface = self.interface.url().to_owned();
        vec![
            ("TWILIO_API_URL", interface.clone()),
            ("TWILIO_CREDENTIALS", format!("{ACCOUNT}:{twilio_token}")),
            ("SIGNALWIRE_CREDENTIALS", format!("{PROJECT}:{signalwire_token}@{interface}")),
            ("TELNYX_API_URL", interface),
            // The first one is another account's.
            ("TELNYX_API_KEYS", format!("KEYofanotheraccount,{telnyx_key}")),
            ("RECORDING_HOSTS", self.storage.url().to_owned()),
        ]
    }

    /// Everything secret, none of which may show up anywhere but at the interfaces.
    pub fn secrets(&self) -> [&str; 3] {
        let State { twilio_token, signalwire_token, telnyx_key, .. } = &*self.state;
        [twilio_token, signalwire_token, telnyx_key]
    }

    /// What becomes of a recording.
    pub fn behave(&self, recording: &str, behaviour: Behaviour) {
        locked(&self.state.behaviours).insert(recording.to_owned(), behaviour);
    }

    /// Telnyx records a leg; tells the recording's id.
    pub fn telnyx_records(&self, call_leg_id: &str) -> String {
        let id = Uuid::new_v4().to_string();
        self.telnyx_records_as(&id, call_leg_id);
        id
    }

    /// Telnyx records a leg, and calls the recording by this id.
    pub fn telnyx_records_as(&self, id: &str, call_leg_id: &str) {
        let [id, call_leg_id] = [id, call_leg_id].map(str::to_owned);
        locked(&self.state.telnyx).push(TelnyxRecording { id, call_leg_id });
    }

    /// A link to Telnyx's storage that holds until the next [`ProviderApi::links_die`].
    pub fn telnyx_link(&self, recording: &str) -> String {
        self.state.storage_link(self.storage.url(), recording)
    }

    /// A link to a recording on SignalWire's space.
    pub fn signalwire_link(&self, recording: &str) -> String {
        let space = self.interface.url();
        format!("{space}/api/laml/2010-04-01/Accounts/{PROJECT}/Recordings/{recording}")
    }

    /// Every link given out so far is dead from now on.
    pub fn links_die(&self) {
        self.state.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// Endless streams whose listener went away.
    pub fn abandoned(&self) -> usize {
        self.state.abandoned.load(Ordering::Relaxed)
    }
}

impl State {
    fn behaviour(&self, recording: &str) -> Behaviour {
        locked(&self.behaviours).get(recording).cloned().unwrap_or_default()
    }

    fn storage_link(&self, storage: &str, recording: &str) -> String {
        let generation = self.generation.load(Ordering::Relaxed);
        format!(
            "{storage}/telephony-recorder-prod/{recording}.wav?X-Amz-Expires=600&X-Amz-Signature={generation}"
        )
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
