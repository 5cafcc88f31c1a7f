//! `path-maps.json`: a module with loops, whose paths are forwarded, rewritten and redirected.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::backends::{Backends, address};
use crate::client::{Client, To, plain_get};
use crate::document::{at, document, replace, set_backend_port};
use crate::gateway::Gateway;

const GATEWAY: &str = "/resources/0/properties/template/resources/0/properties";

/// The services in the document's order.
const WEB: u8 = 0;
const API: u8 = 1;
const IMAGES: u8 = 2;

/// What every backend answers with beside the request.
const HEADERS: &str = "X-Powered-By: a test\r\nLocation: http://api.internal/made/7?a=b\r\n\
                       Set-Cookie: id=one\r\nSet-Cookie: theme=dark\r\n";

struct Scene {
    _gateway: Gateway,
    plain: u16,
    https: u16,
}

impl Scene {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// With a change of the gateway.
    fn with(change: impl Fn(&mut Value)) -> Self {
        let backends = Backends::start(3, HEADERS);
        let mut sample = document(include_str!("../../../../examples/arm/path-maps.json"));
        for number in [WEB, API, IMAGES] {
            let pointer = format!("/variables/services/{number}/address");
            replace(&mut sample, &pointer, json!(address(number)));
        }
        let gateway = at(&mut sample, GATEWAY);
        set_backend_port(gateway, "/backendHttpSettingsCollection", backends.port);
        change(gateway);
        let (gateway, [plain, https]) = Gateway::start(&sample, None, set_ports);
        Self {
            _gateway: gateway,
            plain,
            https,
        }
    }

    fn site(&self) -> To<'static> {
        To::site(self.https, "www.contoso.com")
    }

    #[track_caller]
    fn get(&self, target: &str) -> Answer {
        Client::anonymous().get(self.site(), target, "")
    }

    #[track_caller]
    fn get_with(&self, target: &str, headers: &str) -> Answer {
        Client::anonymous().get(self.site(), target, headers)
    }
}

fn set_ports(sample: &mut Value, ports: [u16; 2]) {
    for (index, port) in ports.iter().enumerate() {
        let pointer = format!("{GATEWAY}/frontendPorts/{index}/properties/port");
        replace(sample, &pointer, json!(port));
    }
}

#[test]
fn the_first_rule_whose_pattern_matches_has_the_request_and_else_the_default() {
    let scene = Scene::new();
    for (path, backend) in [
        ("/", WEB),
        ("/anything/else", WEB),
        ("/api", WEB),
        ("/newsletter", WEB),
        ("/api/", API),
        ("/api/v1/users", API),
        ("/API/v1/users", API),
        ("/%61pi/v1/users", API),
        ("/rest/items", API),
        ("/images", IMAGES),
        ("/images/logo.png", IMAGES),
        ("/imagesets", IMAGES),
        ("/shop/new", WEB),
    ] {
        assert_eq!(scene.get(path).backend(), address(backend), "{path}");
    }
    let image = scene.get("/images/logo.png?size=2");
    assert_eq!(image.target(), "/v2/logo.png?size=2");
    assert_eq!(scene.get("/a").got("host"), ["app.internal"]);
}

#[test]
fn every_redirect_has_its_status_and_says_where_to() {
    let scene = Scene::new();
    let Scene { plain, https, .. } = scene;
    for (target, status, location) in [
        ("/shop/old/shoes", 302, "https://archive.contoso.com/shop"),
        (
            "/shop/old/?a=b&c",
            302,
            "https://archive.contoso.com/shop?a=b&c",
        ),
        ("/news", 303, "https://news.contoso.com/latest"),
        ("/NEWS?a=b", 303, "https://news.contoso.com/latest"),
        (
            "/files/a?b=c",
            307,
            "https://files.contoso.com/from?source=gateway&b=c",
        ),
        (
            "/legacy/a?b=c",
            301,
            &format!("https://legacy.contoso.com:{https}"),
        ),
    ] {
        let answer = scene.get(target);
        assert_eq!(answer.redirect(), (status, location), "{target}");
        // Rewrites are for what is forwarded.
        assert_eq!(answer.headers("x-backend"), [""; 0]);
    }
    for host in ["www.contoso.com", "www.contoso.com:80"] {
        let answer = plain_get(plain, host, "/a/b?c=d");
        let location = format!("https://www.contoso.com:{https}/a/b?c=d");
        assert_eq!(answer.redirect(), (301, &*location));
    }
}

#[test]
fn a_listener_of_its_own_redirects_all_but_what_the_loop_made_paths_of() {
    let scene = Scene::new();
    let legacy = To::site(scene.https, "legacy.contoso.com");
    let client = Client::anonymous();
    for (path, backend) in [("/web/a", WEB), ("/api/a", API), ("/images/a", IMAGES)] {
        let answer = client.get(legacy, path, "");
        assert_eq!(answer.backend(), address(backend), "{path}");
        assert_eq!(answer.target(), path);
    }
    let answer = client.get(legacy, "/other/a?b=c", "");
    let location = "https://mirror.contoso.com/other/a";
    assert_eq!(answer.redirect(), (302, location));
}

#[test]
fn a_path_is_rewritten_by_what_its_condition_captured() {
    let scene = Scene::new();
    for (target, rewritten) in [
        ("/api/users/7/name?x=y", "/users?rest=7/name"),
        ("/API/users/", "/users?rest="),
        // The condition does not hold.
        ("/api/v1/users?x=y", "/api/v1/users?x=y"),
        ("/rest/users/7?x=y", "/rest/users/7?x=y"),
    ] {
        let answer = scene.get(target);
        assert_eq!(answer.target(), rewritten, "{target}");
        assert_eq!(answer.backend(), address(API));
        let original = format!("x-original-url: {target}\r\n");
        assert!(
            answer
                .asked()
                .to_lowercase()
                .contains(&original.to_lowercase())
        );
    }
}

#[test]
fn a_rewritten_path_goes_round_again_where_the_rule_says_so() {
    let scene = Scene::new();
    let product = scene.get("/products/shoes/42?colour=red");
    assert_eq!(product.backend(), address(API));
    assert_eq!(product.target(), "/rest/product.aspx?category=shoes&id=42");
    assert_eq!(product.got("x-category"), ["shoes"]);
    // The rules of the way that it took at last are for it too.
    assert_eq!(
        product.headers("location"),
        ["https://www.contoso.com/made/7?a=b"]
    );
    // Not asked again, the request stays with the rule that it came to, and its query is cleared.
    let listing = scene.get("/products/?page=2");
    assert_eq!(listing.backend(), address(WEB));
    assert_eq!(listing.target(), "/catalogue");
    assert_eq!(scene.get("/products/a").target(), "/products/a");
}

#[test]
fn headers_of_requests_are_set_and_deleted_as_the_conditions_say() {
    let scene = Scene::new();
    for (target, headers, variant) in [
        ("/rest/a", "X-Stage: Beta\r\n", Some("new-Beta")),
        ("/rest/a?b=c", "X-Stage: canary\r\n", Some("new-canary")),
        ("/rest/a?stable=1", "X-Stage: beta\r\n", None),
        ("/rest/a?b=c&stable=1", "X-Stage: beta\r\n", None),
        ("/rest/a", "X-Stage: betamax\r\n", None),
        ("/rest/a", "", None),
        ("/a", "X-Stage: beta\r\n", None),
    ] {
        let answer = scene.get_with(target, headers);
        let expected: Vec<&str> = variant.into_iter().collect();
        assert_eq!(answer.got("x-variant"), expected, "{target} {headers}");
    }
    let debug = "X-Debug: 1\r\n";
    assert_eq!(scene.get_with("/rest/a", debug).got("x-debug"), [""; 0]);
    assert_eq!(scene.get_with("/a", debug).got("x-debug"), ["1"]);
    let forwarded = scene.get_with("/a", "X-Forwarded-Host: evil\r\n");
    assert_eq!(forwarded.got("x-forwarded-host"), ["www.contoso.com"]);
}

#[test]
fn headers_of_responses_are_changed_by_the_rules_of_their_path_alone() {
    let scene = Scene::new();
    let api = scene.get("/api/users/7");
    assert_eq!(
        api.headers("set-cookie"),
        ["id=one; Secure; HttpOnly", "theme=dark"]
    );
    assert_eq!(
        api.headers("location"),
        ["https://www.contoso.com/made/7?a=b"]
    );
    assert_eq!(api.headers("x-powered-by"), ["a test"]);
    for path in ["/", "/shop/new"] {
        let common = scene.get(path);
        assert_eq!(
            common.headers("set-cookie"),
            ["id=one", "theme=dark; SameSite=Strict"]
        );
        let untouched = "http://api.internal/made/7?a=b";
        assert_eq!(common.headers("location"), [untouched]);
        assert_eq!(common.headers("x-powered-by"), [""; 0]);
    }
    let images = scene.get("/images/a");
    assert_eq!(images.headers("x-powered-by"), ["a test"]);
}

#[test]
fn a_request_that_is_sent_round_for_ever_ends_with_500() {
    let scene = Scene::with(|gateway| {
        let url = "/rewriteRuleSets/2/properties/rewriteRules/0/actionSet/urlConfiguration";
        let path = format!("{url}/modifiedPath");
        replace(gateway, &path, json!("/products/again/{var_uri_path_2}"));
    });
    assert_eq!(scene.get("/products/shoes/42").status(), 500);
    assert_eq!(scene.get("/products/a").status(), 200);
}
