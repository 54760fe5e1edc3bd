//! The names of an endpoint: from surface, resource and verb follow its files, types and address.

/// Where an endpoint belongs, and the beginning of its address.
const SURFACES: &[(&str, &str)] =
    &[("store", "/api"), ("admin", "/api/admin"), ("auth", "/api/auth"), ("hooks", "/api/hooks")];

/// Resources whose context is not just their singular.
const CONTEXTS: &[(&str, &str)] = &[
    ("products", "catalog"),
    ("variants", "catalog"),
    ("categories", "catalog"),
    ("collections", "catalog"),
    ("brands", "catalog"),
    ("reviews", "catalog"),
    ("media", "catalog"),
    ("prices", "pricing"),
    ("price_lists", "pricing"),
    ("tax_rates", "tax"),
    ("stock_levels", "inventory"),
    ("stock_locations", "inventory"),
    ("stock_movements", "inventory"),
    ("draft_orders", "order"),
    ("shipping_methods", "fulfillment"),
    ("shipments", "fulfillment"),
    ("returns", "returns"),
    ("account", "customer"),
    ("api_keys", "staff"),
    ("roles", "staff"),
    ("staff", "staff"),
];

/// Resources of the storefront that belong to whoever buys: a guest's secret or a session opens them.
const BUYERS: &[&str] = &["carts", "orders", "payments"];

/// Words that cannot name a module.
const KEYWORDS: &[&str] = &[
    "as", "async", "await", "box", "break", "const", "continue", "crate", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match",
    "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
    "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
    "yield",
];

const NAME_LENGTH_MAX: usize = 40;
const RESOURCE_DEPTH_MAX: usize = 5;

/// An endpoint to be written.
#[derive(Debug)]
pub struct Endpoint {
    /// `store`, `admin`, `auth` or `hooks`.
    pub surface: String,
    /// As in the address: `["carts", "lines"]`, `["stock-levels"]`.
    resource: Vec<String>,
    /// The file of the handler: `add`.
    pub verb: String,
    /// The context of the use case: `cart`.
    pub context: String,
    prefix: &'static str,
}

impl Endpoint {
    /// Checks the names as a person typed them.
    pub fn new(surface: &str, resource: &str, verb: &str, context: Option<&str>) -> Result<Self, String> {
        let Some((_, prefix)) = SURFACES.iter().find(|(name, _)| *name == surface) else {
            return Err(format!("no surface `{surface}`: one of store, admin, auth, hooks"));
        };
        let resource: Vec<String> = resource.trim_matches('/').split('/').map(str::to_owned).collect();
        if resource.len() > RESOURCE_DEPTH_MAX {
            return Err(format!("a resource has at most {RESOURCE_DEPTH_MAX} parts"));
        }
        for part in &resource {
            check_name("resource", &module(part))?;
        }
        check_name("verb", verb)?;
        let first = resource.first().map(|part| module(part)).unwrap_or_default();
        let usual = CONTEXTS.iter().find(|(name, _)| *name == first).map(|(_, context)| *context);
        let context = context.or(usual).map_or_else(|| singular(&first), str::to_owned);
        check_name("context", &context)?;
        Ok(Self { surface: surface.to_owned(), resource, verb: verb.to_owned(), context, prefix })
    }

    /// The folders of the resource: `["stock_levels"]`.
    pub fn resource_modules(&self) -> Vec<String> {
        self.resource.iter().map(|part| module(part)).collect()
    }

    /// `add_line` in the context `cart`, `place` for orders in `order`: the context is not said again.
    pub fn use_case_file(&self) -> String {
        let noun = self.last_noun();
        if noun == self.context { self.verb.clone() } else { format!("{}_{noun}", self.verb) }
    }

    /// The function: `add_cart_line`, `list_products`.
    pub fn use_case(&self) -> String {
        let mut nouns: Vec<String> = self.resource.iter().map(|part| singular(&module(part))).collect();
        if self.is_list() {
            nouns.pop();
            nouns.extend(self.resource.last().map(|part| module(part)));
        }
        format!("{}_{}", self.verb, nouns.join("_"))
    }

    /// What the body says: `CartLineAdd`, `BrandCreate`, `BrandPatch`.
    pub fn command(&self) -> String {
        type_name(&format!("{}_{}", self.noun(), self.verb))
    }

    /// What is answered: `CartLineView`.
    pub fn view(&self) -> String {
        type_name(&format!("{}_view", self.noun()))
    }

    /// Why it cannot be done: `AddCartLineError`.
    pub fn error(&self) -> String {
        type_name(&format!("{}_error", self.use_case()))
    }

    /// For the first line of a file: `Add cart line`.
    pub fn sentence(&self) -> String {
        capitalized(&self.use_case().replace('_', " "))
    }

    /// The operation in the OpenAPI document, unique over all surfaces.
    pub fn operation_id(&self) -> String {
        let use_case = self.use_case();
        match (self.surface.as_str(), use_case.strip_prefix(&self.verb)) {
            ("admin", Some(nouns)) => format!("{}_admin{nouns}", self.verb),
            ("store", _) | (_, None) => use_case,
            (surface, _) => format!("{surface}_{use_case}"),
        }
    }

    /// The group in the OpenAPI document.
    pub fn tag(&self) -> &str {
        self.resource.first().map_or("", String::as_str)
    }

    /// `GET`, `POST`, `PATCH` or `DELETE`; what is no change of a resource is an action.
    pub fn method(&self) -> &'static str {
        match self.verb.as_str() {
            "list" | "get" => "GET",
            "patch" | "update" => "PATCH",
            "delete" | "remove" => "DELETE",
            _ => "POST",
        }
    }

    /// The status of success. What is no change by staff answers with what it shows.
    pub fn status(&self) -> u16 {
        match self.verb.as_str() {
            "create" | "place" if self.is_buyer() => 201,
            _ if self.is_buyer() || !self.is_write() => 200,
            "add" | "create" => 201,
            "delete" | "remove" => 204,
            _ => 200,
        }
    }

    /// Whether staff ask, with a secret key.
    pub fn is_staff(&self) -> bool {
        self.surface == "admin"
    }

    /// Whether a shopper asks for what is theirs, as a guest with its secret or signed in.
    pub fn is_buyer(&self) -> bool {
        self.surface == "store" && BUYERS.contains(&self.tag())
    }

    /// Whether it is a change by staff or by a shopper, which goes through the frame of all of these.
    pub fn is_write(&self) -> bool {
        (self.is_staff() || self.is_buyer()) && self.method() != "GET"
    }

    /// Whether the answer shows something of its own making.
    pub fn shows(&self) -> bool {
        self.has_body() || self.is_buyer() || !self.is_write()
    }

    /// The problems that it may answer with, by their name in `http`.
    pub fn problems(&self) -> &'static str {
        match (self.is_staff(), self.is_write()) {
            (true, true) => "StaffWriteProblems",
            (true, false) => "StaffReadProblems",
            (false, true) => "ShopperWriteProblems",
            (false, false) => "ReadProblems",
        }
    }

    /// The thing that it is about: `cart_line`.
    pub fn noun(&self) -> String {
        self.resource.iter().map(|part| singular(&module(part))).collect::<Vec<_>>().join("_")
    }

    /// The address with its parameters: `/api/carts/{cart}/lines`, `/api/admin/products/{product}/publish`.
    pub fn url(&self) -> String {
        let mut url = self.prefix.to_owned();
        let last = self.resource.len().saturating_sub(1);
        for (index, part) in self.resource.iter().enumerate() {
            url.push('/');
            url += part;
            if index < last || self.is_about_one() {
                url = format!("{url}/{{{}}}", singular(&module(part)));
            }
        }
        if self.is_action() { format!("{url}/{}", self.verb.replace('_', "-")) } else { url }
    }

    /// The parameters in the address, in order.
    pub fn parameters(&self) -> Vec<String> {
        self.url()
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}').map(str::to_owned))
            .collect()
    }

    /// Whether a body comes with the request.
    pub fn has_body(&self) -> bool {
        matches!(self.method(), "POST" | "PATCH")
    }

    fn is_list(&self) -> bool {
        self.verb == "list"
    }

    fn is_action(&self) -> bool {
        !matches!(
            self.verb.as_str(),
            "list" | "get" | "patch" | "update" | "delete" | "remove" | "add" | "create" | "place"
        )
    }

    /// On `auth` and `hooks` an action is on the surface itself, as in `/api/auth/password/forgot`.
    fn is_about_one(&self) -> bool {
        let takes_one = matches!(self.verb.as_str(), "get" | "patch" | "update" | "delete" | "remove")
            || self.is_action();
        takes_one && !matches!(self.surface.as_str(), "auth" | "hooks")
    }

    fn last_noun(&self) -> String {
        let last = self.resource.last().map(|part| module(part)).unwrap_or_default();
        if self.is_list() && singular(&last) != self.context { last } else { singular(&last) }
    }
}

fn module(part: &str) -> String {
    part.replace('-', "_")
}

fn check_name(what: &str, name: &str) -> Result<(), String> {
    let words_fit = name.split('_').all(|word| {
        !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    });
    let begins_with_letter = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    if !(words_fit && begins_with_letter && name.len() <= NAME_LENGTH_MAX) {
        return Err(format!("`{name}` is no {what}: lower-case words, at most {NAME_LENGTH_MAX} letters"));
    }
    if KEYWORDS.contains(&name) || name == "mod" {
        return Err(format!("`{name}` is a word of Rust and cannot name a {what}: choose another"));
    }
    Ok(())
}

/// Good enough for the resources of a shop: `categories`, `addresses`, `taxes`, `lines`, `staff`.
fn singular(noun: &str) -> String {
    if let Some(stem) = noun.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for ending in ["sses", "shes", "xes"] {
        if noun.ends_with(ending) {
            return noun.strip_suffix("es").unwrap_or(noun).to_owned();
        }
    }
    match noun.strip_suffix('s') {
        Some(stem) if !stem.ends_with(['s', 'u']) => stem.to_owned(),
        _ => noun.to_owned(),
    }
}

/// `CartLine` for `cart_line`.
pub fn type_name(words: &str) -> String {
    words.split('_').map(capitalized).collect()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(surface: &str, resource: &str, verb: &str) -> Endpoint {
        Endpoint::new(surface, resource, verb, None).unwrap()
    }

    #[test]
    fn adding_a_line_is_named_as_in_the_architecture() {
        let endpoint = endpoint("store", "carts/lines", "add");
        assert_eq!(endpoint.context, "cart");
        assert_eq!(endpoint.use_case_file(), "add_line");
        assert_eq!(endpoint.use_case(), "add_cart_line");
        assert_eq!(
            (endpoint.command(), endpoint.error()),
            ("CartLineAdd".to_owned(), "AddCartLineError".to_owned())
        );
        assert_eq!((endpoint.method(), endpoint.url().as_str()), ("POST", "/api/carts/{cart}/lines"));
        assert_eq!(endpoint.status(), 200);
    }

    #[test]
    fn reading_changing_and_acting_have_their_addresses() {
        let about = |surface, resource, verb| {
            let endpoint = endpoint(surface, resource, verb);
            format!("{} {} {}", endpoint.method(), endpoint.url(), endpoint.operation_id())
        };
        assert_eq!(about("store", "products", "list"), "GET /api/products list_products");
        assert_eq!(about("store", "products", "get"), "GET /api/products/{product} get_product");
        assert_eq!(
            about("admin", "products", "publish"),
            "POST /api/admin/products/{product}/publish publish_admin_product"
        );
        assert_eq!(
            about("admin", "stock-levels", "patch"),
            "PATCH /api/admin/stock-levels/{stock_level} patch_admin_stock_level"
        );
        assert_eq!(
            about("store", "carts/lines", "remove"),
            "DELETE /api/carts/{cart}/lines/{line} remove_cart_line"
        );
        assert_eq!(about("store", "orders", "place"), "POST /api/orders place_order");
    }

    #[test]
    fn the_context_is_known_guessed_or_given() {
        assert_eq!(endpoint("admin", "products", "publish").context, "catalog");
        assert_eq!(endpoint("admin", "products", "publish").use_case_file(), "publish_product");
        assert_eq!(endpoint("store", "orders", "place").use_case_file(), "place");
        assert_eq!(endpoint("admin", "tax-rates", "create").context, "tax");
        let given = Endpoint::new("admin", "flags", "create", Some("experiment")).unwrap();
        assert_eq!(given.context, "experiment");
    }

    #[test]
    fn singulars_of_a_shop() {
        for (plural, one) in [
            ("categories", "category"),
            ("addresses", "address"),
            ("taxes", "tax"),
            ("lines", "line"),
            ("staff", "staff"),
            ("prices", "price"),
            ("status", "status"),
        ] {
            assert_eq!(singular(plural), one);
        }
    }

    #[test]
    fn names_that_fit_no_file_are_refused() {
        let refused = |surface: &str, resource: &str, verb: &str| {
            Endpoint::new(surface, resource, verb, None).unwrap_err()
        };
        assert!(refused("shop", "carts", "add").contains("no surface `shop`"));
        assert!(refused("store", "../etc", "add").contains("is no resource"));
        assert!(refused("store", "carts//lines", "add").contains("is no resource"));
        assert!(refused("store", "Carts", "add").contains("is no resource"));
        assert!(refused("store", "", "add").contains("is no resource"));
        assert!(refused("store", "a/b/c/d/e/f", "add").contains("at most 5"));
        assert!(refused("store", "carts", "add line").contains("is no verb"));
        assert!(refused("store", "carts", "1add").contains("is no verb"));
        assert!(refused("store", "carts", "move").contains("a word of Rust"));
        assert!(Endpoint::new("store", "carts", "add", Some("Cart")).unwrap_err().contains("is no context"));
    }
}
