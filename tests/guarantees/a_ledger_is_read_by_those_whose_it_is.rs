//! The ledger explains the balance to the admin row by row; a member reads what his own calls cost, and of his colleagues'
//! nothing.

use serde_json::{Value, json};

use crate::fixture::browser::Browser;
use crate::fixture::office::Office;

const LEDGER: &str = "/api/wallet/transactions";

async fn rows(browser: &Browser) -> Vec<Value> {
    let page = browser.read(LEDGER).await;
    assert_eq!(page["nextCursor"], Value::Null);
    page["data"].as_array().unwrap().clone()
}

fn seqs(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["seq"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn row_by_row() {
    let office = Office::open(&[]).await;
    let (_, call) = office.call(&office.caller).await;
    let rows = rows(&office.bank.browser(&office.admin)).await;
    assert_eq!(seqs(&rows), [2, 1]);
    let known = |row: &Value| {
        let mut row = row.clone();
        let row_members = row.as_object_mut().unwrap();
        let removed = ["id", "createdAt"].map(|name| row_members.remove(name).is_some());
        assert_eq!(removed, [true, true]);
        row
    };
    let charge = json!({
        "seq": 2, "type": "call_charge", "amount": "-0.0274", "balanceAfter": "9.9726", "currency": "USD",
        "callLogId": call, "externalReference": null,
    });
    let refill = json!({
        "seq": 1, "type": "refill", "amount": "10.0000", "balanceAfter": "10.0000", "currency": "USD",
        "callLogId": null, "externalReference": "opening",
    });
    assert_eq!([known(&rows[0]), known(&rows[1])], [charge, refill]);
}

#[tokio::test]
async fn and_by_nobody_else() {
    let office = Office::open(&[]).await;
    let Office { bank, caller, colleague, admin, stranger } = &office;
    // Each takes two numbers: the row of the ledger first, then the log.
    let (_, own) = office.call(caller).await;
    let (_, colleagues) = office.call(colleague).await;
    let (_, strangers) = office.call(stranger).await;
    // What corrects a call is as much its user's as the charge.
    bank.sql(&format!(
        "with moved as (update wallets set balance = balance + 0.01, seq = seq + 1, version = version + 1
                where id = '{}' returning id, seq, balance)
            insert into wallet_transactions (wallet_id, amount, type, reference_id, seq, balance_after)
            select id, 0.01, 'adjustment', '{own}', seq, balance from moved",
        caller.wallet
    ))
    .await;
    let read = async |user| rows(&bank.browser(user)).await;
    assert_eq!(seqs(&read(admin).await), [6, 4, 2, 1]);
    let mine = read(caller).await;
    assert_eq!(seqs(&mine), [6, 2]);
    assert_eq!([&mine[0]["type"], &mine[1]["type"]], ["adjustment", "call_charge"]);
    assert!(mine.iter().all(|row| row["callLogId"] == json!(own)), "{mine:#?}");
    let theirs = read(colleague).await;
    assert_eq!((seqs(&theirs), &theirs[0]["callLogId"]), (vec![4], &json!(colleagues)));
    let foreign = read(stranger).await;
    assert_eq!((seqs(&foreign), &foreign[0]["callLogId"]), (vec![2], &json!(strangers)));
}

#[tokio::test]
async fn who_has_no_wallet_has_an_empty_one() {
    let office = Office::open(&[]).await;
    let orphan = office.bank.member(office.stranger.organization, "member").await;
    office
        .bank
        .sql(&format!(
            "insert into organizations (id, name) values ('{0}', 'Nothing');
             update users set organization_id = '{0}' where id = '{1}'",
            uuid::Uuid::new_v4(),
            orphan.id,
        ))
        .await;
    let browser = office.bank.browser(&orphan);
    assert_eq!(browser.read(LEDGER).await, json!({ "data": [], "nextCursor": null }));
    let balance = browser.get("/api/wallet/balance").await;
    assert_eq!(balance.outcome(), (404, Some("no_wallet")));
    let check = browser.post("/api/calls/check", &json!({ "to": "+523312345678" })).await;
    assert_eq!(check.outcome(), (404, Some("no_wallet")));
}
