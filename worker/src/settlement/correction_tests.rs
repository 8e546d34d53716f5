use super::*;
use curbe_domain::providers::Provider;
use curbe_domain::rating::Rate;

fn account() -> Account {
    Account {
        wallet_id: Uuid::from_u128(7),
        organization_id: Uuid::from_u128(8),
        holder_id: Uuid::from_u128(9),
        balance: "10".parse().unwrap(),
        currency: "USD".to_owned(),
        version: 1,
        seq: 4,
        status: "active".to_owned(),
        minimum_threshold: Money::ZERO,
    }
}

fn correction(seconds: u32) -> Correction {
    Correction {
        key: LegKey { provider: Provider::Telnyx, leg: "u1".to_owned() },
        settled: Settled { settled_as: SettledAs::Charged, seconds, basis: Basis::Answered },
        bill: None,
        letter: None,
    }
}

fn paid(amount: &str) -> Paid {
    let rate = Rate {
        id: Uuid::nil(),
        prefix: "52".to_owned(),
        direction: None,
        rate_per_minute: "0.0600".parse().unwrap(),
        connection_fee: "0.0010".parse().unwrap(),
        initial_increment_seconds: 60,
        increment_seconds: 60,
    };
    Paid {
        key: correction(0).key,
        call_log_id: Uuid::from_u128(1),
        wallet_id: Uuid::from_u128(7),
        amount: amount.parse().unwrap(),
        refunded: Money::ZERO,
        corrections: 2,
        rate: Some(rate),
    }
}

/// The amount, and the balance after it.
fn posted(correction: &Correction, paid: &Paid) -> Result<Option<(String, String)>, Reason> {
    let mut account = account();
    let decks = Decks::default();
    let posting = post(correction, paid, None, &decks, &mut account, &mut Uuid::now_v7);
    let corrected = posting.map_err(|refusal| refusal.reason)?;
    assert_eq!(corrected.receipt, None);
    let told = corrected.posting.map(|posting| {
        assert_eq!((posting.kind, posting.seq), (TransactionType::Adjustment, 5));
        assert_eq!(posting.call_log_id, Some(paid.call_log_id));
        assert_eq!(posting.external_reference.as_deref(), Some("telnyx:u1:answered:3"));
        (posting.amount.to_string(), posting.balance_after.to_string())
    });
    assert_eq!(told.is_none(), account == self::account());
    Ok(told)
}

#[test]
fn only_the_difference_is_posted() {
    let told = |amount: &str, after: &str| Ok(Some((amount.to_owned(), after.to_owned())));
    assert_eq!(posted(&correction(61), &paid("-0.0610")), told("-0.0600", "9.9400"));
    assert_eq!(posted(&correction(60), &paid("-0.1210")), told("0.0600", "10.0600"));
    assert_eq!(posted(&correction(0), &paid("-0.0610")), told("0.0610", "10.0610"));
    assert_eq!(posted(&correction(59), &paid("-0.0610")), Ok(None));
    assert_eq!(posted(&correction(0), &paid("0")), Ok(None));
}

#[test]
fn what_was_refunded_is_not_given_back_once_more() {
    for (amount, refunded, seconds, difference) in [
        ("-0.1210", "0.1210", 60, None),
        ("-0.1210", "0.1000", 60, Some("0.0210")),
        ("-0.1210", "0.0600", 60, Some("0.0600")),
        ("-0.1210", "0.1210", 0, None),
        // Refunded before another correction, by more than is left: nothing is taken back for that.
        ("-0.0610", "0.1210", 0, None),
        // What was not paid is still owed.
        ("-0.0610", "0.0610", 61, Some("-0.0600")),
    ] {
        let paid = Paid { refunded: refunded.parse().unwrap(), ..paid(amount) };
        let told = posted(&correction(seconds), &paid).unwrap().map(|(amount, _)| amount);
        assert_eq!(told.as_deref(), difference, "{amount} {refunded} {seconds}");
    }
}

#[test]
fn what_cannot_be_priced_is_refused() {
    let free = Paid { rate: None, ..paid("0") };
    assert_eq!(posted(&correction(61), &free), Err(Reason::NoRate));
    let mut dear = paid("0");
    dear.rate.as_mut().unwrap().rate_per_minute = Money::MAX;
    assert_eq!(posted(&correction(61), &dear), Err(Reason::AmountOverflow));
    dear.amount = Money::MAX.negated();
    assert_eq!(posted(&correction(0), &dear), Err(Reason::AmountOverflow));
}
