// What a text box gains with scripts: tools and keys, lists that go on, room that grows, a count near the limit, the
// preview beside the text, names after @, and drafts. Without them it is a text box, and everything can be written.
import { keepDrafts, settle } from "./drafts.js";
import { goOn, quote, toggleLines, toggleLink, toggleMark } from "./marks.js";
import { suggestNames } from "./mention.js";

const PAUSE = 600;
const NEAR = 0.9;
const isMac = /Mac|iP(hone|ad|od)/.test(navigator.platform);

const acts = {
  bold: (box) => toggleMark(box, "**"),
  italic: (box) => toggleMark(box, "*"),
  link: toggleLink,
  quote: (box) => toggleLines(box, "> "),
  list: (box) => toggleLines(box, "- "),
};
const keys = { KeyB: "bold", KeyI: "italic", KeyK: "link" };
const shifted = { Period: "quote", Digit8: "list" };

const known = new WeakMap();
const waiting = new Map();

// Calls `act` once, `pause` after the last call.
function later(pause, act) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, pause);
  };
}

// Gives a form of a text all of it, once.
export function enhance(form) {
  const box = form.querySelector("textarea[name=source]");
  if (!box || known.has(form)) return;
  known.set(form, box);
  form.classList.add("is-ready");
  const tools = form.querySelector("template[data-tools]")?.content.cloneNode(true);
  if (tools) {
    toolbar(tools.querySelector(".tools"), box);
    count(tools.querySelector(".letters"), box);
    suggestNames(box, tools, form.querySelector("template[data-tools]").dataset.own);
    preview(form, box);
  }
  keyboard(form, box);
  if (!CSS.supports("field-sizing", "content")) grow(box);
  keepDrafts(form, box, tools);
  const words = waiting.get(form.dataset.writing) ?? takeQuote(form.dataset.writing);
  waiting.delete(form.dataset.writing);
  if (words) insertQuote(form, box, words);
}

// A text of quotes only is not kept as a draft.
function insertQuote(form, box, words) {
  const isBare = !box.value.trim() || box.value === form.dataset.quoted;
  quote(box, words);
  if (isBare) form.dataset.quoted = box.value;
}

// Quotes {words, wrote} in the form of a `place`: in the one that is open, or as soon as it opens.
export function quoteIn(form, place, words) {
  if (form) insertQuote(form, form.querySelector("textarea[name=source]"), words);
  else waiting.set(place, words);
}

// What was quoted on another page, for the form that it led to.
function takeQuote(place) {
  try {
    const kept = JSON.parse(sessionStorage.getItem("quote") ?? "{}");
    if (kept.place !== place) return null;
    sessionStorage.removeItem("quote");
    return kept.quote;
  } catch {
    return null;
  }
}

function toolbar(bar, box) {
  const buttons = [...bar.querySelectorAll("button")];
  bar.setAttribute("aria-controls", box.id);
  buttons.forEach((button, index) => {
    button.tabIndex = index === 0 ? 0 : -1;
    if (isMac) button.title = button.title.replace("Ctrl+", "⌘");
    // a press leaves the focus, and the keyboard of a phone, where they are
    button.addEventListener("pointerdown", (event) => event.preventDefault());
    button.addEventListener("click", () => acts[button.dataset.tool](box));
  });
  bar.addEventListener("keydown", (event) => {
    const onward = getComputedStyle(bar).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const at = buttons.indexOf(document.activeElement), last = buttons.length - 1;
    const steps = { ArrowLeft: -1, ArrowRight: -1, [onward]: 1, Home: -at, End: last - at };
    if (at < 0 || !Object.hasOwn(steps, event.key)) return;
    event.preventDefault();
    const next = buttons[(at + steps[event.key] + buttons.length) % buttons.length];
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  });
  box.before(bar);
}

function keyboard(form, box) {
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || !(isMac ? event.metaKey : event.ctrlKey)) return;
    if (event.key === "Enter") {
      event.preventDefault();
      form.requestSubmit(form.querySelector("button[type=submit]:not([name])"));
      return;
    }
    const act = (event.shiftKey ? shifted : keys)[event.code];
    if (!act) return;
    event.preventDefault();
    acts[act](box);
  });
  // the one sign of a new line that every keyboard gives, also that of a phone
  let isOurs = false;
  box.addEventListener("beforeinput", (event) => {
    if (isOurs || event.inputType !== "insertLineBreak") return;
    isOurs = true;
    if (goOn(box)) event.preventDefault();
    isOurs = false;
  });
}

function grow(box) {
  const fit = () => {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
  };
  box.addEventListener("input", fit);
  fit();
}

// As the server counts: characters, not halves of them, composed, without the space around.
function count(line, box) {
  const most = Number(box.dataset.most);
  const tell = () => {
    const long = box.value.length < most * NEAR ? 0 : [...box.value.normalize("NFC").trim()].length;
    const words = long > most ? line.dataset.over.replace("%n", (long - most).toLocaleString(document.documentElement.lang))
      : line.dataset.left.replace("%n", (most - long).toLocaleString(document.documentElement.lang));
    line.textContent = long < most * NEAR ? "" : words;
    line.classList.toggle("letters-over", long > most);
  };
  box.addEventListener("input", later(PAUSE, tell));
  box.after(line);
  tell();
}

function preview(form, box) {
  const button = form.querySelector("button[name=preview]"), panel = form.querySelector(".preview");
  const shown = panel.querySelector("div");
  let request = null;
  async function refresh() {
    request?.abort();
    request = new AbortController();
    try {
      // unlike a form of htmx, this sends each letter of any script as it is
      const body = new FormData();
      body.set("source", box.value);
      body.set("place", form.dataset.writing);
      const headers = { "HX-Request": "true" };
      const answer = await fetch(form.dataset.preview, { method: "POST", body, headers, signal: request.signal });
      if (![200, 422, 429].includes(answer.status)) throw new Error(String(answer.status));
      shown.innerHTML = await answer.text();
    } catch (fault) {
      if (fault.name !== "AbortError") shown.textContent = shown.dataset.lost;
    }
  }
  panel.id = `${box.id}_preview`;
  button.setAttribute("aria-controls", panel.id);
  button.setAttribute("aria-expanded", String(!panel.hidden));
  button.addEventListener("click", (event) => {
    event.preventDefault();
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) refresh();
  });
  box.addEventListener("input", later(PAUSE, () => {
    if (!panel.hidden) refresh();
  }));
}

settle();
for (const form of document.querySelectorAll("form[data-writing]")) enhance(form);
