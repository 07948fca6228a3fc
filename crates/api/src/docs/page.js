"use strict";
// Shows /openapi.json. Texts become text nodes only, so that nothing in the document can act on the page.

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEPTH_MAX = 6;

/** make("a", { href: "#x" }, "text", child, ...) */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.flat(Infinity).filter((child) => child != null));
  return element;
}

function resolve(openapi, node) {
  if (!node?.$ref) return node ?? {};
  return node.$ref.slice(2).split("/").reduce((at, key) => at?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], openapi) ?? {};
}

function nameOf(schema) {
  if (schema?.$ref) return schema.$ref.split("/").pop();
  const variants = schema?.oneOf ?? schema?.anyOf ?? schema?.allOf;
  if (variants) return variants.map(nameOf).join(" | ");
  const types = [schema?.type ?? "any"].flat().map((type) => (type === "array" ? `${nameOf(schema.items)}[]` : type));
  const values = schema?.enum ? `: ${schema.enum.join(", ")}` : "";
  return types.join(" | ") + (schema?.format ? ` (${schema.format})` : "") + values;
}

/** The rows of an object's fields; nested objects unfold on demand. */
function fields(openapi, schema, depth = 0) {
  const found = resolve(openapi, schema);
  const variants = found.oneOf ?? found.anyOf;
  if (found.allOf) return found.allOf.map((part) => fields(openapi, part, depth));
  if (variants) return variants.map((variant) => unfolding(openapi, variant, depth));
  if (found.items) return fields(openapi, found.items, depth);
  if (!found.properties) return [];
  const rows = Object.entries(found.properties).map(([name, property]) =>
    row(name, found.required?.includes(name), nameOf(property), [describe({ ...resolve(openapi, property), ...property }), unfolding(openapi, property, depth)]));
  return [make("table", {}, rows)];
}

function unfolding(openapi, schema, depth) {
  const details = make("details", {}, make("summary", {}, make("code", {}, nameOf(schema))));
  const found = resolve(openapi, schema);
  const inner = found.items ? resolve(openapi, found.items) : found;
  if (depth >= DEPTH_MAX || !(inner.properties || inner.oneOf || inner.anyOf || inner.allOf)) return null;
  details.addEventListener("toggle", () => details.append(make("div", {}, fields(openapi, schema, depth + 1))), { once: true });
  return details;
}

function row(name, required, type, notes) {
  const mark = required ? make("span", { class: "required", title: "required" }, " *") : null;
  return make("tr", {}, make("td", {}, make("code", {}, name), mark), make("td", {}, make("code", {}, type)), make("td", {}, ...notes.filter(Boolean)));
}

function describe(node) {
  const notes = [node.description, node.example !== undefined ? `Example: ${JSON.stringify(node.example)}` : null].filter(Boolean);
  return notes.length ? make("div", { class: "description" }, notes.join("\n")) : null;
}

function content(openapi, node) {
  return Object.entries(node.content ?? {}).map(([type, media]) => [
    make("div", {}, make("code", {}, `${type}  ${nameOf(media.schema)}`)),
    fields(openapi, media.schema),
    media.example ? make("pre", {}, JSON.stringify(media.example, null, 2)) : null,
  ]);
}

function parameters(openapi, list) {
  if (!list.length) return [];
  const rows = list.map((entry) => resolve(openapi, entry)).map((parameter) =>
    row(parameter.name, parameter.required, `${nameOf(parameter.schema)}, ${parameter.in}`, [describe(parameter)]));
  return [make("h4", {}, "Parameters"), make("table", {}, rows)];
}

function responses(openapi, operation) {
  return Object.entries(operation.responses ?? {}).map(([status, entry]) => {
    const response = resolve(openapi, entry);
    return make("details", {}, make("summary", {}, make("code", {}, status), ` ${response.description ?? ""}`), content(openapi, response));
  });
}

function article(openapi, { id, method, path, shared, operation }) {
  const body = resolve(openapi, operation.requestBody);
  return make("article", { id },
    make("h3", {}, make("span", { class: `method ${method}` }, method.toUpperCase()), path),
    operation.summary ? make("p", {}, operation.summary) : null,
    operation.description ? make("p", { class: "description" }, operation.description) : null,
    parameters(openapi, [...shared, ...(operation.parameters ?? [])]),
    body.content ? [make("h4", {}, "Body"), ...content(openapi, body)] : [],
    make("h4", {}, "Answers"), responses(openapi, operation));
}

function operations(openapi) {
  return Object.entries(openapi.paths ?? {}).flatMap(([path, item]) => METHODS.filter((method) => item[method]).map((method) => {
    const operation = item[method];
    return { id: operation.operationId ?? `${method}-${path}`, method, path, shared: item.parameters ?? [], operation, tag: operation.tags?.[0] ?? "other" };
  }));
}

function schemas(openapi) {
  const all = Object.entries(openapi.components?.schemas ?? {});
  return all.map(([name, schema]) => make("article", { id: `schema-${name}` }, make("h3", {}, name), describe(schema), fields(openapi, schema)));
}

function show(openapi) {
  const byTag = new Map();
  for (const entry of operations(openapi)) byTag.set(entry.tag, [...(byTag.get(entry.tag) ?? []), entry]);
  const info = openapi.info ?? {};
  const contents = document.getElementById("contents");
  const reference = document.getElementById("reference");
  reference.replaceChildren(make("h1", {}, `${info.title ?? "HTTP reference"} ${info.version ?? ""}`), make("p", { class: "description" }, info.description ?? ""));
  for (const [tag, entries] of byTag) {
    const link = (entry) => make("a", { href: `#${encodeURIComponent(entry.id)}` }, make("span", { class: `method ${entry.method}` }, entry.method.toUpperCase()), entry.operation.summary ?? entry.path);
    contents.append(make("section", {}, make("h2", {}, tag), entries.map(link)));
    reference.append(make("h2", {}, tag), ...entries.map((entry) => article(openapi, entry)));
  }
  reference.append(make("h2", {}, "Schemas"), ...schemas(openapi));
  document.querySelector("input").addEventListener("input", (event) => filter(contents, event.target.value));
}

function filter(contents, wanted) {
  for (const link of contents.querySelectorAll("a")) link.hidden = !link.textContent.toLowerCase().includes(wanted.toLowerCase());
  for (const section of contents.children) section.hidden = !section.querySelector("a:not([hidden])");
}

fetch("/openapi.json")
  .then((answer) => answer.json())
  .then(show)
  .then(() => location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView())
  .catch((error) => document.getElementById("reference").replaceChildren(`The reference could not be read: ${error.message}`));
