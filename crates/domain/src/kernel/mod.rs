//! What every context uses: ids, money, currencies, locales, handles, quantities and the limits of the shop.

pub mod currency;
pub mod handle;
pub mod ids;
pub mod limits;
pub mod locale;
pub mod money;
pub mod quantity;

pub use currency::{Currency, CurrencyError};
pub use handle::{Handle, HandleError};
pub use ids::IdError;
pub use locale::{Locale, LocaleError};
pub use money::{Money, MoneyError, Rounding};
pub use quantity::{Quantity, QuantityError};
