//! What goes wrong, and when.

use std::collections::VecDeque;
use std::time::Duration;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Making an intent.
    Create,
    /// Confirming one.
    Confirm,
    /// Capturing one.
    Capture,
    /// Canceling one.
    Cancel,
    /// Refunding one.
    Refund,
    /// Making a customer.
    Customer,
    /// Forgetting a payment method.
    Detach,
    /// Any read.
    Read,
    /// Anything else that changes something.
    Other,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// 500, and nothing was done. The key gives the same 500 again.
    FailBefore,
    /// 500, and it was done. The key gives the same 500 again.
    FailAfter,
    /// No answer, and nothing was done.
    HangBefore,
    /// No answer, and it was done. The key gives the answer.
    HangAfter,
    /// The connection ends without an answer, and nothing was done.
    DropBefore,
    /// The connection ends without an answer, and it was done. The key gives the answer.
    DropAfter,
    /// 429, and nothing was done or kept.
    RateLimit,
    /// It was done, and the answer is none that can be read.
    Garbage,
    /// Everything is well, but late.
    Slow(Duration),
    /// A confirmation is declined with this code.
    Decline(String),
    /// The call is refused with this code, and would be at any time.
    Refuse(String),
}

/// A trouble that waits for its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which calls it is for.
    pub step: Step,
    /// What goes wrong.
    pub trouble: Trouble,
    /// With how many calls.
    pub times: u32,
}

impl Fault {
    /// A trouble for the next call of a step.
    pub fn once(step: Step, trouble: Trouble) -> Self {
        Self { step, trouble, times: 1 }
    }
}

/// Takes the trouble that is due for a call.
pub(crate) fn take(faults: &mut VecDeque<Fault>, step: Step) -> Option<Trouble> {
    let place = faults.iter().position(|fault| fault.step == step && fault.times > 0)?;
    let fault = faults.get_mut(place)?;
    fault.times = fault.times.saturating_sub(1);
    let trouble = fault.trouble.clone();
    faults.retain(|fault| fault.times > 0);
    Some(trouble)
}
