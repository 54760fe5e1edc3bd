//! Pictures: uploaded, shown on products, served.

use bytes::Bytes;
use serde_json::json;
use tradepost_testkit::TestApp;

use crate::admin::products::{boot, count, create};

/// A PNG of 700 by 4 pixels in one colour.
const PICTURE: &[u8] = include_bytes!("media/wide.png");
/// A PNG of 3 by 2 pixels in another.
const SMALL: &[u8] = include_bytes!("media/small.png");

#[tokio::test]
async fn an_uploaded_picture_is_served_for_ever_in_its_widths() {
    let app = TestApp::new().await;
    let response = app.post("/api/admin/media").admin().raw("image/png", PICTURE).send().await.expect(201);
    let asset = response.json();
    assert_eq!(response.header("location"), asset["url"].as_str().unwrap());
    assert_eq!(
        (&asset["width"], &asset["height"], &asset["content_type"]),
        (&json!(700), &json!(4), &json!("image/png"))
    );
    let widths: Vec<u64> =
        asset["renditions"].as_array().unwrap().iter().map(|copy| copy["width"].as_u64().unwrap()).collect();
    assert_eq!(widths, [320, 640]);
    let mut body = boot("Boot");
    body["media"] = json!([{"blob": asset["blob"], "alt": "Wide"}]);
    let product = create(&app, &body).await;
    assert_eq!(product["media"][0]["url"], asset["url"]);
    assert_eq!(product["media"][0]["width"], 700);
    assert_eq!(product["media"][0]["renditions"], asset["renditions"]);
    let copy = asset["renditions"][0]["url"].as_str().unwrap();
    let served = app.get(copy).send().await.expect(200);
    assert_eq!(served.header("content-type"), "image/jpeg");
    assert_eq!(served.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(served.header("x-content-type-options"), "nosniff");
    assert_eq!(
        served.header("content-security-policy"),
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    );
    let etag = served.header("etag").to_owned();
    let known = app.get(copy).header("if-none-match", &etag).send().await.expect(304);
    assert!(known.bytes.is_empty());
    assert_eq!(known.header("etag"), etag);
    let head = app.request("HEAD".parse().unwrap(), copy).send().await.expect(200);
    assert!(head.bytes.is_empty());
}

#[tokio::test]
async fn the_same_picture_is_stored_once_whether_raw_or_in_a_form() {
    let app = TestApp::new().await;
    let raw = app.post("/api/admin/media").admin().raw("image/png", PICTURE).send().await.expect(201).json();
    let mut form = b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"../../x.php\"\r\ncontent-type: text/html\r\n\r\n".to_vec();
    form.extend(PICTURE);
    form.extend(b"\r\n--b--\r\n");
    let in_form = app
        .post("/api/admin/media")
        .admin()
        .raw("multipart/form-data; boundary=b", form)
        .send()
        .await
        .expect(201)
        .json();
    assert_eq!(raw, in_form);
    assert_eq!(count(&app, "media_asset").await, 1);
}

#[tokio::test]
async fn what_is_no_picture_is_refused_and_not_stored() {
    let app = TestApp::new().await;
    let post = |label: &'static str, body: Bytes| {
        let request = app.post("/api/admin/media").admin().raw(label, body);
        async move { request.send().await }
    };
    let svg = Bytes::from_static(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>");
    for (status, label, body) in [
        (415, "image/svg+xml", svg.clone()),
        (415, "image/png", svg),
        (415, "application/json", Bytes::from_static(b"{}")),
        (415, "image/gif", Bytes::from_static(b"GIF89a<?php system($_GET['c']); ?>")),
        (415, "image/jpeg", Bytes::from_static(b"GIF89a<?php system($_GET['c']); ?>")),
        (422, "image/png", Bytes::from_static(PICTURE.split_at(60).0)),
        (400, "image/png", Bytes::new()),
        (413, "image/png", Bytes::from(vec![0; 20 * 1024 * 1024 + 1])),
        (400, "multipart/form-data", Bytes::from_static(b"x")),
        (400, "multipart/form-data; boundary=b", Bytes::from_static(b"--b--\r\n")),
        (400, "multipart/form-data; boundary=b", Bytes::from_static(b"--b\r\n")),
    ] {
        let response = post(label, body).await;
        assert_eq!(response.status.as_u16(), status, "{label}: {}", String::from_utf8_lossy(&response.bytes));
        assert!(!response.code().is_empty());
    }
    assert_eq!((count(&app, "media_asset").await, count(&app, "audit_log").await), (0, 0));
}

#[tokio::test]
async fn only_names_of_blobs_reach_the_blob_store() {
    let app = TestApp::new().await;
    let hash = "a".repeat(64);
    for name in [
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "../../etc/passwd",
        "..%5c..%5cboot.ini",
        "%2fetc%2fpasswd",
        "%00",
        &format!("{hash}.png%00.svg"),
        &hash,
        &format!("{hash}.png/"),
        &format!("{hash}.PNG"),
        &format!("{}.png", "A".repeat(64)),
        &format!("./{hash}.png"),
        &format!("{hash}.png"),
        "%ff",
        "a.png",
        "",
    ] {
        let response = app.get(&format!("/media/{name}")).send().await;
        assert_eq!(response.status.as_u16(), 404, "{name}");
        assert_eq!(response.header("content-type"), "application/problem+json", "{name}");
    }
    assert_eq!(
        app.get(&format!("/media/{hash}.png?width=640")).send().await.expect(400).code(),
        "unknown_parameter"
    );
}

#[tokio::test]
async fn a_drawing_is_served_so_that_nothing_in_it_runs() {
    let app = TestApp::new().await;
    let name = format!("{}.svg", "0".repeat(64));
    app.shop.blobs.put(name.clone(), Bytes::from_static(b"<svg/>")).await.unwrap();
    let served = app.get(&format!("/media/{name}")).send().await.expect(200);
    assert_eq!(served.header("content-type"), "image/svg+xml");
    assert!(served.header("content-security-policy").contains("sandbox"));
}

#[tokio::test]
async fn stored_pictures_are_listed_newest_first() {
    let app = TestApp::new().await;
    let upload = async |png: &'static [u8]| {
        app.clock.advance(jiff::SignedDuration::from_secs(1));
        app.post("/api/admin/media").admin().raw("image/png", png).send().await.expect(201).json()
    };
    let (old, new) = (upload(PICTURE).await, upload(SMALL).await);
    assert_eq!(upload(PICTURE).await, old, "it was stored before");
    let first = app.get("/api/admin/media?limit=1&count=exact").admin().send().await.expect(200);
    assert_eq!(first.statements, 3, "the key, the page and the count");
    let first = first.json();
    assert_eq!((&first["data"], &first["page"]["total"]), (&json!([new]), &json!(2)));
    let next = format!("/api/admin/media?limit=1&cursor={}", first["page"]["next"].as_str().unwrap());
    let second = app.get(&next).admin().send().await.expect(200).json();
    assert_eq!((&second["data"], &second["page"]["next"]), (&json!([old]), &json!(null)));
    let one = format!("/api/admin/media/{}", old["blob"].as_str().unwrap());
    let one = app.get(&one).admin().send().await.expect(200);
    assert_eq!((one.json(), one.statements), (old, 2));
    for (path, status, code) in [
        ("/api/admin/media?cursor=eA", 400, "invalid_cursor"),
        ("/api/admin/media?limit=101", 400, "invalid_parameter"),
        ("/api/admin/media?q=x", 400, "unknown_parameter"),
        ("/api/admin/media/boot.png", 404, "media_not_found"),
        ("/api/admin/media/..%2fx", 404, "media_not_found"),
        (&format!("/api/admin/media/{}.png", "0".repeat(64)), 404, "media_not_found"),
    ] {
        assert_eq!(app.get(path).admin().send().await.expect(status).code(), code, "{path}");
    }
}

#[tokio::test]
async fn a_picture_goes_with_its_files_once_no_product_shows_it() {
    let app = TestApp::new().await;
    let asset =
        app.post("/api/admin/media").admin().raw("image/png", PICTURE).send().await.expect(201).json();
    let mut body = boot("Boot");
    body["media"] = json!([{"blob": asset["blob"]}]);
    let product = create(&app, &body).await;
    let path = format!("/api/admin/media/{}", asset["blob"].as_str().unwrap());
    let used = app.delete(&path).admin().send().await.expect(409);
    assert_eq!(
        (used.code(), used.json()["product_ids"].clone()),
        ("media_in_use".to_owned(), json!([product["id"]]))
    );
    let _ = app
        .patch("/api/admin/products/boot")
        .admin()
        .if_match(1)
        .json(&json!({"media": []}))
        .send()
        .await
        .expect(200);
    let gone = app.delete(&path).admin().header("idempotency-key", "k").send().await.expect(204);
    assert!(gone.bytes.is_empty());
    let again = app.delete(&path).admin().header("idempotency-key", "k").send().await.expect(204);
    assert_eq!(again.header("idempotent-replayed"), "true");
    let _ = app.delete(&path).admin().send().await.expect(404);
    let copies = asset["renditions"].as_array().unwrap().iter().map(|copy| &copy["url"]);
    for url in copies.chain([&asset["url"]]) {
        let _ = app.get(url.as_str().unwrap()).send().await.expect(404);
    }
    let actions = crate::admin::products::rows(
        &app,
        "select action from audit_log where entity_kind = 'media_asset' order by id",
    )
    .await;
    let actions: Vec<&str> = actions.iter().map(|row| row.get(0)).collect();
    assert_eq!(actions, ["media.upload", "media.delete"]);
}

#[tokio::test]
async fn a_file_that_another_picture_needs_stays() {
    let app = TestApp::new().await;
    let asset =
        app.post("/api/admin/media").admin().raw("image/png", PICTURE).send().await.expect(201).json();
    let copy = asset["renditions"][0]["url"].as_str().unwrap();
    let blob = copy.trim_start_matches("/media/");
    crate::admin::sql(&app, &format!(
        "insert into media_asset (blob, content_type, size_bytes, created_at) values ('{blob}', 'image/jpeg', 1, now())"
    )).await;
    let path = format!("/api/admin/media/{}", asset["blob"].as_str().unwrap());
    let _ = app.delete(&path).admin().send().await.expect(204);
    let _ = app.get(copy).send().await.expect(200);
    let _ = app.get(asset["url"].as_str().unwrap()).send().await.expect(404);
}
