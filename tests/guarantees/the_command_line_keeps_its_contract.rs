//! `curbe`: JSON with the names of the REST interface, repeats that change nothing, and a status that scripts can use.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::Bank;

/// What is said to make a customer.
fn provisioning<'a>(organization: &'a str, user: &'a str) -> [Vec<&'a str>; 5] {
    let mail = "ana@example.com";
    [
        vec!["organizations", "create", "--name", "Acme", "--id", organization],
        vec!["users", "create", "--organization", organization, "--email", mail, "--id", user],
        vec!["numbers", "assign", "+15005550001", "--user", user, "--provider", "twilio"],
        vec!["identities", "assign", "client:ana", "--user", user],
        vec!["accounts", "assign", "twilio", "AC1", "--organization", organization],
    ]
}

#[tokio::test]
async fn what_is_said_twice_happens_once() {
    let bank = Bank::without_worker().await;
    let (organization, user) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
    for arguments in provisioning(&organization, &user) {
        for change in ["created", "unchanged"] {
            says(&bank, &arguments, &json!({ "change": change })).await;
        }
    }
    let refill = ["wallets", "refill", &organization, "25.00", "--reference", "pay-1"];
    let adjust = ["wallets", "adjust", &organization, "-0.0274", "--reference", "ticket-1"];
    for repeated in [false, true] {
        let moved = json!({ "type": "refill", "amount": "25.0000", "balanceAfter": "25.0000",
            "seq": 1, "repeated": repeated });
        says(&bank, &refill, &moved).await;
        let moved = json!({ "type": "adjustment", "amount": "-0.0274", "balanceAfter": "24.9726",
            "seq": 2, "repeated": repeated });
        says(&bank, &adjust, &moved).await;
    }
    let wallet = json!({ "balance": "24.9726", "seq": 2, "userId": user, "currency": "USD" });
    says(&bank, &["wallets", "show", &organization], &wallet).await;
    bank.books_are_clean().await;
}

/// Runs a command, whose answer must have these names with these values.
async fn says(bank: &Bank, arguments: &[&str], expected: &Value) {
    let result = bank.curbe(arguments).await;
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(result[name], *value, "curbe {}: {result}", arguments.join(" "));
    }
}

#[tokio::test]
async fn looking_says_what_is_there() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let call = user.calls("+999123456", 61);
    bank.hang_up(&call).await;
    bank.drained().await;
    let letters = bank.curbe(&["dead-letters", "list", "--reason", "no_rate"]).await;
    assert_eq!((&letters["total"], &letters["data"][0]["leg"]), (&json!(1), &json!(call.sid)));
    let none = bank.curbe(&["dead-letters", "list", "--reason", "conflict"]).await;
    assert_eq!((&none["total"], &none["data"]), (&json!(0), &json!([])));
    let rates = bank.curbe(&["rates", "list", "--prefix", "52"]).await;
    assert_eq!(
        (&rates["total"], &rates["data"][0]["ratePerMinute"]),
        (&json!(2), &json!("0.0132"))
    );
    let token =
        bank.curbe(&["tokens", "issue", "--user", &user.id.to_string(), "--ttl", "1m"]).await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let browser = bank.browser_with(token["token"].as_str().unwrap().to_owned());
    assert_eq!(browser.read("/api/wallet/balance").await["balance"], "10.0000");
    let audit = bank.curbe(&["audit"]).await;
    assert_eq!((&audit["differencesTotal"], &audit["wallets"]), (&json!(0), &json!(1)));
    let migrated = bank.curbe(&["migrate"]).await;
    assert_eq!(migrated["consumers"], json!(["billing", "credit", "payments"]));
}

#[tokio::test]
async fn the_status_says_how_it_went() {
    let bank = Bank::without_worker().await;
    let user = bank.customer().await;
    let (organization, nobody) = (user.organization.to_string(), Uuid::new_v4().to_string());
    let empty = bank.organization().await.to_string();
    let refill = ["wallets", "refill"];
    for (arguments, status) in [
        (vec!["--help"], 0),
        (vec!["--version"], 0),
        // It cannot be done.
        (vec!["wallets", "show", &nobody], 1),
        (vec!["wallets", "refill", &nobody, "1", "--reference", "r"], 1),
        (vec!["wallets", "refill", &empty, "1", "--reference", "r"], 1),
        (vec!["users", "create", "--email", "a@example.com", "--organization", &nobody], 1),
        (vec!["organizations", "create", "--name", "Other", "--id", &organization], 1),
        (vec!["rates", "import", "/nowhere.csv"], 1),
        (vec!["rates", "quote", "+999123456", "--seconds", "61"], 1),
        (vec!["tokens", "issue", "--user", &nobody], 1),
        ([&refill[..], &[&organization, "2", "--reference", "opening"]].concat(), 1),
        ([&refill[..], &[&organization, "-1", "--reference", "r"]].concat(), 1),
        ([&refill[..], &[&organization, "999999.9999", "--reference", "r"]].concat(), 1),
        (vec!["dead-letters", "show", &nobody], 1),
        (vec!["dead-letters", "replay", &nobody, "--dry-run"], 1),
        (vec!["dead-letters", "replay", &nobody, "--why", "r", "--yes"], 1),
        (vec!["dead-letters", "discard", &nobody, "--why", "r", "--yes"], 1),
        // It is not said right.
        (vec!["dead-letters", "replay"], 2),
        (vec!["dead-letters", "replay", "--all"], 2),
        (vec!["dead-letters", "replay", "--all", "--yes"], 2),
        (vec!["dead-letters", "replay", "--all", "--yes", "--why", " "], 2),
        (vec!["dead-letters", "replay", "--all", "--why", "r"], 2),
        (vec!["dead-letters", "replay", &nobody, "--all", "--why", "r", "--yes"], 2),
        (vec!["dead-letters", "replay", &nobody, "--reason", "no_rate", "--why", "r", "--yes"], 2),
        (vec!["dead-letters", "replay", &nobody, "--accept", "both", "--why", "r"], 2),
        (vec!["dead-letters", "replay", &nobody, "--accept", "new", "--yes"], 2),
        (vec!["dead-letters", "discard", "--all", "--yes"], 2),
        (vec!["dead-letters", "discard", "--all", "--why", "r"], 2),
        (vec!["events", "replay", "--yes"], 2),
        (vec!["events", "replay", "--since", "2h", "--yes"], 2),
        (vec!["events", "replay", "--since", "2h", "--yes", "--why", ""], 2),
        (vec!["events", "replay", "--since", "2h", "--why", "r"], 2),
        (vec![], 2),
        (vec!["nonsense"], 2),
        (vec!["wallets", "refill", &organization, "1"], 2),
        ([&refill[..], &[&organization, "0.00001", "--reference", "r"]].concat(), 2),
        ([&refill[..], &[&organization, "NaN", "--reference", "r"]].concat(), 2),
        (vec!["numbers", "assign", "12345", "--user", &nobody, "--provider", "twilio"], 2),
    ] {
        let ran = bank.run(&arguments).await;
        assert_eq!(ran.status, Some(status), "curbe {}: {ran:?}", arguments.join(" "));
        assert_eq!(ran.stderr.is_empty(), status == 0, "curbe {}: {ran:?}", arguments.join(" "));
    }
    assert_eq!(bank.balance(&user).await, "10.0000");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn without_its_configuration_it_names_the_variable() {
    let bank = Bank::without_worker().await;
    for (arguments, environment, variable) in [
        (vec!["audit"], vec![], "DATABASE_URL"),
        (vec!["migrate"], vec![("DATABASE_URL", "postgres://x")], "NATS_URL"),
        (
            vec!["tokens", "issue", "--user", "00000000-0000-0000-0000-000000000000"],
            vec![("JWT_SECRETS", "short")],
            "JWT_SECRETS",
        ),
    ] {
        let environment: Vec<_> = environment
            .into_iter()
            .map(|(name, value): (&str, &str)| (name.to_owned(), value.to_owned()))
            .collect();
        let ran =
            curbe_tests::stack::services::curbe(&arguments, &environment, bank.stack.folder())
                .await
                .unwrap();
        let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(78), "{arguments:?}: {errors}");
        assert!(errors.contains(variable), "{errors}");
    }
}
