//! What holds for every operation, read off the API document: a new endpoint is checked without anybody thinking of it.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestRequest};

/// An operation of the document.
struct Operation {
    method: Method,
    path: String,
    about: Value,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn is_admin(&self) -> bool {
        self.path.starts_with("/api/admin/")
    }

    fn changes(&self) -> bool {
        self.method != Method::GET
    }

    fn documents(&self, status: &str) -> bool {
        self.about["responses"].get(status).is_some()
    }

    fn takes_json(&self) -> bool {
        self.about["requestBody"]["content"].get("application/json").is_some()
    }

    /// The path with every parameter replaced.
    fn path_with(&self, value: &dyn Fn(&str) -> String) -> String {
        let segments = self.path.split('/').map(|segment| {
            let name = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}'));
            name.map_or_else(|| segment.to_owned(), value)
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// The path with ids of nothing.
    fn sample_path(&self) -> String {
        self.path_with(&|name| {
            if name == "blob" {
                return format!("{}.png", "0".repeat(64));
            }
            let prefix = match name {
                "product" => "prod",
                "variant" => "var",
                "category" => "cat",
                "collection" => "col",
                "product_type" => "ptype",
                "channel" => "chan",
                "stock_location" => "loc",
                "stock_level" => "slev",
                "review" => "rev",
                "api_key" => "key",
                "import" => "imp",
                "customer" => "cus",
                "order" => "ord",
                "payment" => "pay",
                "payment_method" => "spm",
                "fulfillment" => "ful",
                "customer_address" => "addr",
                "export" => "exp",
                "media" => "med",
                "coupon" => "coup",
                "customer_group" => "cgrp",
                "price_list" => "plist",
                "promotion" => "promo",
                "shipping_method" => "smeth",
                "search_rule" => "srule",
                "search_synonym" => "syn",
                "shipping_zone" => "szone",
                "tax_class" => "tclass",
                "tax_rate" => "trate",
                "tax_zone" => "tzone",
                "webhook_endpoint" => "whe",
                "event" => "evt",
                other => other,
            };
            format!("{prefix}_00000000000000000000000001")
        })
    }

    fn request<'a>(&self, app: &'a TestApp, path: &str) -> TestRequest<'a> {
        let request = app.request(self.method.clone(), path);
        if self.takes_json() { request.json(&json!({})) } else { request }
    }
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(tradepost_http::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, about) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            operations.push(Operation { method, path: path.clone(), about: about.clone() });
        }
    }
    assert!(operations.len() > 40, "the document is nearly empty: {}", operations.len());
    operations
}

fn admin_operations() -> Vec<Operation> {
    operations().into_iter().filter(Operation::is_admin).collect()
}

#[test]
fn every_operation_has_a_name_of_its_own_and_documents_its_problems() {
    let mut names = BTreeSet::new();
    let document = serde_json::to_value(tradepost_http::openapi()).unwrap();
    for operation in operations() {
        let name = operation.about["operationId"].as_str().unwrap_or_default().to_owned();
        assert!(!name.is_empty(), "{} has no operationId", operation.name());
        assert!(names.insert(name.clone()), "{name} is there twice");
        if !operation.path.starts_with("/api/") {
            continue;
        }
        let responses = operation.about["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('4')), "{}: no 4xx", operation.name());
        for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
            let shared = response["$ref"].as_str().map(|place| place.trim_start_matches('#'));
            let response = shared.and_then(|place| document.pointer(place)).unwrap_or(response);
            let problem = response["content"].get("application/problem+json");
            assert!(problem.is_some(), "{} {status}: no problem", operation.name());
        }
    }
}

#[test]
fn every_operation_of_the_staff_asks_for_a_secret_key() {
    for operation in admin_operations() {
        assert_eq!(operation.about["security"], json!([{"secret_key": []}]), "{}", operation.name());
        for status in ["401", "403"] {
            assert!(operation.documents(status), "{} {status}", operation.name());
        }
        for status in ["409", "422"] {
            assert!(!operation.changes() || operation.documents(status), "{} {status}", operation.name());
        }
    }
}

#[test]
fn every_way_to_sign_in_that_an_operation_names_is_described() {
    let document = serde_json::to_value(tradepost_http::openapi()).unwrap();
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    for operation in operations() {
        for way in operation.about["security"].as_array().into_iter().flatten() {
            for name in way.as_object().unwrap().keys() {
                assert!(schemes.contains_key(name), "{}: {name}", operation.name());
            }
        }
    }
}

#[test]
fn whatever_the_document_refers_to_is_in_it() {
    let document = serde_json::to_value(tradepost_http::openapi()).unwrap();
    let (mut left, mut found) = (vec![&document], 0);
    while let Some(value) = left.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let place = reference.strip_prefix('#').expect("within the document");
            assert!(document.pointer(place).is_some(), "{reference}");
            found += 1;
        }
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(members) => left.extend(members.values()),
            _ => {}
        }
    }
    assert!(found > 500, "{found}");
}

#[test]
fn an_item_of_a_batch_may_be_anything_since_it_is_answered_by_itself() {
    let document = serde_json::to_value(tradepost_http::openapi()).unwrap();
    let schema = |content: &Value| {
        let reference = content["application/json"]["schema"]["$ref"].as_str()?;
        Some((reference.to_owned(), document.pointer(reference.strip_prefix('#')?)?))
    };
    let mut found = 0;
    for operation in operations().iter().filter(|operation| operation.method == Method::POST) {
        let answer = schema(&operation.about["responses"]["200"]["content"]);
        if answer.is_none_or(|(name, _)| !name.contains("BatchView")) {
            continue;
        }
        let (_, body) = schema(&operation.about["requestBody"]["content"]).unwrap();
        let list = body["properties"].as_object().unwrap().values().next().unwrap();
        let kinds = list["items"]["anyOf"].as_array().unwrap();
        assert!(kinds[0].get("$ref").is_some(), "{}", operation.name());
        assert_eq!((kinds.len(), kinds[1].get("type")), (2, None), "{}", operation.name());
        found += 1;
    }
    assert_eq!(found, 3);
}

#[test]
fn a_search_takes_what_a_listing_takes() {
    let document = serde_json::to_value(tradepost_http::openapi()).unwrap();
    let parameters = |path: &str| document["paths"][path]["get"]["parameters"].as_array().unwrap().clone();
    let of_search = parameters("/api/search");
    for parameter in parameters("/api/products").iter().filter(|parameter| parameter["in"] == "query") {
        let own = of_search.iter().find(|own| own["name"] == parameter["name"]);
        assert_eq!(own, Some(parameter));
    }
}

#[test]
fn the_groups_begin_with_what_is_sold_and_every_group_is_told_of() {
    let document = serde_json::to_value(tradepost_http::openapi()).unwrap();
    let groups: Vec<&str> =
        document["tags"].as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap()).collect();
    assert_eq!(groups[..3], ["products", "categories", "collections"]);
    for operation in operations() {
        let group = operation.about["tags"][0].as_str().unwrap();
        assert!(groups.contains(&group), "{}: {group}", operation.name());
    }
}

#[tokio::test]
async fn nobody_passes_without_a_key_with_a_wrong_one_or_without_the_scope() {
    let app = TestApp::new().await;
    let bare = format!("Bearer {}", app.key_with(&[]).await);
    for operation in admin_operations() {
        let path = operation.sample_path();
        let send = |authorization: Option<&str>| {
            let request = operation.request(&app, &path);
            match authorization {
                Some(value) => request.header("authorization", value),
                None => request,
            }
            .send()
        };
        let name = operation.name();
        let missing = send(None).await;
        assert_eq!(
            (missing.status.as_u16(), missing.code().as_str()),
            (401, "authentication_required"),
            "{name}"
        );
        for wrong in ["Bearer sk_wrong", "Bearer pk_x", "Basic eDp4", "sk_wrong", "Bearer"] {
            let refused = send(Some(wrong)).await;
            assert_eq!(
                (refused.status.as_u16(), refused.code().as_str()),
                (401, "invalid_credentials"),
                "{name}"
            );
        }
        let denied = send(Some(&bare)).await;
        assert_eq!((denied.status.as_u16(), denied.code().as_str()), (403, "insufficient_scope"), "{name}");
    }
}

#[tokio::test]
async fn what_the_document_lists_is_routed_and_no_other_method_is() {
    let app = TestApp::new().await;
    let operations = operations();
    for operation in &operations {
        let answer = operation.request(&app, &operation.sample_path()).send().await;
        let status = answer.status.as_u16();
        let unrouted = (status == 404 && answer.code() == "route_not_found") || status == 405;
        assert!(!unrouted, "{} is documented and not routed", operation.name());
        assert!(
            operation.documents(&status.to_string()),
            "{} answers {status}, which is not documented",
            operation.name()
        );
    }
    let paths: BTreeSet<&str> = operations.iter().map(|operation| operation.path.as_str()).collect();
    for path in paths.into_iter().filter(|path| path.starts_with("/api/")) {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let here = operations.iter().filter(|operation| operation.path == path);
            if here.clone().any(|operation| operation.method == method) {
                continue;
            }
            let sample = here.clone().next().unwrap().sample_path();
            let refused = app.request(method.clone(), &sample).admin().send().await;
            assert_eq!(refused.status.as_u16(), 405, "{method} {path} is routed and not documented");
        }
    }
}

#[tokio::test]
async fn every_change_of_a_product_of_stock_or_of_an_order_needs_the_version_that_was_read() {
    let app = TestApp::new().await;
    let guarded = ["/api/admin/products/{", "/api/admin/stock-levels/{", "/api/admin/orders/{"];
    // What is written into the timeline leaves the order, and its version, as they are. Parcels and money are bounded by what
    // is left of them, whoever else was faster: a version is checked where it is sent.
    let beside = ["/notes", "/resend-confirmation", "/fulfillments", "/refunds"];
    let mut checked = 0;
    for operation in admin_operations() {
        if !operation.changes()
            || !guarded.iter().any(|start| operation.path.starts_with(start))
            || beside.iter().any(|part| operation.path.contains(part))
        {
            continue;
        }
        let refused = operation.request(&app, &operation.sample_path()).admin().send().await;
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str()),
            (428, "precondition_required"),
            "{}",
            operation.name()
        );
        let header = operation.about["parameters"].as_array().unwrap().iter();
        let mut header = header.filter(|parameter| parameter["name"] == "If-Match");
        assert_eq!(header.next().unwrap()["required"], true, "{}", operation.name());
        checked += 1;
    }
    assert!(checked >= 14, "only {checked} operations were found");
}

#[tokio::test]
async fn every_post_may_be_repeated_safely_and_what_costs_money_must() {
    let app = TestApp::new().await;
    // Answers with tokens in them are not kept, nor is what would tell a password; the others are the same however often
    // they come: events that are known by their ids.
    let beside = ["/api/auth/", "/api/payments/webhook", "/api/search/events"];
    let costly = [
        "/api/orders",
        "/api/payments/{payment}/confirm",
        "/api/admin/payments/{payment}/capture",
        "/api/admin/orders/{order}/refunds",
    ];
    let mut checked = 0;
    for operation in operations().iter().filter(|operation| operation.method == Method::POST) {
        let mut parameters = operation.about["parameters"].as_array().into_iter().flatten();
        let header = parameters.find(|parameter| parameter["name"] == "Idempotency-Key");
        let is_beside = beside.iter().any(|start| operation.path.starts_with(start));
        assert_eq!(header.is_none(), is_beside, "{}", operation.name());
        let is_costly = costly.contains(&operation.path.as_str());
        let is_required = header.is_some_and(|header| header["required"] == true);
        assert_eq!(is_required, is_costly, "{}", operation.name());
        if !is_costly {
            continue;
        }
        let request = app.request(Method::POST, &operation.sample_path()).header("if-match", "*");
        let request = if operation.is_admin() { request.admin() } else { request };
        let body = match operation.path.as_str() {
            "/api/orders" => json!({"cart_id": "cart_00000000000000000000000001"}),
            _ => json!({}),
        };
        let refused = request.json(&body).send().await.expect(400).json();
        assert_eq!(
            (refused["code"].as_str(), refused["param"].as_str()),
            (Some("idempotency_key_required"), Some("Idempotency-Key")),
            "{}",
            operation.name()
        );
        checked += 1;
    }
    assert_eq!(checked, costly.len());
}

#[tokio::test]
async fn an_unknown_parameter_is_refused() {
    let app = TestApp::new().await;
    for operation in admin_operations() {
        let path = format!("{}?no_such_parameter=1", operation.sample_path());
        let refused = operation.request(&app, &path).admin().header("if-match", "*").send().await;
        assert_eq!(refused.status.as_u16(), 400, "{}", operation.name());
        assert_eq!(refused.json()["param"], "no_such_parameter", "{}", operation.name());
    }
}

#[tokio::test]
async fn a_malformed_id_is_refused() {
    let app = TestApp::new().await;
    for operation in admin_operations().iter().filter(|operation| operation.path.contains('{')) {
        for bad in ["x%00y", "%ff", "prod_", "A%20B", "00000000-0000-0000-0000-000000000001", "key_zzz"] {
            let path = operation.path_with(&|_| bad.to_owned());
            let refused = operation.request(&app, &path).admin().header("if-match", "*").send().await;
            assert!(
                matches!(refused.status.as_u16(), 400 | 404),
                "{} {bad}: {}",
                operation.name(),
                refused.status
            );
        }
    }
}

#[tokio::test]
async fn a_body_of_another_type_or_with_an_unknown_field_is_refused() {
    let app = TestApp::new().await;
    for operation in admin_operations().iter().filter(|operation| operation.takes_json()) {
        let path = operation.sample_path();
        let request = || app.request(operation.method.clone(), &path).admin().header("if-match", "*");
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json"] {
            let refused = request().raw(kind, "{}").send().await;
            assert_eq!(refused.status.as_u16(), 415, "{} {kind}", operation.name());
        }
        let mut bodies = vec![("unknown_field", r#"{"no_such_field":1}"#.to_owned())];
        bodies.push(("malformed_json", "{".to_owned()));
        if operation.about["requestBody"]["required"] == true {
            bodies.push(("malformed_json", String::new()));
        }
        bodies.push(("duplicate_key", r#"{"a":1,"a":1}"#.to_owned()));
        bodies.push(("json_too_deep", "[".repeat(40)));
        for (code, body) in bodies {
            let refused = request().raw("application/json", body).send().await;
            assert_eq!(
                (refused.status.as_u16(), refused.code().as_str()),
                (400, code),
                "{}",
                operation.name()
            );
        }
        let large = format!("\"{}\"", "x".repeat(1024 * 1024));
        let refused = request().raw("application/json", large).send().await;
        assert_eq!(refused.status.as_u16(), 413, "{}", operation.name());
    }
}

#[test]
fn every_id_in_a_path_says_what_it_looks_like() {
    for operation in admin_operations() {
        let parameters = operation.about["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "path") {
            // Where a handle will do, nothing that can be sent is malformed.
            let bounds = ["pattern", "enum", "minLength"];
            let is_bounded = bounds.iter().any(|bound| parameter["schema"].get(bound).is_some());
            assert!(is_bounded, "{}: {}", operation.name(), parameter["name"]);
        }
    }
}

#[tokio::test]
async fn a_filter_takes_the_words_that_the_document_lists_and_no_others() {
    let app = TestApp::new().await;
    let mut checked = 0;
    for operation in admin_operations().iter().filter(|operation| !operation.changes()) {
        let parameters = operation.about["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["schema"]["type"] == "string") {
            let name = parameter["name"].as_str().unwrap();
            let schema = &parameter["schema"];
            // What a pattern refuses is not known here.
            if !name.starts_with("filter[") || schema.get("pattern").is_some() {
                continue;
            }
            let words = schema["enum"].as_array().into_iter().flatten().map(|word| word.as_str().unwrap());
            let is_any = ["enum", "format"].iter().all(|bound| schema.get(bound).is_none());
            let tried = words.map(|word| (word, true)).chain([("nothing.of_the_kind", is_any)]);
            for (word, is_taken) in tried {
                let path = format!("{}?{name}={word}", operation.sample_path());
                let status = app.get(&path).admin().send().await.status.as_u16();
                assert_eq!(status != 400, is_taken, "{} {name}={word}: {status}", operation.name());
                checked += 1;
            }
        }
    }
    assert!(checked > 100, "only {checked} were tried");
}

#[tokio::test]
async fn a_change_takes_null_where_the_document_says_so_and_nowhere_else() {
    let app = TestApp::new().await;
    let document = serde_json::to_value(tradepost_http::openapi()).unwrap();
    let mut checked = 0;
    for operation in admin_operations().iter().filter(|operation| operation.method == Method::PATCH) {
        let body = &operation.about["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let place = body.as_str().unwrap().trim_start_matches('#');
        for (name, field) in document.pointer(place).unwrap()["properties"].as_object().unwrap() {
            let nulls = |kind: &Value| {
                *kind == "null" || kind.as_array().is_some_and(|all| all.contains(&json!("null")))
            };
            let is_nullable = nulls(&field["type"])
                || field["oneOf"].as_array().is_some_and(|all| all.iter().any(|one| nulls(&one["type"])));
            let request = app.request(Method::PATCH, &operation.sample_path()).admin();
            let answer = request.header("if-match", "*").json(&json!({name: null})).send().await;
            let is_refused = answer.status.as_u16() == 400;
            assert_eq!(is_refused, !is_nullable, "{} {name}: {}", operation.name(), answer.status);
            checked += 1;
        }
    }
    assert!(checked > 80, "only {checked} were tried");
}
