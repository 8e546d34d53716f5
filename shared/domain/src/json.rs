//! JSON that cannot be read. Its errors quote what they stumble over, which may be a number or a secret, and what is said of
//! them goes into logs.

use serde_json::error::Category;

/// What is wrong with it and where, and nothing of what stands there: `no JSON, at line 1, column 4`.
#[must_use]
pub fn misread(error: &serde_json::Error) -> String {
    let wrong = match error.classify() {
        Category::Data => "not the JSON that is expected",
        Category::Syntax | Category::Eof | Category::Io => "no JSON",
    };
    format!("{wrong}, at line {}, column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_where_it_goes_wrong_and_not_what_stands_there() {
        let read = |text| misread(&serde_json::from_str::<Vec<String>>(text).unwrap_err());
        assert_eq!(
            read(r#"["a", 525512345678]"#),
            "not the JSON that is expected, at line 1, column 18"
        );
        assert_eq!(read("[525512345678"), "not the JSON that is expected, at line 1, column 13");
        assert_eq!(read("[\n\"a\", 5255x"), "not the JSON that is expected, at line 2, column 9");
        assert_eq!(read("canary"), "no JSON, at line 1, column 1");
        assert_eq!(read(r#"["a""#), "no JSON, at line 1, column 4");
    }
}
