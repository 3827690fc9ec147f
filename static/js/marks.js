// Changes of a text box that the browser can undo: marks around what is selected, or at the beginnings of its lines.

// What may stand before the words of a line: signs of quotes and lists.
const BEGINNING = /^[ \t]*(?:(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))[ \t]*)*/;
const ITEM = /^([ \t]*(?:>[ \t]?)*)(?:[-*+][ \t]+|(\d{1,9})([.)][ \t]+))?/;
const LINK = /^\[([^\]\n]*)\]\([^)\s]*\)$/;
const ADDRESS = /^https?:\/\/\S+$/;

// Puts `text` where `start` to `end` is and selects it from `from` to `to`, both counted within it.
export function put(box, start, end, text, from = text.length, to = from) {
  const before = box.value, wanted = before.slice(0, start) + text + before.slice(end);
  box.focus({ preventScroll: true });
  box.setSelectionRange(start, end);
  // the one way that Ctrl+Z knows
  if (wanted !== before) document.execCommand(text ? "insertText" : "delete", false, text);
  if (box.value !== wanted) {
    box.value = wanted;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
  box.setSelectionRange(start + from, start + to);
}

function isLetter(char) {
  return /[\p{L}\p{N}'’-]/u.test(char ?? "");
}

// Does it wear the mark: of "***both***" the outer two are bold and the inner one is italic.
function wears(text, mark) {
  const run = Math.min(/^\**/.exec(text)[0].length, /\**$/.exec(text)[0].length);
  return text.length > 2 * run && (mark.length === 2 ? run >= 2 : run % 2 === 1);
}

// Marks the words that are selected, or the one at the caret, line by line; takes the mark off where all wear it.
export function toggleMark(box, mark) {
  let { selectionStart: start, selectionEnd: end } = box;
  const text = box.value;
  if (start === end) {
    while (isLetter(text[start - 1])) start -= 1;
    while (isLetter(text[end])) end += 1;
  }
  while (text[start - 1] === "*" && text[end] === "*") [start, end] = [start - 1, end + 1];
  const selected = text.slice(start, end);
  if (selected === mark + mark) return put(box, start, end, "");
  if (/^\**$/.test(selected)) return put(box, box.selectionStart, box.selectionEnd, mark + mark, mark.length);
  const lines = selected.split("\n").map((line, index) => {
    const begins = index > 0 || start === 0 || text[start - 1] === "\n";
    const head = begins ? BEGINNING.exec(line)[0] : /^\s*/.exec(line)[0];
    const words = line.slice(head.length).trimEnd();
    return [head, words, line.slice(head.length + words.length)];
  });
  const marked = lines.filter(([, words]) => words);
  const off = marked.every(([, words]) => wears(words, mark));
  const change = (words) => (off ? words.slice(mark.length, -mark.length) : mark + words + mark);
  const changed = lines.map(([head, words, tail]) => head + (words && change(words)) + tail).join("\n");
  put(box, start, end, changed, 0, changed.length);
}

// What is selected becomes the words of a link, or its address; a link becomes its words again.
export function toggleLink(box) {
  const { selectionStart: start, selectionEnd: end } = box;
  const selected = box.value.slice(start, end), link = LINK.exec(selected);
  if (link) put(box, start, end, link[1], 0, link[1].length);
  else if (ADDRESS.test(selected)) put(box, start, end, `[](${selected})`, 1);
  else put(box, start, end, `[${selected}](https://)`, ...(selected ? [selected.length + 3, selected.length + 11] : [1]));
}

// Every line that the selection touches begins with `mark`, or none does where all did.
export function toggleLines(box, mark) {
  const { value, selectionStart, selectionEnd } = box;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  // a selection that ends at the beginning of a line does not touch it
  const last = selectionEnd > selectionStart && value[selectionEnd - 1] === "\n" ? selectionEnd - 1 : selectionEnd;
  const found = value.indexOf("\n", last), end = found < 0 ? value.length : found;
  const lines = value.slice(start, end).split("\n"), worn = mark === "> " ? /^> ?/ : /^[-*+] /;
  const filled = lines.filter((line) => line.trim());
  const off = filled.length > 0 && filled.every((line) => worn.test(line));
  const change = (line) => {
    if (off) return line.replace(worn, "");
    return line.trim() || lines.length === 1 ? mark + line : (mark === "> " ? ">" : line);
  };
  const changed = lines.map(change).join("\n");
  const one = selectionStart === selectionEnd && lines.length === 1;
  const caret = Math.max(0, selectionStart - start + changed.length - lines[0].length);
  put(box, start, end, changed, ...(one ? [caret] : [0, changed.length]));
}

// A new line in a list or a quote goes on with it; on an item without words it ends it. True where that was done.
export function goOn(box) {
  const { value, selectionStart: at, selectionEnd } = box;
  const start = value.lastIndexOf("\n", at - 1) + 1;
  const found = value.indexOf("\n", at), end = found < 0 ? value.length : found;
  const [head, quotes, number, after] = ITEM.exec(value.slice(start, at));
  if (at !== selectionEnd || !head.trim()) return false;
  // the empty line keeps what follows from being read as part of it
  if (value.slice(start, end).trim() === head.trim()) put(box, start, end, start > 0 ? "\n" : "");
  else put(box, at, at, `\n${number ? quotes + (Number(number) + 1) + after : head}`);
  return true;
}

// Puts somebody's words, which are Markdown, at the caret as a quote after a line that names them, with room to answer
// below.
export function quote(box, { words, wrote }) {
  const { value, selectionStart: at } = box;
  const lines = words.split("\n").map((line) => (line ? `> ${line}` : ">"));
  const before = value.slice(0, at).trimEnd(), from = before.length;
  put(box, from, at, `${before ? "\n\n" : ""}${wrote}\n\n${lines.join("\n")}\n\n`);
}
