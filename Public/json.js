// JSON as text.

/** Lays valid JSON out anew, or on one line without `indent`. Numbers keep every digit, as they are never read. */
export function layOut(json, indent = "") {
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  const lineBreak = (depth) => (indent ? `\n${indent.repeat(depth)}` : "");
  const out = [];
  let depth = 0;
  for (const token of tokens) {
    if (token === "{" || token === "[") out.push(token, lineBreak(++depth));
    else if (token === "}" || token === "]") out.push(lineBreak(--depth), token);
    else if (token === ",") out.push(token, lineBreak(depth));
    else if (token === ":") out.push(indent ? ": " : ":");
    else if (token.startsWith("{") || token.startsWith("[")) out.push(token[0], token.at(-1));
    else out.push(token);
  }
  return out.join("");
}

export function isJSON(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with the text of the editor, or nothing. */
export function problemOf(text) {
  if (!text.trim()) return "The request is empty. Write {} for one without fields.";
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return `This is no JSON yet: ${error.message}`;
  }
}
