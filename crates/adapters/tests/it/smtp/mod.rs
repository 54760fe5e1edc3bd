//! Mails against a mail server that does as it is told.

mod server;

use std::time::Duration;

use secrecy::SecretString;
use server::{Answer, MailServer};
use tradepost_adapters::{Sender, SmtpMailer, SmtpSettings};
use tradepost_port::{Mail, MailError, Mailer};
use uuid::Uuid;

fn mailer_at(port: u16, from: &str) -> SmtpMailer {
    let url = SecretString::from(format!("smtp://127.0.0.1:{port}"));
    let from: Sender = from.parse().unwrap();
    let mut settings = SmtpSettings::new(&url, from).unwrap();
    settings.send_timeout = Duration::from_millis(1_500);
    SmtpMailer::new(settings)
}

async fn send_to(server: &MailServer, mail: Mail) -> Result<(), MailError> {
    mailer_at(server.port, "Käse & Söhne <orders@shop.example.com>").send(mail).await
}

fn mail() -> Mail {
    Mail {
        id: Uuid::from_u128(7),
        to: "ada@example.com".parse().unwrap(),
        subject: "Deine Bestellung – 7K3M".to_owned(),
        body: "Grüße\n.\nEnde\n".to_owned(),
        html: None,
    }
}

#[tokio::test]
async fn a_mail_arrives_whole_with_a_name_that_stays_the_same() {
    let server = MailServer::start(&[]).await;
    let page = Mail { html: Some("<p>Grüße</p>".to_owned()), ..mail() };
    send_to(&server, page.clone()).await.unwrap();
    send_to(&server, page).await.unwrap();
    send_to(&server, mail()).await.unwrap();
    let got = server.mails();
    assert_eq!(got.len(), 3);
    let id = "Message-ID: <00000000-0000-0000-0000-000000000007@shop.example.com>";
    for message in &got {
        for expected in [id, "Auto-Submitted: auto-generated", "To: ada@example.com", "Date: "] {
            assert!(message.lines().any(|line| line.starts_with(expected)), "{expected}: {message}");
        }
        assert!(message.is_ascii() && message.contains("orders@shop.example.com"), "{message}");
    }
    assert!(got[0].contains("multipart/alternative") && got[0].contains("text/html; charset=utf-8"));
    assert!(!got[2].contains("multipart") && got[2].contains("text/plain; charset=utf-8"), "{}", got[2]);
    assert_eq!(server.recipients(), vec!["RCPT TO:<ada@example.com>"; 3]);
}

#[tokio::test]
async fn no_text_becomes_a_header() {
    let server = MailServer::start(&[]).await;
    let evil = "Hi\r\nBcc: eve@example.com\r\n\r\nBuy";
    let message = Mail { subject: evil.to_owned(), ..mail() };
    send_to(&server, message).await.unwrap();
    let got = server.mails().remove(0);
    let (head, _) = got.split_once("\r\n\r\n").unwrap();
    assert!(!head.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{head}");
    assert!(head.lines().any(|line| line == "Subject: HiBcc: eve@example.comBuy"), "{head}");
    assert_eq!(server.recipients(), ["RCPT TO:<ada@example.com>"]);
    assert!("Shop\r\nBcc: eve@example.com <a@example.com>".parse::<Sender>().is_err());
}

#[tokio::test]
async fn a_refusal_for_now_is_tried_again_and_one_for_good_is_not() {
    for (at, line, is_final) in [
        ("RCPT", "450 4.2.1 <ada@example.com>: mailbox busy", false),
        ("RCPT", "550 5.1.1 <ada@example.com>: no such mailbox", true),
        ("MAIL", "421 4.3.2 shutting down", false),
        ("MAIL", "530 5.7.0 must issue STARTTLS first", false),
        (".", "554 5.7.1 looks like spam", true),
        (".", "451 4.3.0 try again", false),
    ] {
        let server = MailServer::start(&[(at, Answer::Line(line))]).await;
        let failed = send_to(&server, mail()).await.unwrap_err();
        assert_eq!(matches!(failed, MailError::Rejected(_)), is_final, "{line}: {failed}");
        let told = failed.to_string();
        assert!(told.contains(&line[..3]) && !told.contains("ada@example.com"), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_silent_or_gone_in_between_is_tried_again() {
    for (at, answer) in [("CONNECT", Answer::Hang), ("DATA", Answer::Hang), (".", Answer::Drop)] {
        let server = MailServer::start(&[(at, answer)]).await;
        let failed = send_to(&server, mail()).await.unwrap_err();
        assert!(matches!(failed, MailError::Unavailable(_)), "{at}: {failed}");
    }
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let failed = mailer_at(port, "orders@example.com").send(mail()).await.unwrap_err();
    assert!(matches!(failed, MailError::Unavailable(_)), "{failed}");
}

#[tokio::test]
async fn a_mail_that_was_cut_off_comes_again_under_the_same_name() {
    let server = MailServer::start(&[(".", Answer::Drop)]).await;
    assert!(send_to(&server, mail()).await.is_err());
    server.answer_as_usual();
    send_to(&server, mail()).await.unwrap();
    let id =
        |message: &String| message.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned();
    let got = server.mails();
    assert_eq!((got.len(), id(&got[0])), (2, id(&got[1])));
}

#[test]
fn a_password_never_travels_in_the_open() {
    let from: Sender = "orders@example.com".parse().unwrap();
    let read = |url: &str| SmtpSettings::new(&SecretString::from(url), from.clone()).map(drop);
    for good in [
        "smtp://mail.example.com",
        "smtp://a:b@localhost:25",
        "smtp://a:b@mail.example.com:587?tls=required",
        "smtps://a:b%40c@mail.example.com",
    ] {
        assert_eq!(read(good), Ok(()), "{good}");
    }
    for bad in [
        "smtp://a:b@mail.example.com",
        "smtp://a:b@mail.example.com?tls=opportunistic",
        "smtp://",
        "mail.example.com",
        "http://mail.example.com",
        "smtp://mail.example.com?tls=maybe",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
