use super::*;

fn told(leg: &str, others: &[&str], parent: Option<&str>) -> LegFacts {
    LegFacts {
        other_names: others.iter().map(|&name| name.to_owned()).collect(),
        parent: parent.map(str::to_owned),
        ..LegFacts::named(LegKey { provider: PROVIDER, leg: leg.to_owned() })
    }
}

fn known(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|&(name, leg)| (name.to_owned(), leg.to_owned())).collect()
}

fn fresh(told: &[LegFacts], known: &HashMap<String, String>) -> Vec<(String, String)> {
    fresh_names(&told.iter().collect::<Vec<_>>(), known)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, leg)| (name.to_owned(), leg.to_owned())).collect()
}

#[test]
fn names_told_together_lead_to_one_leg_in_any_order() {
    let both = told("u1", &["v3:1"], None);
    let control = told("v3:1", &[], None);
    let expected = pairs(&[("u1", "u1"), ("v3:1", "u1")]);
    assert_eq!(fresh(&[both.clone(), control.clone()], &known(&[])), expected);
    assert_eq!(fresh(&[control.clone(), both.clone()], &known(&[])), expected);
    // Heard of before under the other name: that row stays.
    assert_eq!(
        fresh(std::slice::from_ref(&both), &known(&[("v3:1", "v3:1")])),
        pairs(&[("u1", "v3:1")])
    );
    assert_eq!(fresh(&[control], &known(&[("u1", "u1"), ("v3:1", "u1")])), []);
}

#[test]
fn a_parent_has_a_name_of_its_own() {
    let child = told("u2", &[], Some("v3:1"));
    assert_eq!(fresh(&[child], &known(&[])), pairs(&[("u2", "u2"), ("v3:1", "v3:1")]));
    let mut child = told("v3:2", &["u2"], Some("v3:1"));
    rename(&mut child, &known(&[("v3:1", "u1"), ("v3:2", "u2")]));
    assert_eq!((child.key.leg.as_str(), child.parent.as_deref()), ("u2", Some("u1")));
    assert!(child.other_names.is_empty());
}

#[test]
fn two_rows_of_one_leg_are_found_once() {
    let both = told("u1", &["v3:1"], None);
    let apart = known(&[("u1", "u1"), ("v3:1", "v3:1")]);
    let found = contradicting(&[&both, &both], &apart);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].a.as_str(), found[0].b.as_str()), ("u1", "v3:1"));
    assert!(found[0].is_told_by(&both) && !found[0].is_told_by(&told("u1", &[], None)));
    assert_eq!(contradicting(&[&both], &known(&[("u1", "u1"), ("v3:1", "u1")])), []);
}
