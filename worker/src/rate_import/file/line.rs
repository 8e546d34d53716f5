//! One line of the file: its fields, and what each of them must be.

use std::borrow::Cow;
use std::fmt::Display;

use curbe_domain::legs::Direction;
use curbe_domain::money::Money;
use curbe_domain::rating::Rate;
use uuid::Uuid;

/// What an increment is where a line does not say.
const INCREMENT_SECONDS: u32 = 60;
const INCREMENT_SECONDS_MAX: u32 = 3_600;
/// E.164 has no more digits.
const PREFIX_LENGTH_MAX: usize = 15;

/// The columns that there are, in the order of [`Column::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Prefix,
    RatePerMinute,
    ConnectionFee,
    Direction,
    InitialIncrement,
    Increment,
}

impl Column {
    const ALL: [Self; 6] = [
        Self::Prefix,
        Self::RatePerMinute,
        Self::ConnectionFee,
        Self::Direction,
        Self::InitialIncrement,
        Self::Increment,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::RatePerMinute => "rate_per_minute",
            Self::ConnectionFee => "connection_fee",
            Self::Direction => "direction",
            Self::InitialIncrement => "initial_increment_seconds",
            Self::Increment => "increment_seconds",
        }
    }

    fn is_required(self) -> bool {
        match self {
            Self::Prefix | Self::RatePerMinute => true,
            Self::ConnectionFee | Self::Direction | Self::InitialIncrement | Self::Increment => {
                false
            }
        }
    }
}

/// The fields of one line. A quote that is not closed spoils its own line alone.
pub(super) fn fields(line: &[u8]) -> Result<Vec<Cow<'_, str>>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "is not valid UTF-8".to_owned())?;
    if !text.contains('"') {
        return Ok(text.split(',').map(|field| Cow::Borrowed(field.trim())).collect());
    }
    if text.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
        return Err("has a quote that is not closed".to_owned());
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line);
    let record = reader.records().next().ok_or("is empty")?.map_err(|error| error.to_string())?;
    Ok(record.iter().map(|field| Cow::Owned(field.trim().to_owned())).collect())
}

/// Where each column stands.
pub(super) struct Header {
    places: [Option<usize>; 6],
    width: usize,
}

impl Header {
    pub(super) fn read(names: &[Cow<'_, str>]) -> Result<Self, String> {
        let mut places = [None; 6];
        for (place, name) in names.iter().enumerate() {
            let column =
                Column::ALL.iter().position(|column| column.name().eq_ignore_ascii_case(name));
            let column = column.ok_or_else(|| format!("there is no column {name:?}"))?;
            if places[column].replace(place).is_some() {
                return Err(format!("the column {name} is there twice"));
            }
        }
        match Column::ALL.into_iter().find(|c| c.is_required() && places[*c as usize].is_none()) {
            Some(missing) => Err(format!("the column {} is missing", missing.name())),
            None => Ok(Self { places, width: names.len() }),
        }
    }

    /// The field of a column; empty where the file has no such column.
    fn field<'f>(&self, fields: &'f [Cow<'_, str>], column: Column) -> &'f str {
        let place = self.places[column as usize];
        place.and_then(|place| fields.get(place)).map_or("", |field| field.as_ref())
    }

    pub(super) fn rate(&self, fields: &[Cow<'_, str>]) -> Result<Rate, String> {
        if fields.len() != self.width {
            return Err(format!("has {} fields, the header has {}", fields.len(), self.width));
        }
        let field = |column| (column, self.field(fields, column));
        Ok(Rate {
            prefix: prefix(field(Column::Prefix))?,
            rate_per_minute: price(field(Column::RatePerMinute))?,
            connection_fee: price(or_else(field(Column::ConnectionFee), "0"))?,
            direction: direction(field(Column::Direction))?,
            initial_increment_seconds: increment(field(Column::InitialIncrement))?,
            increment_seconds: increment(field(Column::Increment))?,
            id: Uuid::nil(),
        })
    }
}

type Field<'f> = (Column, &'f str);

fn or_else<'f>((column, text): Field<'f>, otherwise: &'f str) -> Field<'f> {
    (column, if text.is_empty() { otherwise } else { text })
}

fn reason((column, text): Field<'_>, what: impl Display) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("{} {shown:?}: {what}", column.name())
}

fn prefix(field: Field<'_>) -> Result<String, String> {
    let (_, text) = field;
    let are_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits || !(1..=PREFIX_LENGTH_MAX).contains(&text.len()) {
        return Err(reason(field, format!("is not 1 to {PREFIX_LENGTH_MAX} digits without +")));
    }
    if text.starts_with('0') {
        return Err(reason(field, "matches no number: country codes do not begin with 0"));
    }
    Ok(text.to_owned())
}

fn price(field: Field<'_>) -> Result<Money, String> {
    let (_, text) = field;
    let amount: Money = text.parse().map_err(|error| reason(field, error))?;
    if amount < Money::ZERO {
        return Err(reason(field, "is negative"));
    }
    Ok(amount)
}

fn direction(field: Field<'_>) -> Result<Option<Direction>, String> {
    match field.1 {
        "" => Ok(None),
        name => match Direction::parse(name) {
            Some(direction) => Ok(Some(direction)),
            None => Err(reason(field, "is neither inbound nor outbound; empty means both")),
        },
    }
}

fn increment(field: Field<'_>) -> Result<u32, String> {
    if field.1.is_empty() {
        return Ok(INCREMENT_SECONDS);
    }
    match field.1.parse() {
        Ok(seconds @ 1..=INCREMENT_SECONDS_MAX) => Ok(seconds),
        Ok(_) | Err(_) => {
            Err(reason(field, format!("is not between 1 and {INCREMENT_SECONDS_MAX}")))
        }
    }
}
