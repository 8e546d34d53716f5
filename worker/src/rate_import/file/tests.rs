//! Tests of the CSV file: what is read, what is refused, and that nothing panics.

use proptest::prelude::*;

use curbe_domain::money::Money;

use super::*;

fn read(text: &str) -> Result<Vec<Rate>, Vec<BadLine>> {
    parse(text.as_bytes())
}

fn only_reason(text: &str) -> (usize, String) {
    let bad = read(text).unwrap_err();
    assert_eq!(bad.len(), 1, "{bad:?}");
    (bad[0].line, bad[0].reason.clone())
}

#[test]
fn columns_come_in_any_order_and_most_may_be_left_out() {
    let rates = read(
        "\u{feff}Direction, rate_per_minute ,prefix,increment_seconds\r\n\
         outbound,0.0132,5255,6\r\n\
         \r\n\
         ,\"0.02\",\"1\",\r\n",
    )
    .unwrap();
    assert_eq!(rates.len(), 2);
    assert_eq!(rates[0].prefix, "5255");
    assert_eq!(rates[0].direction, Some(Direction::Outbound));
    assert_eq!((rates[0].initial_increment_seconds, rates[0].increment_seconds), (60, 6));
    assert_eq!(rates[1].direction, None);
    assert_eq!(rates[1].rate_per_minute.to_string(), "0.0200");
    assert_eq!(rates[1].connection_fee, Money::ZERO);
    assert_eq!(rates[1].increment_seconds, 60);
}

#[test]
fn a_bad_line_is_named_with_its_number_and_reason() {
    let all =
        "prefix,rate_per_minute,connection_fee,direction,initial_increment_seconds\n1,1,1,,1\n";
    for (line, words) in [
        ("+52,0.01,0,,60", "prefix \"+52\": is not 1 to 15 digits"),
        ("0052,0.01,0,,60", "do not begin with 0"),
        (",0.01,0,,60", "prefix \"\""),
        ("1234567890123456,0.01,0,,60", "1 to 15 digits"),
        ("52,,0,,60", "rate_per_minute \"\": not a decimal number"),
        ("52,NaN,0,,60", "not a decimal number"),
        ("52,-0.01,0,,60", "is negative"),
        ("52,0.00001,0,,60", "more than four decimal places"),
        ("52,1000000,0,,60", "does not fit"),
        ("52,0.01,x,,60", "connection_fee \"x\""),
        ("52,0.01,0,sideways,60", "neither inbound nor outbound"),
        ("52,0.01,0,,0", "between 1 and 3600"),
        ("52,0.01,0,,3601", "between 1 and 3600"),
        ("52,0.01", "has 2 fields, the header has 5"),
        ("52,0.01,0,,60,7", "has 6 fields, the header has 5"),
        ("52,\"0.01,0,,60", "a quote that is not closed"),
        ("1,0.02,0,,60", "has the prefix and direction of line 2"),
    ] {
        let (number, reason) = only_reason(&format!("{all}{line}\n"));
        assert_eq!(number, 3, "{line}");
        assert!(reason.contains(words), "{line}: {reason}");
    }
}

#[test]
fn every_bad_line_is_told() {
    let bad = read("prefix,rate_per_minute\n52,x\n1,0.01\n\n+1,0.01\n1,0.02").unwrap_err();
    let lines: Vec<usize> = bad.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [2, 5, 6]);
}

#[test]
fn a_direction_of_its_own_is_no_duplicate() {
    let rates = read("prefix,rate_per_minute,direction\n1,1,\n1,1,inbound\n1,1,outbound").unwrap();
    assert_eq!(rates.len(), 3);
}

#[test]
fn a_header_is_judged_first() {
    for (text, words) in [
        ("", "empty"),
        ("\n \n", "empty"),
        ("prefix", "rate_per_minute is missing"),
        ("rate_per_minute", "prefix is missing"),
        ("prefix,rate_per_minute,conection_fee", "no column \"conection_fee\""),
        ("prefix;rate_per_minute", "no column \"prefix;rate_per_minute\""),
        ("prefix,rate_per_minute,prefix", "twice"),
        ("prefix,rate_per_minute\n", "no rates follow"),
    ] {
        let (_, reason) = only_reason(text);
        assert!(reason.contains(words), "{text}: {reason}");
    }
    let latin1 = parse(b"prefix,rate_per_minute\n\xf1,1\n").unwrap_err();
    assert_eq!(latin1[0], BadLine { line: 2, reason: "is not valid UTF-8".to_owned() });
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        parse(&bytes).ok();
    }

    #[test]
    fn every_line_is_a_rate_or_bad(
        lines in proptest::collection::vec("[0-9+.,\"a ]{1,12}", 1..20),
    ) {
        let text = format!("prefix,rate_per_minute\n{}", lines.join("\n"));
        let blank = lines.iter().filter(|line| line.trim().is_empty()).count();
        match read(&text) {
            Ok(rates) => prop_assert_eq!(rates.len() + blank, lines.len()),
            Err(bad) => prop_assert!(!bad.is_empty() && bad.len() <= lines.len()),
        }
    }

    #[test]
    fn what_is_written_is_read(units in 0_i64..=9_999_999_999, prefix in "[1-9][0-9]{0,14}", step in 1_u32..=3600) {
        let rate = Money::from_units(units).unwrap();
        let rates = read(&format!("increment_seconds,prefix,rate_per_minute\n{step},{prefix},{rate}")).unwrap();
        prop_assert_eq!(rates[0].rate_per_minute, rate);
        prop_assert_eq!(&rates[0].prefix, &prefix);
        prop_assert_eq!(rates[0].increment_seconds, step);
    }
}
