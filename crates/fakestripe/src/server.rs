//! The accept loop: a call is read whole, answered, and put on the wire as it was told to.

use std::io;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;

use crate::Shared;
use crate::dispatch::{self, Call, Wire};
use crate::form::Params;

/// Bytes of a call's body, at most.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Takes connections until it is stopped.
pub(crate) async fn accept(listener: TcpListener, shared: Shared) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        // Those that have ended are let go, so that a long run does not collect them.
        while connections.try_join_next().is_some() {}
        connections.spawn(async move {
            let service = service_fn(move |request| serve(shared.clone(), request));
            let builder = Builder::new(TokioExecutor::new());
            // A connection that was told to break ends with an error, as it should.
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn serve(shared: Shared, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let call = read(request).await?;
    match dispatch::answer(&shared, &call) {
        Wire::Answer(reply, delay) => {
            tokio::time::sleep(delay).await;
            respond(reply.status, Bytes::from(reply.body.to_string()))
        }
        Wire::Garbage => respond(200, Bytes::from_static(b"<html>all is well</html>")),
        Wire::Drop => Err(io::Error::other("told to break the connection")),
        Wire::Hang => std::future::pending().await,
    }
}

fn respond(status: u16, body: Bytes) -> io::Result<Response<Full<Bytes>>> {
    let response = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
    response.body(Full::new(body)).map_err(io::Error::other)
}

async fn read(request: Request<Incoming>) -> io::Result<Call> {
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name)?.to_str().ok().map(str::to_owned);
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(io::Error::other)?.to_bytes();
    let is_post = head.method == Method::POST;
    let encoded = if is_post { &body[..] } else { head.uri.query().unwrap_or_default().as_bytes() };
    let authorized = header(AUTHORIZATION.as_str()).is_some_and(|value| value.len() > "Bearer ".len());
    Ok(Call {
        is_post,
        path: head.uri.path().to_owned(),
        params: Params::parse(encoded),
        key: header("idempotency-key"),
        authorized,
    })
}
