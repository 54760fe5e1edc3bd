//! The shop as something that is run: what a new one needs, whether it can work, whether it is sound.

pub mod auditor;
pub mod backlogs;
pub mod doctor;
pub mod readiness;
pub mod set_up;
mod status;

pub use auditor::{Auditor, Soundness};
pub use backlogs::{Backlogs, count_backlogs};
pub use doctor::{Finding, Verdict, examine};
pub use readiness::{Check, check_readiness};
pub use set_up::{FirstChannel, set_up_shop};
pub use status::{PoolView, SystemView, read_system};
