//! Postal addresses, as customers keep them and as carts and orders copy them.
//!
//! A postal pattern of a country is never enforced: parcels arrive at addresses that no table knows, and a customer who
//! is refused does not come back. What is checked keeps the address printable and its country known.

use super::country::Country;
use super::issue::{Issue, check_line};

/// Characters of a first or last name, a city, a region.
const NAME_LEN_MAX: usize = 100;
/// Characters of a company or of a line.
const LINE_LEN_MAX: usize = 200;
const POSTAL_CODE_LEN_MAX: usize = 20;
const PHONE_LEN_MAX: usize = 32;

/// An address as somebody writes it: nothing of it is checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressFields {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Street and number.
    pub line1: Option<String>,
    /// What a parcel carrier needs besides.
    pub line2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State, province or county.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
}

/// A postal address that something can be sent to. Its JSON is the shape of the API.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Street and number.
    pub line1: String,
    /// What a parcel carrier needs besides: floor, care of.
    pub line2: Option<String>,
    /// City.
    pub city: String,
    /// State, province or county.
    pub region: Option<String>,
    /// Postal code; some countries have none.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Country,
    /// Telephone number, for the carrier.
    pub phone: Option<String>,
}

impl std::fmt::Debug for Address {
    /// Shows the country alone: logs hold nobody's address.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Address").field("country", &self.country).finish_non_exhaustive()
    }
}

/// Reads the fields one by one and gathers what is wrong with them.
struct Reader<'a> {
    path: &'a str,
    issues: Vec<Issue>,
}

impl Reader<'_> {
    /// The text without the spaces around it; one that holds nothing else is absent.
    fn optional(&mut self, field: &str, text: Option<&str>, len_max: usize) -> Option<String> {
        let text = text.map(str::trim).filter(|text| !text.is_empty())?;
        self.issues.extend(check_line(&format!("{}.{field}", self.path), text, len_max, false));
        Some(text.to_owned())
    }

    fn required(&mut self, field: &str, text: Option<&str>, len_max: usize) -> String {
        self.optional(field, text, len_max).unwrap_or_else(|| {
            self.issues.push(Issue::new(format!("{}.{field}", self.path), "required", "must not be empty"));
            String::new()
        })
    }

    fn phone(&mut self, text: Option<&str>) -> Option<String> {
        let phone = self.optional("phone", text, PHONE_LEN_MAX)?;
        if !is_phone(&phone) {
            self.issues.push(Issue::new(format!("{}.phone", self.path), "invalid_phone", PHONE_ADVICE));
        }
        Some(phone)
    }

    fn country(&mut self, text: Option<&str>) -> Option<Country> {
        let code = self.required("country", text, LINE_LEN_MAX);
        let country = code.parse().ok();
        if country.is_none() && !code.is_empty() {
            let message = super::country::CountryError.to_string();
            self.issues.push(Issue::new(format!("{}.country", self.path), "unknown_country", message));
        }
        country
    }
}

/// What [`is_phone`] asks for.
pub const PHONE_ADVICE: &str =
    "expected digits with `+`, spaces, dots, dashes, slashes and brackets between them";

/// Whether a text can be dialled: 3 to 20 digits among the signs that people write between them, an extension included.
pub fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let sign = |letter: char| letter.is_ascii_digit() || " +-./()x#".contains(letter);
    (3..=20).contains(&digits) && text.chars().count() <= PHONE_LEN_MAX && text.chars().all(sign)
}

impl Address {
    /// Reads an address whose JSONPath is `path`; all findings at once.
    ///
    /// `line1`, `city`, `country` and somebody to give it to (a last name, a first name or a company) are required.
    pub fn parse(path: &str, fields: &AddressFields) -> Result<Self, Vec<Issue>> {
        let mut reader = Reader { path, issues: Vec::new() };
        let first_name = reader.optional("first_name", fields.first_name.as_deref(), NAME_LEN_MAX);
        let last_name = reader.optional("last_name", fields.last_name.as_deref(), NAME_LEN_MAX);
        let company = reader.optional("company", fields.company.as_deref(), LINE_LEN_MAX);
        if first_name.is_none() && last_name.is_none() && company.is_none() {
            let message = "a name or a company is needed";
            reader.issues.push(Issue::new(format!("{path}.last_name"), "required", message));
        }
        let line1 = reader.required("line1", fields.line1.as_deref(), LINE_LEN_MAX);
        let line2 = reader.optional("line2", fields.line2.as_deref(), LINE_LEN_MAX);
        let city = reader.required("city", fields.city.as_deref(), NAME_LEN_MAX);
        let region = reader.optional("region", fields.region.as_deref(), NAME_LEN_MAX);
        let postal_code = reader.optional("postal_code", fields.postal_code.as_deref(), POSTAL_CODE_LEN_MAX);
        let country = reader.country(fields.country.as_deref());
        let phone = reader.phone(fields.phone.as_deref());
        match country {
            Some(country) if reader.issues.is_empty() => Ok(Self {
                first_name,
                last_name,
                company,
                line1,
                line2,
                city,
                region,
                postal_code,
                country,
                phone,
            }),
            _ => Err(reader.issues),
        }
    }

    /// The fields as they would be written: what a patch changes before it is read again.
    pub fn to_fields(&self) -> AddressFields {
        AddressFields {
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            company: self.company.clone(),
            line1: Some(self.line1.clone()),
            line2: self.line2.clone(),
            city: Some(self.city.clone()),
            region: self.region.clone(),
            postal_code: self.postal_code.clone(),
            country: Some(self.country.code().to_owned()),
            phone: self.phone.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields() -> AddressFields {
        let text = |text: &str| Some(text.to_owned());
        AddressFields {
            first_name: text(" Ada "),
            last_name: text("Lovelace"),
            line1: text("12 St James's Square"),
            line2: text("  "),
            city: text("London"),
            postal_code: text("SW1Y 4JH"),
            country: text("gb"),
            phone: text("+44 20 7946 0000"),
            ..AddressFields::default()
        }
    }

    #[test]
    fn an_address_is_trimmed_and_what_is_empty_is_absent() {
        let address = Address::parse("$.shipping_address", &fields()).unwrap();
        assert_eq!((address.first_name.as_deref(), address.line2.as_deref()), (Some("Ada"), None));
        assert_eq!(address.country.code(), "GB");
        assert_eq!(Address::parse("$", &address.to_fields()), Ok(address));
    }

    #[test]
    fn all_findings_are_told_at_once_with_their_fields() {
        let broken = AddressFields {
            city: Some("Lon\ndon".to_owned()),
            country: Some("XX".to_owned()),
            phone: Some("call me".to_owned()),
            region: Some("r".repeat(101)),
            ..AddressFields::default()
        };
        let issues = Address::parse("$.billing_address", &broken).unwrap_err();
        let found: Vec<_> = issues.iter().map(|issue| (issue.path.as_str(), issue.code)).collect();
        assert_eq!(
            found,
            [
                ("$.billing_address.last_name", "required"),
                ("$.billing_address.line1", "required"),
                ("$.billing_address.city", "invalid_character"),
                ("$.billing_address.region", "too_long"),
                ("$.billing_address.country", "unknown_country"),
                ("$.billing_address.phone", "invalid_phone"),
            ]
        );
    }

    #[test]
    fn an_address_never_shows_in_a_log() {
        let address = Address::parse("$", &fields()).unwrap();
        assert_eq!(format!("{address:?}"), "Address { country: GB, .. }");
    }

    proptest! {
        #[test]
        fn what_was_accepted_reads_back_from_its_json(line in "\\PC{1,40}", city in "\\PC{1,40}", name in "\\PC{0,20}") {
            let written = AddressFields { line1: Some(line), city: Some(city), first_name: Some(name), ..fields() };
            if let Ok(address) = Address::parse("$", &written) {
                let json = serde_json::to_string(&address).unwrap();
                prop_assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address);
            }
        }
    }
}
