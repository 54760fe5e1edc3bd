//! Mails: their texts by kind and language, and the job that sends those about accounts.
//!
//! A mail is asked for by a job in the transaction of what it tells of, and made and sent by a worker after the commit. A
//! secret in it is drawn by the worker: nothing that opens an account lies in a queue.

mod customer;
mod template;

pub(crate) use customer::MAIL_TOKEN;
pub use customer::{CustomerMail, CustomerMailWorker, enqueue_customer_mail};
pub use template::{MailTemplate, RenderMailError, render_mail};
