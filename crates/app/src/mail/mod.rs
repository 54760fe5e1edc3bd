//! Mails: their texts by kind and language, and the jobs that send them.
//!
//! A mail is asked for by a job in the transaction of what it tells of, and made and sent by a worker after the commit. A
//! secret in it is drawn by the worker: nothing that opens an account lies in a queue.

mod customer;
mod kind;
mod order;
mod order_values;
mod preview;
mod sample;
mod staff;
mod template;
mod worker;

pub(crate) use customer::MAIL_TOKEN;
pub use customer::{CustomerMail, enqueue_customer_mail};
pub use kind::MailKind;
pub use order::OrderMail;
pub(crate) use order::{ask_for_mail, ask_for_mail_again};
pub use preview::{preview_order_mail, preview_sample_mail};
pub use staff::StaffMail;
pub(crate) use staff::tell_staff;
pub use template::{Letter, MailTemplateError, MailTemplates, RenderMailError};
pub(crate) use worker::QUEUES;
pub use worker::{MailCounts, MailWorker, retry_parked_mails};
