//! Payments: what a provider tells us, folded into what is true of an order's money.
//!
//! Answers of the provider, its webhooks, polls and reconciliation all become a [`PaymentFact`], and [`Payment::apply`]
//! is the one place that decides what a fact means. A state only ever rises, so facts may come twice, late and in any
//! order and lead to the same end.

pub mod apply;
pub mod attempt;
pub mod effect;
pub mod fact;
pub mod provider;
pub mod provider_currency;
pub mod refund;

pub use apply::{ApplyFactError, Payment};
pub use attempt::{Attempt, AttemptStatus, DisputeStage, RefundStage, Sum};
pub use effect::{Alert, Claim, Effect};
pub use fact::{FactKind, PaymentFact};
pub use provider::PaymentProvider;
pub use provider_currency::{ProviderAmountError, ProviderCurrency};
pub use refund::{Balance, MoveMoneyError, PaymentStatus};
