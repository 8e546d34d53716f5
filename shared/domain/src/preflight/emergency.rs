//! Emergency numbers: decided before everything else. Nobody is asked for money, and nothing is waited for.

/// The numbers that are emergency numbers here, as they are dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergencies(Vec<String>);

impl Emergencies {
    /// These; a `+` before one does not tell it apart.
    #[must_use]
    pub fn new(numbers: impl IntoIterator<Item = String>) -> Self {
        Self(numbers.into_iter().map(|number| bare(&number).to_owned()).collect())
    }

    /// The emergency number that a provider's `To` is.
    #[must_use]
    pub fn dialled<'t>(&self, to: &'t str) -> Option<&'t str> {
        let number = bare(to);
        self.0.iter().any(|known| known == number).then_some(number)
    }
}

fn bare(number: &str) -> &str {
    let number = number.trim();
    number.strip_prefix('+').unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_number_is_one() {
        let emergencies = Emergencies::new(["911".to_owned(), "112".to_owned()]);
        for (to, expected) in [
            ("911", Some("911")),
            ("+911", Some("911")),
            (" 112 ", Some("112")),
            ("9110", None),
            ("+1911", None),
            ("91", None),
            ("", None),
            ("client:911", None),
        ] {
            assert_eq!(emergencies.dialled(to), expected, "{to}");
        }
        assert_eq!(Emergencies::new([]).dialled("911"), None);
    }
}
