//! The document, so that a property which it does not name is noticed. An open object is right for a client, which is to
//! bear what later versions add; for a test it would hide what nobody has documented.

use serde_json::Value;

/// Deeper than any schema refers to another without properties between.
const REFERENCES_MAX: usize = 8;

/// The document with every object closed to what it does not name.
pub fn closed(mut document: Value) -> Value {
    let open = document["components"]["schemas"].clone();
    close(&mut document, &open);
    document
}

fn close(node: &mut Value, open: &Value) {
    match node {
        Value::Array(items) => items.iter_mut().for_each(|item| close(item, open)),
        Value::Object(fields) => {
            // An example is no schema, though it may look like one.
            fields.iter_mut().filter(|(name, _)| *name != "example").for_each(|(_, field)| close(field, open));
            if let Some(parts) = node.get_mut("allOf").and_then(Value::as_array_mut) {
                // Each part alone knows only some of the properties: the whole is closed in their place.
                parts.iter_mut().for_each(|part| reopen(part, open));
                node["unevaluatedProperties"] = false.into();
            } else if is_open(node) {
                node["unevaluatedProperties"] = false.into();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_open(node: &Value) -> bool {
    node["type"] == "object" && node["properties"].is_object() && node["additionalProperties"].is_null()
}

/// A part of a whole, itself open; what its properties hold stays closed.
fn reopen(part: &mut Value, open: &Value) {
    for _ in 0..REFERENCES_MAX {
        let Some(name) = part["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) else { break };
        *part = open[name].clone();
        close(part, open);
    }
    if let Some(fields) = part.as_object_mut() {
        fields.remove("unevaluatedProperties");
    }
}
