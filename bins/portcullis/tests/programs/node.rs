//! Node.js as the client.

use crate::gateway::Gateway;
use crate::program::{Said, run};
use crate::world::World;

/// Prints the status and the body. The certificate is named on the command line, or none.
const SCRIPT: &str = r#"
const fs = require("fs");
const https = require("https");
const [port, name] = process.argv.slice(2);
const client = name && {
  cert: fs.readFileSync(`${name}.pem`),
  key: fs.readFileSync(`${name}.key`),
};
const options = {
  host: "127.0.0.1",
  port,
  servername: "www.contoso.com",
  headers: { host: `www.contoso.com:${port}` },
  rejectUnauthorized: false,
  agent: false,
  ...client,
};
https.get(options, (response) => {
  console.log(`status ${response.statusCode}`);
  response.pipe(process.stdout);
}).on("error", (error) => {
  console.error(error);
  process.exitCode = 3;
});
"#;

fn node(world: &World, gateway: &Gateway, client: &[&str]) -> Said {
    world.write("client.js", SCRIPT);
    let port = gateway.port.to_string();
    run(
        world.path(),
        "node",
        &[&["client.js", &port], client].concat(),
        b"",
    )
}

#[test]
#[ignore = "needs node"]
fn node_with_cert_and_key_gets_200() {
    let world = World::new();
    let gateway = world.gateway();
    let said = node(&world, &gateway, &["alice"]);
    assert!(said.stdout.starts_with("status 200\n"), "{said:?}");
    assert!(
        said.stdout.contains("x-client-subject: CN=alice"),
        "{said:?}"
    );
}

#[test]
#[ignore = "needs node"]
fn node_without_a_certificate_gets_400_and_why() {
    let world = World::new();
    let gateway = world.gateway();
    let said = node(&world, &gateway, &[]);
    assert!(said.stdout.starts_with("status 400\n"), "{said:?}");
    assert!(
        said.stdout.contains("No required SSL certificate was sent"),
        "{said:?}"
    );
}

#[test]
#[ignore = "needs node"]
fn node_with_a_certificate_of_another_ca_gets_400() {
    let world = World::new();
    let gateway = world.gateway();
    let said = node(&world, &gateway, &["stranger"]);
    assert!(said.stdout.starts_with("status 400\n"), "{said:?}");
    assert!(said.stdout.contains("issuer_not_found"), "{said:?}");
}
