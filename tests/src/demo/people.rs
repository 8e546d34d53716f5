//! Who is in the demo: two organizations, their users, numbers and money, set up through `curbe` as an operator would.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::oracle::Rate;
use crate::simulator::flow::{Customer, Provider};
use crate::simulator::signalwire::PROJECT;
use crate::simulator::telnyx::CONNECTION;
use crate::simulator::twilio::ACCOUNT;
use crate::stack::Stack;

/// Prefix, name, price of a minute and fee of a connection.
const RATES: [(&str, &str, &str, &str); 5] = [
    ("1", "United States", "0.0100", "0.0000"),
    ("34", "Spain", "0.0180", "0.0050"),
    ("44", "United Kingdom", "0.0220", "0.0000"),
    ("52", "Mexico", "0.0132", "0.0010"),
    ("5255", "Mexico City", "0.0095", "0.0010"),
];

/// Accounts of an organization: a subaccount at Twilio, a project at SignalWire, a connection at Telnyx.
const ACME: [&str; 3] = [ACCOUNT, PROJECT, CONNECTION];
const GLOBEX: [&str; 3] = [
    "AC00000000000000000000000000000002",
    "7c1f0f2b-4a0e-4e43-9d47-2b9a5d1c8e11",
    "1684641123236054245",
];

const INITECH: [&str; 3] = [
    "AC00000000000000000000000000000003",
    "2f6f0f6f-9a39-4b1c-8a1a-6f1c3c1e2a11",
    "1684641123236054246",
];

/// A user with a number of his own at each provider, and a softphone.
#[derive(Clone, Debug)]
pub struct Person {
    /// His id, given by us.
    pub id: Uuid,
    /// `ben@acme.example`
    pub email: &'static str,
    numbers: [&'static str; 3],
    softphone: &'static str,
}

impl Person {
    /// His number at a provider.
    #[must_use]
    pub fn number(&self, provider: Provider) -> &'static str {
        self.numbers[place(provider)]
    }
}

/// An organization and its wallet.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Its name.
    pub name: &'static str,
    /// Its id, given by us.
    pub id: Uuid,
    /// Its wallet's id, given by the database.
    pub wallet: Uuid,
    /// What was paid in, as a text.
    pub paid: &'static str,
    accounts: [&'static str; 3],
}

impl Organization {
    /// Its account at a provider.
    #[must_use]
    pub fn account(&self, provider: Provider) -> &'static str {
        self.accounts[place(provider)]
    }

    /// Somebody of it who calls by this provider.
    #[must_use]
    pub fn customer(&self, person: &Person, provider: Provider) -> Customer {
        Customer {
            softphone: Some(person.softphone.to_owned()),
            provider: Some(provider),
            account: Some(self.account(provider).to_owned()),
            ..Customer::new(self.wallet, person.number(provider))
        }
    }
}

/// Among those of all providers.
fn place(provider: Provider) -> usize {
    match provider {
        Provider::Twilio => 0,
        Provider::SignalWire => 1,
        Provider::Telnyx => 2,
    }
}

/// Everybody.
#[derive(Clone, Debug)]
pub struct People {
    /// The caller's organization.
    pub acme: Organization,
    /// Another one, of which he must see nothing.
    pub globex: Organization,
    /// One that has paid little.
    pub initech: Organization,
    /// Admin of the first.
    pub ana: Person,
    /// Its member: the caller whose screen the demo shows.
    pub ben: Person,
    /// Admin of the second.
    pub carla: Person,
    /// Admin of the third.
    pub dora: Person,
}

impl People {
    /// Makes them all.
    ///
    /// # Errors
    /// `curbe` refused.
    pub async fn settle_in(stack: &Stack) -> Result<Self> {
        let [ana, ben, carla, dora] = [
            ["+14155550100", "+14155550110", "+14155550120"],
            ["+14155550101", "+14155550111", "+14155550121"],
            ["+14155550200", "+14155550210", "+14155550220"],
            ["+14155550300", "+14155550310", "+14155550320"],
        ];
        let ana = person("ana@acme.example", ana, "client:ana");
        let ben = person("ben@acme.example", ben, "client:ben");
        let carla = person("carla@globex.example", carla, "client:carla");
        let acme = ("Acme", "500.0000", ACME);
        let acme = organization(stack, acme, &[(&ana, "admin"), (&ben, "member")]).await?;
        let globex = ("Globex", "200.0000", GLOBEX);
        let globex = organization(stack, globex, &[(&carla, "admin")]).await?;
        let dora = person("dora@initech.example", dora, "client:dora");
        let initech = ("Initech", "1.2000", INITECH);
        let initech = organization(stack, initech, &[(&dora, "admin")]).await?;
        Ok(Self { acme, globex, initech, ana, ben, carla, dora })
    }

    /// Who makes and takes the calls at a provider: the caller half of them.
    #[must_use]
    pub fn customers(&self) -> Vec<Customer> {
        let at = |provider| {
            let ben = self.acme.customer(&self.ben, provider);
            let ana = self.acme.customer(&self.ana, provider);
            [ben.clone(), ben, ana, self.globex.customer(&self.carla, provider)]
        };
        Provider::ALL.into_iter().flat_map(at).collect()
    }
}

/// The price list in the oracle's form.
#[must_use]
pub fn rates() -> Vec<Rate> {
    RATES.iter().map(|(prefix, _, per_minute, fee)| Rate::new(prefix, per_minute, fee)).collect()
}

/// Imports the price list from a CSV file, in force before the first call begins.
///
/// # Errors
/// `curbe` refused.
pub async fn import_rates(stack: &Stack) -> Result<()> {
    let mut text = String::from("prefix,rate_per_minute,connection_fee\n");
    for (prefix, _, per_minute, fee) in RATES {
        text.push_str(&format!("{prefix},{per_minute},{fee}\n"));
    }
    let file = stack.folder().join("rates.csv");
    std::fs::write(&file, text).context("the price list")?;
    let yesterday = (OffsetDateTime::now_utc() - Duration::DAY).date().to_string();
    let since = ["--effective-from", &yesterday];
    let import = ["rates", "import", &file.to_string_lossy()];
    curbe(stack, &[&import[..], &since].concat()).await.map(drop)
}

/// One line for each price.
pub fn price_list() -> impl Iterator<Item = String> {
    RATES.iter().map(|(prefix, name, per_minute, fee)| {
        format!("+{prefix:<5}{name:<16}{per_minute} a minute, {fee} a connection")
    })
}

/// A token for this person's browser.
///
/// # Errors
/// `curbe` refused.
pub async fn token(stack: &Stack, person: &Person) -> Result<String> {
    let user = person.id.to_string();
    Ok(curbe(stack, &["tokens", "issue", "--user", &user]).await?.trim().to_owned())
}

/// What `curbe` wrote.
///
/// # Errors
/// It did not succeed.
pub async fn curbe(stack: &Stack, arguments: &[&str]) -> Result<String> {
    let output = stack.curbe(arguments).await?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "curbe {}: {}\n{errors}", arguments.join(" "), output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn person(email: &'static str, numbers: [&'static str; 3], softphone: &'static str) -> Person {
    Person { id: Uuid::new_v4(), email, numbers, softphone }
}

/// By its name, what it pays in and its accounts.
async fn organization(
    stack: &Stack,
    (name, paid, accounts): (&'static str, &'static str, [&'static str; 3]),
    members: &[(&Person, &str)],
) -> Result<Organization> {
    let id = Uuid::new_v4();
    let organization = id.to_string();
    curbe(stack, &["organizations", "create", "--name", name, "--id", &organization]).await?;
    let mut wallet = None;
    for (person, role) in members {
        let user = person.id.to_string();
        let of = ["--organization", &organization, "--role", role, "--id", &user, "--json"];
        let who = ["users", "create", "--email", person.email];
        let created: Value = serde_json::from_str(&curbe(stack, &[&who[..], &of].concat()).await?)?;
        wallet = created["walletId"].as_str().map(str::to_owned).or(wallet);
        for provider in Provider::ALL {
            let to = ["--user", &user, "--provider", provider.as_str()];
            let number = ["numbers", "assign", person.number(provider)];
            curbe(stack, &[&number[..], &to].concat()).await?;
        }
        curbe(stack, &["identities", "assign", person.softphone, "--user", &user]).await?;
    }
    for provider in Provider::ALL {
        let account = ["accounts", "assign", provider.as_str(), accounts[place(provider)]];
        curbe(stack, &[&account[..], &["--organization", &organization]].concat()).await?;
    }
    let refill = ["wallets", "refill", &organization, paid, "--reference", "first-payment"];
    curbe(stack, &refill).await?;
    let wallet = wallet.context("the wallet that comes with the first user")?.parse()?;
    Ok(Organization { name, id, wallet, paid, accounts })
}
