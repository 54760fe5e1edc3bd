//! Fills the templates. A template says `{{name}}`; a line that begins with marks such as `@staff@body` stays, without
//! them, where all of them hold.

use super::names::{Endpoint, type_name};

/// Parameters that an address may have: what the extractors of `http` take.
const PARAMETERS_MAX: usize = 2;

/// The text of a file.
pub fn render(template: &str, endpoint: &Endpoint) -> Result<String, String> {
    let parameters = endpoint.parameters();
    if parameters.len() > PARAMETERS_MAX {
        return Err(format!("an address has at most {PARAMETERS_MAX} parameters: {}", endpoint.url()));
    }
    let mut text = String::new();
    for line in template.lines() {
        if let Some(line) = wanted(line, endpoint)? {
            text += line;
            text.push('\n');
        }
    }
    for (name, value) in values(endpoint, &parameters) {
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

/// The line without its marks; none where one of them does not hold.
fn wanted<'a>(line: &'a str, endpoint: &Endpoint) -> Result<Option<&'a str>, String> {
    let Some(marked) = line.strip_prefix('@') else { return Ok(Some(line)) };
    let (marks, rest) = marked.split_once(' ').unwrap_or((marked, ""));
    for mark in marks.split('@') {
        let holds = match mark {
            "staff" => endpoint.is_staff(),
            "buyer" => endpoint.is_buyer(),
            "public" => !endpoint.is_staff() && !endpoint.is_buyer(),
            "write" => endpoint.is_write(),
            "plain" => !endpoint.is_write(),
            "body" => endpoint.has_body(),
            "nobody" => !endpoint.has_body(),
            "view" => endpoint.shows(),
            "noview" => !endpoint.shows(),
            "params" => !endpoint.parameters().is_empty(),
            other => return Err(format!("a template has the mark `{other}`, which means nothing")),
        };
        if !holds {
            return Ok(None);
        }
    }
    Ok(Some(rest))
}

fn values(endpoint: &Endpoint, parameters: &[String]) -> Vec<(&'static str, String)> {
    let types: Vec<String> = parameters.iter().map(|name| type_name(&format!("{name}_id"))).collect();
    let extractor = if parameters.len() == PARAMETERS_MAX { "Path2" } else { "Path" };
    let each = |line: &dyn Fn(&String, &String) -> String, between: &str| {
        let lines: Vec<String> = parameters.iter().zip(&types).map(|(name, id)| line(name, id)).collect();
        lines.join(between)
    };
    let documented = |name: &String, _: &String| {
        format!("(\"{name}\" = String, Path, description = \"Id of the {}\")", name.replace('_', " "))
    };
    vec![
        ("command", endpoint.command()),
        ("context", endpoint.context.clone()),
        ("error", endpoint.error()),
        ("id_parameters", each(&|name, id| format!("    _{name}: {id},"), "\n")),
        ("id_types", types.join(", ")),
        ("method", endpoint.method().to_owned()),
        ("method_lower", endpoint.method().to_lowercase()),
        ("noun", endpoint.noun()),
        ("operation_id", endpoint.operation_id()),
        ("path_arguments", each(&|name, _| format!("{name}, "), "")),
        ("path_documentation", each(&documented, ", ")),
        ("path_extractor", extractor.to_owned()),
        (
            "path_pattern",
            format!("{extractor}({}): {extractor}<{}>", parameters.join(", "), types.join(", ")),
        ),
        ("problems", endpoint.problems().to_owned()),
        ("pool", if endpoint.is_staff() { "admin" } else { "storefront" }.to_owned()),
        ("request_url", request_url(endpoint)),
        ("sentence", endpoint.sentence()),
        ("status", endpoint.status().to_string()),
        ("tag", endpoint.tag().to_owned()),
        ("url", endpoint.url()),
        ("use_case", endpoint.use_case()),
        ("use_case_file", endpoint.use_case_file()),
        ("view", endpoint.view()),
    ]
}

/// The address as a test asks for it: each id well formed and of nothing.
fn request_url(endpoint: &Endpoint) -> String {
    endpoint.parameters().iter().fold(endpoint.url(), |url, name| {
        url.replace(&format!("{{{name}}}"), &format!("{name}_00000000000000000000000001"))
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
        assert_eq!(text, "//! Add cart line: `POST /api/carts/{cart}/lines`, 200.\n");
    }

    #[test]
    fn marked_lines_stay_where_all_their_marks_hold() {
        let template = "a\n@body b\n@params@buyer c\n@staff d\n@public e\n";
        assert_eq!(render(template, &endpoint("carts/lines", "add")).unwrap(), "a\nb\nc\n");
        assert_eq!(render(template, &endpoint("carts", "create")).unwrap(), "a\nb\n");
        assert_eq!(render(template, &endpoint("products", "list")).unwrap(), "a\ne\n");
        assert!(render("@wrong x\n", &endpoint("products", "list")).unwrap_err().contains("`wrong`"));
    }

    #[test]
    fn an_address_has_no_more_parameters_than_can_be_taken() {
        let error = render("", &endpoint("carts/lines/notes", "get")).unwrap_err();
        assert!(error.contains("at most 2"), "{error}");
    }

    #[test]
    fn a_name_that_no_endpoint_has_is_an_error() {
        assert!(render("{{nonsense}}", &endpoint("carts", "get")).unwrap_err().contains("`nonsense`"));
    }
}
