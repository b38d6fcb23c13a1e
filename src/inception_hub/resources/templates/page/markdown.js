// Renders a module's card: the part of Markdown that cards use, as elements whose texts are texts. Nothing in a
// stranger's card becomes markup, and only http and https links lead anywhere.
const INLINE = /`([^`]{1,500})`|\*\*([^*]{1,500})\*\*|\*([^*\s][^*]{0,500})\*|\[([^\]]{1,500})\]\(([^()\s]{1,500})\)/g;
const HEADING = /^(#{1,6}) +(.*)$/;
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}\.) +(.*)$/;
const isRule = (line) => line.includes("-") && /^[ :|-]+$/.test(line); // below a table's head

function made(tag, ...content) {
  const element = document.createElement(tag);
  element.append(...content);
  return element;
}

function inline(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, stressed, label, address] = match;
    parts.push(text.slice(end, match.index));
    end = match.index + whole.length;
    if (code !== undefined) parts.push(made("code", code));
    else if (strong !== undefined) parts.push(made("strong", strong));
    else if (stressed !== undefined) parts.push(made("em", stressed));
    else parts.push(link(label, address));
  }
  parts.push(text.slice(end));
  return parts;
}

function link(label, address) {
  if (!/^https?:\/\//i.test(address)) return label;
  const anchor = made("a", label);
  anchor.href = address;
  anchor.rel = "noreferrer noopener";
  return anchor;
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

function table(lines) {
  const [head, , ...rows] = lines;
  const body = made("tbody", ...rows.map((row) => made("tr", ...cells(row).map((cell) => made("td", ...inline(cell))))));
  const whole = made("table", body);
  if (cells(head).some(Boolean)) {
    whole.prepend(made("thead", made("tr", ...cells(head).map((cell) => made("th", ...inline(cell))))));
  }
  const frame = made("div", whole); // scrolls where the table is wider
  frame.className = "table";
  frame.tabIndex = 0;
  return frame;
}

// The block that begins at `lines[at]`, and where the next begins.
function block(lines, at) {
  const from = (test) => {
    let end = at;
    while (end < lines.length && test(lines[end])) end += 1;
    return end;
  };
  const line = lines[at];
  if (line.startsWith("```")) {
    let end = at + 1;
    while (end < lines.length && !lines[end].startsWith("```")) end += 1;
    const text = made("pre", made("code", lines.slice(at + 1, end).join("\n")));
    text.tabIndex = 0;
    return [text, end + 1];
  }
  const heading = HEADING.exec(line);
  if (heading) return [made(`h${Math.min(6, heading[1].length + 2)}`, ...inline(heading[2])), at + 1];
  if (line.includes("|") && isRule(lines[at + 1] ?? "")) {
    const end = from((each) => each.includes("|"));
    return [table(lines.slice(at, end)), end];
  }
  if (ITEM.test(line)) {
    const end = from((each) => ITEM.test(each));
    const items = lines.slice(at, end).map((each) => made("li", ...inline(ITEM.exec(each)[1])));
    return [made(/^ *\d/.test(line) ? "ol" : "ul", ...items), end];
  }
  let end = at + 1;
  const starts = (each) => HEADING.test(each) || ITEM.test(each) || each.startsWith("```") || each.startsWith("|");
  while (end < lines.length && lines[end].trim() && !starts(lines[end])) end += 1;
  return [made("p", ...inline(lines.slice(at, end).join(" "))), end];
}

export function rendered(text) {
  const lines = text.split(/\r?\n/);
  const whole = document.createDocumentFragment();
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) { at += 1; continue; }
    const [element, next] = block(lines, at);
    whole.append(element);
    at = next;
  }
  return whole;
}
