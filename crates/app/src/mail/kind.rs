//! The kinds of mails that a shop sends.

/// A kind of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MailKind {
    /// The link to a new password.
    PasswordReset,
    /// The link that proves an address.
    EmailVerification,
    /// That the password was changed.
    PasswordChanged,
    /// That the address was changed, to the former one.
    EmailChanged,
    /// That an order is paid, or needs no payment.
    OrderConfirmed,
    /// That a parcel has left.
    OrderShipped,
    /// That money has gone back.
    RefundSent,
    /// That an order was given up.
    OrderCanceled,
    /// That money came for an order that was given up, and goes back (case C07).
    PaymentTooLate,
    /// That a webhook endpoint has another address, to staff.
    WebhookEndpointMoved,
    /// That the shop has disabled a webhook endpoint, to staff.
    WebhookEndpointDisabled,
}

impl MailKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::PasswordReset,
        Self::EmailVerification,
        Self::PasswordChanged,
        Self::EmailChanged,
        Self::OrderConfirmed,
        Self::OrderShipped,
        Self::RefundSent,
        Self::OrderCanceled,
        Self::PaymentTooLate,
        Self::WebhookEndpointMoved,
        Self::WebhookEndpointDisabled,
    ];

    /// Its word in files, figures and commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::EmailVerification => "email_verification",
            Self::PasswordChanged => "password_changed",
            Self::EmailChanged => "email_changed",
            Self::OrderConfirmed => "order_confirmed",
            Self::OrderShipped => "order_shipped",
            Self::RefundSent => "refund_sent",
            Self::OrderCanceled => "order_canceled",
            Self::PaymentTooLate => "payment_too_late",
            Self::WebhookEndpointMoved => "webhook_endpoint_moved",
            Self::WebhookEndpointDisabled => "webhook_endpoint_disabled",
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether it tells of an order.
    pub fn is_of_order(self) -> bool {
        matches!(
            self,
            Self::OrderConfirmed
                | Self::OrderShipped
                | Self::RefundSent
                | Self::OrderCanceled
                | Self::PaymentTooLate
        )
    }
}
