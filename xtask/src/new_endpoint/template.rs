//! Fills the templates. A template says `{{name}}`; a line that begins with `@body` or `@params` stays, without that
//! mark, where the endpoint has a body or parameters in its address.

use super::names::Endpoint;

/// The text of a file.
pub fn render(template: &str, endpoint: &Endpoint) -> Result<String, String> {
    let (status, status_name) = endpoint.status();
    let values = [
        ("command", endpoint.command()),
        ("context", endpoint.context.clone()),
        ("fields", fields(endpoint)),
        ("method", endpoint.method().to_owned()),
        ("method_lower", endpoint.method().to_lowercase()),
        ("path_fields", path_fields(endpoint)),
        ("operation_id", endpoint.operation_id()),
        ("request_url", request_url(endpoint)),
        ("sentence", endpoint.sentence()),
        ("status", status.to_string()),
        ("status_name", status_name.to_owned()),
        ("tag", endpoint.tag().to_owned()),
        ("url", endpoint.url()),
        ("use_case", endpoint.use_case()),
        ("use_case_file", endpoint.use_case_file()),
    ];
    let has_parameters = !endpoint.parameters().is_empty();
    let mut text = String::new();
    for line in template.lines() {
        let (wanted, line) = if let Some(rest) = line.strip_prefix("@body") {
            (endpoint.has_body(), rest.strip_prefix(' ').unwrap_or(rest))
        } else if let Some(rest) = line.strip_prefix("@params") {
            (has_parameters, rest.strip_prefix(' ').unwrap_or(rest))
        } else {
            (true, line)
        };
        if wanted {
            text += line;
            text.push('\n');
        }
    }
    for (name, value) in values {
        text = text.replace(&format!("{{{{{name}}}}}"), &value);
    }
    match text.split_once("{{") {
        Some((_, rest)) => {
            let name = rest.split("}}").next().unwrap_or_default();
            Err(format!("a template asks for `{name}`, which no endpoint has"))
        }
        None => Ok(text),
    }
}

/// A field a parameter, as the lines of a struct.
fn fields(endpoint: &Endpoint) -> String {
    let lines: Vec<String> = endpoint
        .parameters()
        .iter()
        .map(|name| format!("    /// From the address.\n    pub {name}: String,"))
        .collect();
    lines.join("\n")
}

/// The same as they are taken over into the command.
fn path_fields(endpoint: &Endpoint) -> String {
    let parts: Vec<String> =
        endpoint.parameters().iter().map(|name| format!("{name}: path.{name},")).collect();
    parts.join(" ")
}

/// The address as a test asks for it: each id well formed and of nothing.
fn request_url(endpoint: &Endpoint) -> String {
    endpoint.parameters().iter().fold(endpoint.url(), |url, name| {
        let prefix = name.trim_end_matches("_id");
        url.replace(&format!("{{{name}}}"), &format!("{prefix}_00000000000000000000000001"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(resource: &str, verb: &str) -> Endpoint {
        Endpoint::new("store", resource, verb, None).unwrap()
    }

    #[test]
    fn names_are_filled_in() {
        let text =
            render("//! {{sentence}}: `{{method}} {{url}}`, {{status}}.", &endpoint("carts/lines", "add"))
                .unwrap();
        assert_eq!(text, "//! Add cart line: `POST /api/carts/{cart_id}/lines`, 201.\n");
    }

    #[test]
    fn lines_for_a_body_or_parameters_stay_where_there_are_some() {
        let template = "a\n@body b\n@params c\n";
        assert_eq!(render(template, &endpoint("carts/lines", "add")).unwrap(), "a\nb\nc\n");
        assert_eq!(render(template, &endpoint("carts", "create")).unwrap(), "a\nb\n");
        assert_eq!(render(template, &endpoint("products", "list")).unwrap(), "a\n");
    }

    #[test]
    fn a_name_that_no_endpoint_has_is_an_error() {
        assert!(render("{{nonsense}}", &endpoint("carts", "get")).unwrap_err().contains("`nonsense`"));
    }
}
