//! The command line, and what the environment adds to it.

use clap::{Args, Parser, Subcommand, ValueEnum};
use curbe_tests::simulator::twilio::Status;

/// Plays a telephony provider: sends one signed webhook and shows the answer. Telnyx alone tells of an answered call in
/// two, so a hangup of its sends both.
#[derive(Parser)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) environment: Environment,
}

/// Where to, signed for which address and with what.
#[derive(Args)]
pub(crate) struct Environment {
    /// The ingest to send to.
    #[arg(long, env, global = true, default_value = "http://127.0.0.1:8080")]
    pub(crate) ingest_url: String,
    /// The address that the webhook is signed for.
    #[arg(long, env, global = true, default_value = "http://127.0.0.1:8080")]
    pub(crate) public_base_url: String,
    /// Twilio's auth tokens, a comma between them; the first one signs.
    #[arg(long, env, global = true, hide_env_values = true)]
    pub(crate) twilio_auth_tokens: Option<String>,
    /// SignalWire's signing keys, likewise.
    #[arg(long, env, global = true, hide_env_values = true)]
    pub(crate) signalwire_signing_keys: Option<String>,
    /// Telnyx's private key, a seed of 32 bytes in base64.
    #[arg(long, env, global = true, hide_env_values = true)]
    pub(crate) telnyx_private_key: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// A leg is over.
    Hangup(Call),
    /// A leg was answered, so many seconds ago.
    Answered(Call),
    /// What Telnyx charges for a leg of so many seconds.
    Cost(Call),
    /// A leg's recording is there.
    Recording(Call),
    /// A call is about to start and asks for instructions.
    VoiceRequest(Call),
}

impl Command {
    pub(crate) fn call(&self) -> &Call {
        let (Self::Hangup(call)
        | Self::Answered(call)
        | Self::Cost(call)
        | Self::Recording(call)
        | Self::VoiceRequest(call)) = self;
        call
    }
}

#[derive(Args)]
pub(crate) struct Call {
    /// Who sends it.
    #[arg(long, value_enum, default_value = "twilio")]
    pub(crate) provider: Provider,
    /// The caller: a number, `client:name` or `sip:name@host`.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) from: String,
    /// The called.
    #[arg(long)]
    pub(crate) to: String,
    /// From answer to end.
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u32,
    /// How it ended; only `completed` lasts.
    #[arg(long, default_value = "completed")]
    pub(crate) status: Status,
    /// The leg's id, `call_leg_id` at Telnyx; a new one if left out.
    #[arg(long)]
    pub(crate) sid: Option<String>,
    /// The id of the leg that dialled it.
    #[arg(long)]
    pub(crate) parent: Option<String>,
    /// The provider's account, project or connection; the one of all examples if left out.
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Twilio and SignalWire: a JSON object instead of a form.
    #[arg(long)]
    pub(crate) json: bool,
    /// Telnyx: in which of its forms.
    #[arg(long, value_enum, default_value = "call-control")]
    pub(crate) form: Form,
    /// Telnyx: when the leg was answered is not told with its end.
    #[arg(long)]
    pub(crate) answer_untold: bool,
    /// The provider's word on the direction.
    #[arg(long, value_enum, default_value = "outbound-api")]
    pub(crate) direction: Direction,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Provider {
    Twilio,
    Telnyx,
    Signalwire,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    CallControl,
    Texml,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Direction {
    Inbound,
    OutboundApi,
    OutboundDial,
}

impl Direction {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundDial => "outbound-dial",
        }
    }
}
