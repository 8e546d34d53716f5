//! Sends one signed webhook to a running ingest and shows the answer.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};
use curbe_tests::simulator::flow::VOICE_EVENTS;
use curbe_tests::simulator::send::{Answer, Sender};
use curbe_tests::simulator::sign::Signer;
use curbe_tests::simulator::signalwire::{PROJECT, SignalWireCall};
use curbe_tests::simulator::twilio::{ACCOUNT, Fields, Silence, Status, TwilioCall};

const VOICE_REQUEST: &str = "/api/webhooks/voice-request";

/// The exit status of all of Curbe's programs for a configuration that is wrong.
const CONFIGURATION: u8 = 78;

/// Headers that tell something of an answer.
const SHOWN_HEADERS: [&str; 4] = ["content-type", "retry-after", "x-request-id", "location"];

/// Plays a telephony provider: sends one signed webhook and shows the answer.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    environment: Environment,
}

/// Where to, signed for which address and with what.
#[derive(Args)]
struct Environment {
    /// The ingest to send to.
    #[arg(long, env, global = true, default_value = "http://127.0.0.1:8080")]
    ingest_url: String,
    /// The address that the webhook is signed for.
    #[arg(long, env, global = true, default_value = "http://127.0.0.1:8080")]
    public_base_url: String,
    /// Twilio's auth tokens, a comma between them; the first one signs.
    #[arg(long, env, global = true, hide_env_values = true)]
    twilio_auth_tokens: Option<String>,
    /// SignalWire's signing keys, likewise.
    #[arg(long, env, global = true, hide_env_values = true)]
    signalwire_signing_keys: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// A leg is over.
    Hangup(Call),
    /// A call is about to start and asks for instructions.
    VoiceRequest(Call),
    /// A leg's recording is there.
    Recording(Call),
}

#[derive(Args)]
struct Call {
    /// Who sends it.
    #[arg(long, value_enum, default_value = "twilio")]
    provider: Provider,
    /// The caller: a number, `client:name` or `sip:name@host`.
    #[arg(long, allow_hyphen_values = true)]
    from: String,
    /// The called.
    #[arg(long)]
    to: String,
    /// From answer to end.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// How it ended; only `completed` lasts.
    #[arg(long, default_value = "completed")]
    status: Status,
    /// The leg's id; a new one if left out.
    #[arg(long)]
    sid: Option<String>,
    /// The id of the leg that dialled it.
    #[arg(long)]
    parent: Option<String>,
    /// The provider's account or project; one that is nobody's if left out.
    #[arg(long)]
    account: Option<String>,
    /// A JSON object instead of a form.
    #[arg(long)]
    json: bool,
    /// The provider's word on the direction.
    #[arg(long, value_enum, default_value = "outbound-api")]
    direction: Direction,
}

#[derive(Clone, Copy, ValueEnum)]
enum Provider {
    Twilio,
    Signalwire,
}

#[derive(Clone, Copy, ValueEnum)]
enum Direction {
    Inbound,
    OutboundApi,
    OutboundDial,
}

impl Direction {
    fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundDial => "outbound-dial",
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { command, environment } = Arguments::parse();
    let signer = match signer(command.call().provider, &environment) {
        Ok(signer) => signer,
        Err(variable) => {
            complain(&format!("{variable} is not set; `. .local/env` sets it"));
            return ExitCode::from(CONFIGURATION);
        }
    };
    match send(&command, &environment.ingest_url, &signer).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Signs with the provider's first secret; without one, the variable that lacks it.
fn signer(provider: Provider, environment: &Environment) -> Result<Signer, &'static str> {
    let first = |list: &Option<String>| {
        let list = list.as_deref().unwrap_or_default();
        list.split(',').map(str::trim).find(|secret| !secret.is_empty()).map(str::to_owned)
    };
    let public = &environment.public_base_url;
    match provider {
        Provider::Twilio => first(&environment.twilio_auth_tokens)
            .map(|token| Signer::new(&token, public))
            .ok_or("TWILIO_AUTH_TOKENS"),
        Provider::Signalwire => first(&environment.signalwire_signing_keys)
            .map(|key| Signer::signalwire(&key, public))
            .ok_or("SIGNALWIRE_SIGNING_KEYS"),
    }
}

/// Whether the provider would take the answer for a yes.
async fn send(command: &Command, ingest_url: &str, signer: &Signer) -> Result<bool> {
    let call = command.call();
    let (sid, fields) = match call.provider {
        Provider::Twilio => {
            let leg = twilio_leg(call);
            let fields = match command {
                Command::Hangup(_) => leg.hangup(),
                Command::VoiceRequest(_) => leg.voice_request(),
                Command::Recording(_) => leg.recording("completed"),
            };
            (leg.sid, fields)
        }
        Provider::Signalwire => {
            let leg = signalwire_leg(call);
            let fields = match command {
                Command::Hangup(_) => leg.hangup(),
                Command::VoiceRequest(_) => leg.voice_request(),
                Command::Recording(_) => leg.recording("completed"),
            };
            (leg.sid, fields)
        }
    };
    let answer = post(command.path(), &fields, call.json, ingest_url, signer).await?;
    show(command.path(), &sid, &answer)?;
    Ok(answer.is_success())
}

async fn post(
    path: &str,
    fields: &Fields,
    json: bool,
    ingest_url: &str,
    signer: &Signer,
) -> Result<Answer> {
    let webhook = if json { signer.json(path, fields) } else { signer.form(path, fields) };
    Sender::new(ingest_url)?.send(&webhook).await
}

impl Command {
    fn call(&self) -> &Call {
        let (Self::Hangup(call) | Self::VoiceRequest(call) | Self::Recording(call)) = self;
        call
    }

    fn path(&self) -> &'static str {
        match self {
            Self::Hangup(_) | Self::Recording(_) => VOICE_EVENTS,
            Self::VoiceRequest(_) => VOICE_REQUEST,
        }
    }
}

fn twilio_leg(call: &Call) -> TwilioCall {
    let mut leg = TwilioCall::outbound(&call.from, &call.to);
    leg.account = call.account.clone().unwrap_or_else(|| ACCOUNT.to_owned());
    leg.parent.clone_from(&call.parent);
    leg.direction = call.direction.as_str();
    if let Some(sid) = &call.sid {
        leg.sid.clone_from(sid);
    }
    if call.status == Status::Completed {
        leg.completed(call.seconds)
    } else {
        leg.unanswered(call.status, Silence::Zero)
    }
}

fn signalwire_leg(call: &Call) -> SignalWireCall {
    let seconds = if call.status == Status::Completed { call.seconds } else { 0 };
    let leg = SignalWireCall::outbound(&call.from, &call.to, seconds);
    SignalWireCall {
        sid: call.sid.clone().unwrap_or(leg.sid),
        parent: call.parent.clone(),
        project: call.account.clone().unwrap_or_else(|| PROJECT.to_owned()),
        direction: call.direction.as_str(),
        status: call.status,
        ..leg
    }
}

fn show(path: &str, sid: &str, answer: &Answer) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let milliseconds = answer.latency.as_millis();
    writeln!(out, "POST {path} {sid} -> {} in {milliseconds} ms", answer.status)?;
    for name in SHOWN_HEADERS {
        if let Some(value) = answer.headers.get(name) {
            writeln!(out, "{name}: {}", value.to_str().unwrap_or("(not text)"))?;
        }
    }
    if !answer.body.is_empty() {
        writeln!(out, "\n{}", answer.body)?;
    }
    Ok(())
}

fn complain(words: &str) {
    // Where even this cannot be written, the exit status is all there is left to say.
    writeln!(std::io::stderr(), "curbe-simulate: {words}").ok();
}
