//! Every request of the adapter against `stripe-mock`, which checks them by Stripe's own OpenAPI description.
//!
//! Install it with `go install github.com/stripe/stripe-mock@latest`. It is looked for in `STRIPE_MOCK`, in `PATH` and in
//! the folder of Go's binaries; where it is not found the test says so and passes.

use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tradepost_adapters::StripeGateway;
use tradepost_adapters::stripe::API_VERSION;
use tradepost_domain::kernel::ids::{CustomerId, EntityId, RefundId};
use tradepost_port::PaymentGateway;
use tradepost_port::payment::{
    CaptureIntent, CaptureMethod, ConfirmIntent, CreateIntent, IntentRef, NewCustomer, Outcome, RefundIntent,
    Since,
};
use uuid::Uuid;

use super::{WITHIN, attempt_id, create, eur, settings};

/// A running `stripe-mock`, ended when it is dropped.
struct StripeMock {
    process: Child,
    address: String,
    /// Kept open: it logs there, and a closed pipe would end it.
    _log: Lines<BufReader<ChildStdout>>,
}

impl Drop for StripeMock {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn binary() -> Option<PathBuf> {
    let named = std::env::var_os("STRIPE_MOCK").map(PathBuf::from);
    let in_path = std::env::var_os("PATH").map(|path| {
        std::env::split_paths(&path).map(|folder| folder.join("stripe-mock")).collect::<Vec<_>>()
    });
    let of_go = std::env::var_os("HOME").map(|home| PathBuf::from(home).join("go/bin/stripe-mock"));
    named.into_iter().chain(in_path.into_iter().flatten()).chain(of_go).find(|path| path.is_file())
}

impl StripeMock {
    /// Starts it on a free port, which it says itself.
    fn start() -> Option<Self> {
        let mut process = Command::new(binary()?)
            // Without an address of its own it would listen for TLS too, on a fixed port and for everybody.
            .args(["-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0", "-strict-version-check"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = log.by_ref().map(Result::unwrap).find_map(|line| {
            line.contains("Listening for HTTP").then(|| line.rsplit(':').next().unwrap().trim().to_owned())
        });
        Some(Self { process, address: format!("127.0.0.1:{}", port.unwrap()), _log: log })
    }
}

/// Fails on everything that says the request was not as Stripe describes it, or the answer not as we read it. What the
/// answer says is an example without meaning: a decline is as good as anything.
fn accepted<T: std::fmt::Debug>(what: &str, outcome: &Outcome<T>) {
    let refused = matches!(outcome, Outcome::Refused(_) | Outcome::NotDone(_) | Outcome::Unknown(_));
    assert!(!refused, "{what}: {outcome:?}");
}

#[tokio::test]
async fn every_request_is_as_stripe_describes_it_in_the_pinned_version() {
    let Some(mock) = StripeMock::start() else {
        println!("skipped: no stripe-mock (go install github.com/stripe/stripe-mock@latest); {API_VERSION}");
        return;
    };
    let gateway = StripeGateway::new(&settings(&format!("http://{}", mock.address))).unwrap();
    let request = CreateIntent {
        provider_customer: Some("cus_1".to_owned()),
        save_payment_method: true,
        ..create(1, eur(1350), CaptureMethod::Manual)
    };
    accepted("create", &gateway.create(&request, WITHIN).await);
    let intent = IntentRef {
        attempt_id: attempt_id(1),
        intent_id: "pi_1".to_owned(),
        amount: eur(1350),
        capture: CaptureMethod::Manual,
    };
    let confirm = ConfirmIntent {
        intent: intent.clone(),
        confirmation: 1,
        payment_method: Some("pm_card_visa".to_owned()),
        return_url: Some("https://shop.example/back".to_owned()),
        off_session: true,
    };
    accepted("confirm", &gateway.confirm(&confirm, WITHIN).await);
    let capture = CaptureIntent { intent: intent.clone(), amount: eur(900) };
    accepted("capture", &gateway.capture(&capture, WITHIN).await);
    accepted("cancel", &gateway.cancel(&intent, WITHIN).await);
    let refund_id = RefundId::from_uuid(Uuid::from_u128(5));
    let refund = RefundIntent { intent: intent.clone(), refund_id, amount: eur(900) };
    accepted("refund", &gateway.refund(&refund, WITHIN).await);
    let customer = NewCustomer {
        customer_id: CustomerId::from_uuid(Uuid::from_u128(6)),
        email: "jo@example.com".to_owned(),
    };
    accepted("customer", &gateway.create_customer(&customer, WITHIN).await);
    accepted("detach", &gateway.forget_payment_method("pm_1", WITHIN).await);
    gateway.payment_method("cus_1", "pm_1", WITHIN).await.unwrap();
    gateway.retrieve(&intent, WITHIN).await.unwrap();
    gateway.find(attempt_id(1), Timestamp::UNIX_EPOCH, WITHIN).await.unwrap();
    gateway.dispute("du_1", WITHIN).await.unwrap();
    let since = Since {
        from: Timestamp::UNIX_EPOCH,
        until: Some(Timestamp::UNIX_EPOCH),
        after: Some("evt_1".to_owned()),
    };
    gateway.events(&since, WITHIN).await.unwrap();
    gateway.balance(&since, WITHIN).await.unwrap();
}

#[tokio::test]
async fn a_request_that_is_not_as_stripe_describes_it_is_found() {
    let Some(mock) = StripeMock::start() else {
        println!("skipped: no stripe-mock");
        return;
    };
    for (form, status) in
        [("amount=1350&currency=eur", "200"), ("amount=1350&currency=eur&colour=red", "400")]
    {
        let mut stream = TcpStream::connect(&mock.address).await.unwrap();
        let call = format!(
            "POST /v1/payment_intents HTTP/1.1\r\nhost: stripe\r\nauthorization: Bearer sk_test_1\r\n\
             stripe-version: {API_VERSION}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{form}",
            form.len()
        );
        stream.write_all(call.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{answer:.300}");
    }
}
