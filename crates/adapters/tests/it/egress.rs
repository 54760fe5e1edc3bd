//! The guarded way out against receivers on this machine and against names that change where they lead.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tradepost_adapters::egress::LookUp;
use tradepost_adapters::{GuardedEgress, Reach};
use tradepost_port::{BoxFuture, Egress, EgressError, EgressRequest, EgressResponse};

/// Answers every connection with the same bytes, or never.
struct Receiver {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn start(answer: Option<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = requests.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (kept, answer) = (kept.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !request.ends_with(b"{}") {
                        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                            break;
                        }
                    }
                    kept.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
                    match answer {
                        Some(answer) => drop(stream.write_all(&answer).await),
                        None => std::future::pending().await,
                    }
                });
            }
        });
        Self { address, requests }
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Leads a name to one address after another, the last for ever.
struct ChangingName {
    answers: Vec<Vec<&'static str>>,
    asked: AtomicUsize,
}

impl LookUp for ChangingName {
    fn look_up(&self, _: String) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        let place = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        let found = self.answers.get(place).unwrap().iter();
        let found = found.map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect();
        Box::pin(async move { Ok(found) })
    }
}

fn name(answers: &[&[&'static str]]) -> Arc<ChangingName> {
    let answers = answers.iter().map(|answer| answer.to_vec()).collect();
    Arc::new(ChangingName { answers, asked: AtomicUsize::new(0) })
}

async fn post(egress: &GuardedEgress, url: &str) -> Result<EgressResponse, EgressError> {
    let headers = vec![("webhook-id", "evt_1".to_owned())];
    egress.post(EgressRequest { url: url.to_owned(), headers, body: Bytes::from_static(b"{}") }).await
}

fn answer(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[tokio::test]
async fn a_demo_posts_to_its_own_machine() {
    let receiver = Receiver::start(Some(answer("202 Accepted", "thanks"))).await;
    let egress = GuardedEgress::new(Reach::Private).unwrap();
    egress.check(receiver.url()).await.unwrap();
    let response = post(&egress, &receiver.url()).await.unwrap();
    assert_eq!((response.status, &response.body[..]), (202, &b"thanks"[..]));
    let [request] = &receiver.requests()[..] else { panic!("one request") };
    let request = request.to_lowercase();
    assert!(request.starts_with("post /hook http/1.1\r\n"), "{request}");
    for header in ["webhook-id: evt_1", "content-type: application/json", "user-agent: tradepost/"] {
        assert!(request.contains(header), "{header}: {request}");
    }
}

#[tokio::test]
async fn a_shop_never_reaches_its_own_machine_whatever_a_name_says() {
    let receiver = Receiver::start(Some(answer("200 OK", ""))).await;
    let port = receiver.address.port();
    let egress = GuardedEgress::new(Reach::Public).unwrap();
    for url in [receiver.url(), format!("https://127.0.0.1:{port}/"), "https://127.0.0.1/".to_owned()] {
        assert!(matches!(egress.check(url.clone()).await, Err(EgressError::Refused(_))), "{url}");
        assert!(matches!(post(&egress, &url).await, Err(EgressError::Refused(_))), "{url}");
    }
    // A name that led elsewhere when it was checked, one that leads to both, and what clouds tell their machines.
    let timeout = Duration::from_secs(15);
    for answers in [
        &[&["93.184.216.34"][..], &["127.0.0.1"][..]][..],
        &[&["93.184.216.34"][..], &["93.184.216.34", "10.0.0.1"][..]][..],
        &[&["2606:4700::1111"][..], &["::ffff:169.254.169.254"][..]][..],
    ] {
        let egress = GuardedEgress::with(Reach::Public, name(answers), timeout).unwrap();
        egress.check("https://hook.example/".to_owned()).await.unwrap();
        let refused = post(&egress, "https://hook.example/").await;
        assert!(matches!(refused, Err(EgressError::Refused(_))), "{answers:?}: {refused:?}");
        let again = egress.check("https://hook.example/".to_owned()).await;
        assert!(matches!(again, Err(EgressError::Refused(_))), "{answers:?}: {again:?}");
    }
    assert_eq!(receiver.requests(), [""; 0]);
}

#[tokio::test]
async fn metadata_of_clouds_is_out_of_reach_of_a_demo_too() {
    let names = name(&[&["169.254.169.254"]]);
    let egress = GuardedEgress::with(Reach::Private, names, Duration::from_secs(15)).unwrap();
    for url in ["http://metadata.internal/", "http://169.254.169.254/latest/meta-data/"] {
        assert!(matches!(post(&egress, url).await, Err(EgressError::Refused(_))), "{url}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let inside = Receiver::start(Some(answer("200 OK", "secret"))).await;
    let head = format!("302 Found\r\nlocation: {}", inside.url());
    let receiver = Receiver::start(Some(answer(&head, ""))).await;
    let egress = GuardedEgress::new(Reach::Private).unwrap();
    assert_eq!(post(&egress, &receiver.url()).await.unwrap().status, 302);
    assert_eq!(inside.requests(), [""; 0]);
}

#[tokio::test]
async fn who_hangs_is_given_up_and_who_talks_too_much_is_cut_off() {
    let names = name(&[&["127.0.0.1"]]);
    let impatient = GuardedEgress::with(Reach::Private, names.clone(), Duration::from_millis(300)).unwrap();
    let hanging = Receiver::start(None).await;
    assert_eq!(post(&impatient, &hanging.url()).await, Err(EgressError::TimedOut));
    assert_eq!(hanging.requests().len(), 1);

    let egress = GuardedEgress::with(Reach::Private, names, Duration::from_secs(15)).unwrap();
    let talking = Receiver::start(Some(answer("200 OK", &"x".repeat(3 * 1024 * 1024)))).await;
    let response = post(&egress, &talking.url()).await.unwrap();
    assert_eq!((response.status, response.body.len()), (200, 4 * 1024));

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = post(&egress, &format!("http://{nobody}/")).await;
    assert!(matches!(refused, Err(EgressError::Unreachable(_))), "{refused:?}");
}
