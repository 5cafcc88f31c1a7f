//! `https.get` of Node.js.

use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::credentials::Credentials;
use crate::gateway::Site;
use crate::program::{Ended, run};

const SCRIPT: &str = "
const { readFileSync } = require('node:fs');
const { get } = require('node:https');
const options = JSON.parse(process.argv[1]);
for (const name of ['cert', 'key', 'pfx', 'ca'])
  if (options[name]) options[name] = readFileSync(options[name]);
const request = get(options, response => {
  let body = '';
  response.setEncoding('utf8');
  response.on('data', text => body += text);
  response.on('end', () => {
    const { statusCode, httpVersion, headers } = response;
    console.log(JSON.stringify({ statusCode, httpVersion, headers, body }));
  });
});
request.on('error', error => {
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
});
";

/// One `https.get`.
pub(crate) struct Node {
    options: Map<String, Value>,
}

impl Node {
    /// A request to a site whose certificate is not judged.
    pub(crate) fn to(site: &Site) -> Self {
        let node = Self {
            options: Map::new(),
        };
        node.set("host", site.address.ip().to_string())
            .set("port", site.address.port())
            .set("servername", site.host)
            .set("headers", json!({ "Host": site.host }))
            .set("agent", false)
            .set("rejectUnauthorized", false)
    }

    /// A request to a site whose certificate must prove itself.
    pub(crate) fn proving(site: &Site) -> Self {
        Self::to(site)
            .set("ca", path(&site.root))
            .set("rejectUnauthorized", true)
    }

    /// Presents a certificate with those of its issuers.
    pub(crate) fn present(self, credentials: &Credentials) -> Self {
        self.set("cert", path(&credentials.chain))
            .set("key", path(&credentials.key))
    }

    /// Presents what is in a PFX.
    pub(crate) fn present_pfx(self, pfx: &Path, password: &str) -> Self {
        self.set("pfx", path(pfx)).set("passphrase", password)
    }

    /// Prefers JSON to a page.
    pub(crate) fn accept_json(mut self) -> Self {
        self.options["headers"]["Accept"] = json!("application/json");
        self
    }

    /// Asks for another host than the one it connected to.
    pub(crate) fn host_header(mut self, host: &str) -> Self {
        self.options["headers"]["Host"] = json!(host);
        self
    }

    /// What is answered to a GET of `/`.
    #[track_caller]
    pub(crate) fn get(self) -> Answer {
        let answer: Value = serde_json::from_str(&self.end().succeeded()).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Answer {
            status: answer["statusCode"].as_u64().unwrap().try_into().unwrap(),
            version: text(&answer["httpVersion"]),
            content_type: text(&answer["headers"]["content-type"]),
            body: text(&answer["body"]),
        }
    }

    /// How the script ends, whether well or not.
    pub(crate) fn end(self) -> Ended {
        let options = Value::from(self.options).to_string();
        let mut command = Command::new("node");
        command.args(["-e", SCRIPT, &options]);
        run(command.env_remove("NODE_OPTIONS"))
    }

    fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.options.insert(name.to_owned(), value.into());
        self
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
