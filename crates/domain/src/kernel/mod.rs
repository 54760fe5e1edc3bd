//! What every context uses: ids, money, currencies, locales, handles, quantities, addresses of places and mailboxes, the
//! causes of errors, and the limits of the shop.

pub mod address;
pub mod amounts;
pub mod causes;
pub mod country;
pub mod currency;
pub mod email;
pub mod handle;
pub mod ids;
pub mod issue;
pub mod limits;
pub mod locale;
pub mod money;
pub mod money_text;
pub mod place;
pub mod quantity;

pub use address::{Address, AddressFields};
pub use amounts::{Amounts, AmountsError};
pub use causes::with_causes;
pub use country::{Country, CountryError};
pub use currency::{Currency, CurrencyError};
pub use email::{EmailAddress, EmailError};
pub use handle::{Handle, HandleError};
pub use ids::IdError;
pub use issue::Issue;
pub use locale::{Locale, LocaleError};
pub use money::{Money, MoneyError, Rounding};
pub use place::{Destination, Place};
pub use quantity::{Quantity, QuantityError};
