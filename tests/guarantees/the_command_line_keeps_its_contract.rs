//! `curbe`: JSON with the names of the REST interface, repeats that change nothing, and a status that scripts can use.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::Bank;

/// A command and what it must say, the first time and when it is said again.
type Said<'a> = (Vec<&'a str>, Value, Value);

#[tokio::test]
async fn what_is_said_twice_happens_once() {
    let bank = Bank::without_worker().await;
    let (organization, user) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
    let (created, unchanged) = (json!({ "change": "created" }), json!({ "change": "unchanged" }));
    let refill =
        json!({ "type": "refill", "amount": "25.0000", "balanceAfter": "25.0000", "seq": 1 });
    let adjust =
        json!({ "type": "adjustment", "amount": "-0.0274", "balanceAfter": "24.9726", "seq": 2 });
    let with = |said: &Value, repeated: bool| {
        let mut said = said.clone();
        said["repeated"] = repeated.into();
        said
    };
    let said: Vec<Said<'_>> = vec![
        (
            vec!["organizations", "create", "--name", "Acme", "--id", &organization],
            created.clone(),
            unchanged.clone(),
        ),
        (
            vec![
                "users",
                "create",
                "--organization",
                &organization,
                "--email",
                "ana@example.com",
                "--id",
                &user,
            ],
            created.clone(),
            unchanged.clone(),
        ),
        (
            vec!["numbers", "assign", "+15005550001", "--user", &user, "--provider", "twilio"],
            created.clone(),
            unchanged.clone(),
        ),
        (
            vec!["identities", "assign", "client:ana", "--user", &user],
            created.clone(),
            unchanged.clone(),
        ),
        (
            vec!["accounts", "assign", "twilio", "AC1", "--organization", &organization],
            created,
            unchanged,
        ),
        (
            vec!["wallets", "refill", &organization, "25.00", "--reference", "pay-1"],
            with(&refill, false),
            with(&refill, true),
        ),
        (
            vec!["wallets", "adjust", &organization, "-0.0274", "--reference", "ticket-1"],
            with(&adjust, false),
            with(&adjust, true),
        ),
    ];
    for (arguments, first, again) in said {
        for expected in [first, again] {
            let result = bank.curbe(&arguments).await;
            for (name, value) in expected.as_object().unwrap() {
                assert_eq!(result[name], *value, "curbe {}: {result}", arguments.join(" "));
            }
        }
    }
    let wallet = bank.curbe(&["wallets", "show", &organization]).await;
    for (name, value) in [
        ("balance", json!("24.9726")),
        ("seq", json!(2)),
        ("userId", json!(user)),
        ("currency", json!("USD")),
    ] {
        assert_eq!(wallet[name], value, "{wallet}");
    }
    bank.books_are_clean().await;
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
        // It is not said right.
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
