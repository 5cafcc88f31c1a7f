use super::{Budget, Evaluator, Given, Scope};
use crate::json::Json;
use crate::stand_in;

const TEMPLATE: &str = r#"{
  "parameters": {
    "Name": { "type": "string", "defaultValue": "gw" },
    "port": { "type": "int" },
    "secret": { "type": "secureString" },
    "vault": { "type": "securestring" },
    "maybe": { "type": "string", "nullable": true },
    "derived": { "type": "string", "defaultValue": "[concat(parameters('name'), '-', 'x')]" }
  },
  "variables": {
    "object": { "a": { "B": [10, 20, "[parameters('name')]"] } },
    "self": "[variables('self')]",
    "ping": "[variables('pong')]",
    "pong": "[variables('ping')]",
    "unique": "[concat('gw-', uniqueString(resourceGroup().id))]",
    "double0": "xxxxxxxxxxxxxxxx",
    "copy": [
      { "name": "made", "count": 3, "input": "[concat('n', copyIndex('made', 1))]" },
      { "name": "grid", "count": 2, "input": { "copy": [
        { "name": "row", "count": 2, "input": "[add(mul(copyIndex('grid'), 10), copyIndex())]" }
      ] } }
    ]
  }
}"#;

/// What an expression gives, as JSON, or why it gives nothing.
fn shown(text: &str) -> String {
    shown_with(TEMPLATE, text)
}

fn shown_with(template: &str, text: &str) -> String {
    let template = Json::read(template).unwrap();
    let given = vec![
        ("PORT".to_owned(), Given::Value(Json::Integer(8443))),
        ("vault".to_owned(), Given::KeyVault),
    ];
    let scope = Scope::template(&template, given);
    let budget = Budget::new();
    match Evaluator::new(&scope, &budget).text(text) {
        Ok(value) => stand_in::shown(&value.to_string()),
        Err(error) => error.cause.to_string(),
    }
}

/// Expressions and what they give.
const VALUES: [(&str, &str); 44] = [
    ("plain", r#""plain""#),
    ("[[not one]", r#""[not one]""#),
    ("[null()]", "null"),
    ("[parameters('NAME')]", r#""gw""#),
    ("[parameters('port')]", "8443"),
    ("[parameters('maybe')]", "null"),
    ("[parameters('derived')]", r#""gw-x""#),
    ("[variables('OBJECT').A.b[2]]", r#""gw""#),
    ("[variables('object')['a'].b[sub(2, 1)]]", "20"),
    ("[variables('made')]", r#"["n1","n2","n3"]"#),
    ("[variables('grid')[1].row]", "[10,11]"),
    ("[concat('a', 1, true())]", r#""a1True""#),
    (
        "[concat(createArray(1), createArray('b', 2))]",
        r#"[1,"b",2]"#,
    ),
    ("[format('{0}/{{{1}}}', 'a', 7)]", r#""a/{7}""#),
    ("[toUpper('aB')]", r#""AB""#),
    ("[toLower('aB')]", r#""ab""#),
    ("[if(equals(1, 1), 'yes', unknown())]", r#""yes""#),
    ("[if(not(true()), unknown(), 'no')]", r#""no""#),
    ("[and(true(), or(false(), bool('true')))]", "true"),
    ("[replace('a.b', '.', '-')]", r#""a-b""#),
    ("[split('a,b', ',')[1]]", r#""b""#),
    ("[join(createArray('a', 'b'), '/')]", r#""a/b""#),
    ("[substring('abcdef', 2, 3)]", r#""cde""#),
    ("[first('abc')]", r#""a""#),
    ("[last(createArray(1, 2))]", "2"),
    ("[length(variables('made'))]", "3"),
    ("[empty('')]", "true"),
    ("[tryGet(createObject('a', 1), 'B')]", "null"),
    ("[tryGet(createArray(1, 2), 1)]", "2"),
    ("[take('abc', 2)]", r#""ab""#),
    ("[skip(createArray(1, 2), 1)]", "[2]"),
    ("[contains(createObject('a', 1), 'A')]", "true"),
    ("[coalesce(null(), 'b')]", r#""b""#),
    ("[int('12')]", "12"),
    ("[string(createObject('a', 1))]", r#""{\"a\":1}""#),
    ("[base64ToString(base64('ü'))]", r#""ü""#),
    ("[json('{\"a\": [1]}').a[0]]", "1"),
    (
        "[union(createObject('a', 1, 'b', 2), createObject('A', 3))]",
        r#"{"b":2,"A":3}"#,
    ),
    ("[concat('it''s')]", r#""it's""#),
    (
        "[resourceId('Microsoft.Network/applicationGateways/httpListeners', 'gw', 'l')]",
        r#""/subscriptions/[subscription().subscriptionId]/resourceGroups/[resourceGroup().name]/providers/Microsoft.Network/applicationGateways/gw/httpListeners/l""#,
    ),
    (
        "[resourceId('rg', 'Microsoft.Network/virtualNetworks', 'v')]",
        r#""/subscriptions/[subscription().subscriptionId]/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v""#,
    ),
    (
        "[resourceId('sub', 'rg', 'Microsoft.Network/virtualNetworks', 'v')]",
        r#""/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v""#,
    ),
    (
        "[concat(resourceGroup().location, '!')]",
        r#""[resourceGroup().location]!""#,
    ),
    ("[variables('unique')]", r#""gw-[uniqueString()]""#),
];

#[test]
fn expressions_give_what_resource_manager_documents() {
    for (expression, value) in VALUES {
        assert_eq!(shown(expression), value, "{expression}");
    }
}

/// Expressions and why they give nothing.
const REASONS: [(&str, &str); 22] = [
    (
        "[parameters('secret')]",
        "parameter \"secret\" (securestring) has no value; give one with a parameter file (--parameters)",
    ),
    (
        "[parameters('vault')]",
        "parameter \"vault\" is a reference to a key vault, which an import does not open",
    ),
    ("[parameters('absent')]", "there is no parameter \"absent\""),
    ("[variables('absent')]", "there is no variable \"absent\""),
    ("[variables('object').c]", "there is no property \"c\""),
    ("[variables('object').a.b[3]]", "there is no element 3"),
    (
        "[variables('self')]",
        "it uses others more than 64 levels deep, or itself",
    ),
    (
        "[variables('ping')]",
        "it uses others more than 64 levels deep, or itself",
    ),
    (
        "[reference('x').id]",
        "what reference() gives is known only to a deployment",
    ),
    (
        "[listKeys('x', 'y')]",
        "what listKeys() gives is known only to a deployment",
    ),
    (
        "[newGuid()]",
        "what newGuid() gives is known only to a deployment",
    ),
    (
        "[contoso.name('x')]",
        "contoso.name() is not a function that an import knows",
    ),
    (
        "[equals(resourceGroup().location, 'eastus')]",
        "it depends on \"[resourceGroup().location]\", which only a deployment knows",
    ),
    (
        "[length(variables('unique'))]",
        "it depends on \"gw-[uniqueString()]\", which only a deployment knows",
    ),
    (
        "[concat(createArray(1), 'b')]",
        "concat() takes texts, or arrays",
    ),
    (
        "[format('{0:N}', 1)]",
        "format() takes a text with {0}, {1} and so on, and a value for each",
    ),
    (
        "[format('{1}', 1)]",
        "format() takes a text with {0}, {1} and so on, and a value for each",
    ),
    ("[div(1, 0)]", "div() takes two whole numbers"),
    (
        "[add(9223372036854775807, 1)]",
        "add() takes two whole numbers",
    ),
    (
        "[copyIndex()]",
        "copyIndex() takes the name of a copy that it stands in, and an offset",
    ),
    (
        "[substring('abc', 2, 2)]",
        "substring() takes a text, a start, and an optional length, within the text",
    ),
    ("[if(1, 2, 3)]", "if() takes true or false, and two values"),
];

#[test]
fn what_gives_nothing_says_why() {
    for (expression, why) in REASONS {
        assert_eq!(shown(expression), why, "{expression}");
    }
}

#[test]
fn a_document_cannot_make_an_import_spend_without_end() {
    let mut variables = vec![r#""v0": "xxxxxxxxxxxxxxxx""#.to_owned()];
    for level in 1..60 {
        let before = level - 1;
        variables.push(format!(
            r#""v{level}": "[concat(variables('v{before}'), variables('v{before}'))]""#
        ));
    }
    let template = format!(r#"{{ "variables": {{ {} }} }}"#, variables.join(", "));
    let why = "the document takes more work or memory to evaluate than an import spends";
    assert_eq!(shown_with(&template, "[variables('v30')]"), why);
    let copies = r#"{ "variables": { "copy": [ { "name": "a", "count": 800, "input": { "copy": [
        { "name": "b", "count": 800, "input": { "copy": [ { "name": "c", "count": 800, "input": "x" } ] } }
    ] } } ] } }"#;
    assert_eq!(shown_with(copies, "[variables('a')]"), why);
    let many = r#"{ "variables": { "copy": [ { "name": "a", "count": 801, "input": "x" } ] } }"#;
    assert_eq!(
        shown_with(many, "[variables('a')]"),
        "a copy takes a name, a count of at most 800 and an input"
    );
}

#[test]
fn outside_of_templates_only_calls_are_expressions() {
    let scope = Scope::resource();
    let budget = Budget::new();
    let evaluator = Evaluator::new(&scope, &budget);
    for literal in ["[a-z]", "[0-9]", "['x']", "[[a]", "[(a)]", "[]"] {
        assert_eq!(evaluator.text(literal), Ok(Json::Text(literal.to_owned())));
    }
    assert!(evaluator.text("[parameters('x')]").is_err());
}
