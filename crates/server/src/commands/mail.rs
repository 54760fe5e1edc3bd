//! `tradepost mail preview` and `tradepost mail retry`.

use std::process::ExitCode;

use tradepost_app::mail::{preview_order_mail, preview_sample_mail, retry_parked_mails};
use tradepost_domain::kernel::Locale;

use crate::cli::MailPreview;
use crate::config::Config;
use crate::failure::Failure;
use crate::house::{House, Tenancy};

/// Prints a mail; of a made-up order no database is needed.
pub async fn preview(config: &Config, arguments: MailPreview) -> Result<ExitCode, Failure> {
    let MailPreview { kind, locale, order, text, .. } = arguments;
    let mail = match order {
        None => {
            let templates = config.mail.templates().map_err(Failure::new)?;
            let locale = locale.unwrap_or_else(Locale::english);
            preview_sample_mail(&templates, kind, &locale).map_err(Failure::new)?
        }
        Some(number) => {
            let house = House::open(config, Tenancy::Guest).await?;
            let mail = preview_order_mail(&house.shop, kind, &number, locale.as_ref()).await;
            house.close().await?;
            let Some(mail) = mail.map_err(Failure::new)? else {
                eprintln!("there is no order {number}, or nothing of it to write a mail of this kind about");
                return Ok(ExitCode::FAILURE);
            };
            mail
        }
    };
    match mail.html.filter(|_| !text) {
        Some(html) => print!("{html}"),
        None => print!("Subject: {}\n\n{}", mail.subject, mail.body),
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the mails sent again that were put aside.
pub async fn retry(config: &Config) -> Result<ExitCode, Failure> {
    let house = House::open(config, Tenancy::Guest).await?;
    let count = retry_parked_mails(&house.shop).await;
    house.close().await?;
    println!("{} mails will be sent again", count.map_err(Failure::new)?);
    Ok(ExitCode::SUCCESS)
}
