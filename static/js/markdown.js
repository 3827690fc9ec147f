// What stands on the page as Markdown, for quotes: paragraphs, lists with their numbers, quotes in quotes, and marks.

const MARKS = { STRONG: "**", EM: "*", DEL: "~~" };

// Code between more ticks than it has in a row.
function fenced(code) {
  const most = Math.max(0, ...(code.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = "`".repeat(most + 1), room = most ? " " : "";
  return fence + room + code + room + fence;
}

// Lines of text, with `first` before the first and `others` before the rest.
function prefixed(text, first, others = first) {
  return text.split("\n").map((line, index) => ((index ? others : first) + line).trimEnd()).join("\n");
}

// Signs that Markdown would read as its own, as typed; inside words and numbers * and _ are letters like others.
function escaped(text) {
  return text.replace(/[\\`[\]<]|~~|(?<![\p{L}\p{N}])[*_]|[*_](?![\p{L}\p{N}])/gu, "\\$&");
}

// A line that would begin a list, a quote or a heading begins with a backslash.
function plainLine(line) {
  return line.replace(/^(\d{1,9})([.)])(?=\s|$)/, "$1\\$2").replace(/^([>#]|[-+](?=\s|$))/, "\\$1");
}

function inline(node) {
  if (node.nodeType === Node.TEXT_NODE) return escaped(node.data.replace(/\s+/g, " "));
  if (node.nodeType !== Node.ELEMENT_NODE) return "";
  if (node.tagName === "BR") return "\n";
  if (node.tagName === "CODE") return fenced(node.textContent);
  const words = [...node.childNodes].map(inline).join("");
  if (node.tagName === "A" && !node.getAttribute("href").startsWith("#")) {
    return words.trim() === node.getAttribute("href") ? words : `[${words}](${node.getAttribute("href")})`;
  }
  const mark = words.trim() && MARKS[node.tagName];
  return mark ? words.replace(/^(\s*)(.*?)(\s*)$/s, `$1${mark}$2${mark}$3`) : words;
}

function list(node) {
  let number = Number(node.getAttribute("start") ?? 1);
  return [...node.children].map((item) => {
    if (item.hasAttribute("value")) number = Number(item.getAttribute("value"));
    const mark = node.tagName === "OL" ? `${number++}. ` : "- ";
    const gap = item.querySelector(":scope > p") ? "\n\n" : "\n";
    return prefixed(blocks(item, gap), mark, " ".repeat(mark.length));
  }).join("\n");
}

// The Markdown of what is in `node`: blocks, with `gap` between them.
export function blocks(node, gap = "\n\n") {
  const parts = [];
  let run = "";
  const close = () => {
    if (run.trim()) parts.push(run.trim().split("\n").map((line) => plainLine(line.trim())).join("\n"));
    run = "";
  };
  for (const child of node.childNodes) {
    const tag = child.tagName;
    if (["P", "DIV"].includes(tag) || /^H\d$/.test(tag)) { close(); parts.push(blocks(child)); }
    else if (tag === "BLOCKQUOTE") { close(); parts.push(prefixed(blocks(child), "> ")); }
    else if (["UL", "OL"].includes(tag)) { close(); parts.push(list(child)); }
    else if (tag === "PRE") { close(); parts.push(prefixed(child.textContent.trimEnd(), "    ")); }
    else if (tag === "TABLE") { close(); parts.push(child.innerText.trim()); }
    else run += inline(child);
  }
  close();
  return parts.filter(Boolean).join(gap);
}

// The Markdown of the part of `words` that `range` selects, within the quotes and lists that are around it.
export function selected(range, words) {
  let part = range.cloneContents();
  for (let around = range.commonAncestorContainer; around !== words; around = around.parentNode) {
    if (around.nodeType !== Node.ELEMENT_NODE) continue;
    const copy = around.cloneNode(false);
    // the number of the item in which the selection begins
    if (around.tagName === "OL") {
      const item = [...around.children].findIndex((one) => one.contains(range.startContainer));
      if (item > 0) copy.setAttribute("start", Number(around.getAttribute("start") ?? 1) + item);
    }
    if (around.tagName === "LI" && around.parentNode.tagName === "OL" && !around.hasAttribute("value")) {
      copy.setAttribute("value", Number(around.parentNode.getAttribute("start") ?? 1) + [...around.parentNode.children].indexOf(around));
    }
    copy.append(part);
    part = copy;
  }
  const box = document.createElement("div");
  box.append(part);
  return blocks(box);
}
