// What is typed is kept on this device for everybody, and on the server for members, until it is sent.
const KEPT_DAYS = 180, MOST = 50, PAUSE = 500;
// What is kept of a form; who writes as a guest, a name and an address, is not left on the device.
const TEXTS = ["source", "title", "question_1", "question_2"];
const KEPT = [...TEXTS, "standpoint", "question", "asks_1", "asks_2"];
const PREFIX = "draft:";

// Where a device keeps nothing, everything works and is not remembered.
function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

function remove(name) {
  try {
    localStorage.removeItem(name);
  } catch { /* as above */ }
}

function write(name, draft) {
  try {
    localStorage.setItem(name, JSON.stringify(draft));
    forgetOld();
  } catch { /* as above */ }
}

// [name, draft] of all that is kept here, the latest first.
function all() {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    return names.map((name) => [name, read(name)]).sort(([, one], [, other]) => (other?.at ?? 0) - (one?.at ?? 0));
  } catch {
    return [];
  }
}

function forgetOld() {
  all().forEach(([name, draft], index) => {
    if (index >= MOST || !draft || Date.now() - draft.at > KEPT_DAYS * 86400000) remove(name);
  });
}

// The server says in a cookie which draft it has taken: it is sent, and nobody is offered it again.
export function settle() {
  const [, place, key] = /(?:^|; )sent=([^;~]+)~([^;]+)/.exec(document.cookie) ?? [];
  if (!place) return;
  document.cookie = "sent=; max-age=0; path=/";
  for (const [name, draft] of all()) if (name.endsWith(`:${place}`) && draft?.key === key) remove(name);
}

// A visitor's unfinished reply to a comment on this page, told in one line above the tree.
export function tellUnfinished(tree) {
  forgetOld();
  for (const [name] of all()) {
    const [, id] = /^draft::reply:(\d+)$/.exec(name) ?? [];
    const link = id && document.querySelector(`#c${id} .acts a[href="/c/${id}/reply/"]`);
    if (!link) continue;
    const line = document.createElement("p"), way = document.createElement("a");
    line.className = "unfinished";
    line.textContent = `${tree.dataset.unfinished.replace("%s", document.querySelector(`#c${id} .who`).textContent)} `;
    way.href = `/c/${id}/reply/`;
    way.textContent = tree.dataset.goOn;
    line.append(way);
    tree.before(line);
    return;
  }
}

function fieldsOf(form) {
  const fields = {};
  for (const element of form.elements) {
    if (!KEPT.includes(element.name) || element.type === "hidden") continue;
    if (!["radio", "checkbox"].includes(element.type)) fields[element.name] = element.value;
    else fields[element.name] = element.checked ? element.value : (fields[element.name] ?? "");
  }
  return fields;
}

// `key` is that of a draft: a change goes on from the text that it began with, so that nobody is overwritten unseen.
function fill(form, fields, key) {
  if (key && form.elements.seen) form.elements.seen.value = key;
  for (const element of form.elements) {
    if (element.type === "hidden" || !Object.hasOwn(fields, element.name)) continue;
    if (["radio", "checkbox"].includes(element.type)) element.checked = element.value === fields[element.name];
    else element.value = fields[element.name];
  }
  // what looks at the text looks again; nothing was typed
  form.querySelector("textarea[name=source]").dispatchEvent(new CustomEvent("input"));
}

function plain(text) {
  return (text ?? "").normalize("NFC").trim();
}

function isSame(one, other) {
  return Object.keys({ ...one, ...other }).every((name) => plain(one[name]) === plain(other[name]));
}

// Whether anything was typed; `quoted` is the text if it is only a quote.
function hasWords(fields, quoted = "") {
  return TEXTS.some((name) => plain(fields[name]) && plain(fields[name]) !== plain(quoted));
}

function send(form, address, keepalive = false) {
  const headers = { "HX-Request": "true" };
  return fetch(address, { method: "POST", body: new FormData(form), headers, keepalive, redirect: "manual" });
}

// Keeps what is typed in `form`, and offers what was kept; `tools` are the parts of its template, if it has one.
export function keepDrafts(form, box, tools) {
  const { writing: place, drafts: address, writer = "" } = form.dataset;
  const name = `${PREFIX}${writer}:${place}`;
  let timer, isNew = false, isAhead = false, isUnderWay = false, isSent = false;

  function keepHere() {
    clearTimeout(timer);
    if (!isNew) return;
    isNew = false;
    const fields = fieldsOf(form);
    // of a change, the mark of the text that it goes on from
    const key = (form.elements.seen ?? form.elements.key)?.value ?? "";
    if (hasWords(fields, form.dataset.quoted)) write(name, { at: Date.now(), key, fields });
    else remove(name);
  }

  async function keepThere(keepalive) {
    if (!address || !isAhead || (isUnderWay && !keepalive)) return;
    isAhead = false;
    isUnderWay = true;
    const fields = fieldsOf(form);
    try {
      const isBare = form.dataset.quoted && !hasWords(fields, form.dataset.quoted);
      const answer = await send(form, isBare ? `${address}discard/` : address, keepalive);
      const draft = read(name);
      // so that it is known to have been sent or discarded elsewhere when the server has it no more
      if (answer.status === 204 && draft && isSame(draft.fields, fields)) write(name, { ...draft, isThere: true });
    } catch { /* it is kept here, and the next letter tries again */ }
    isUnderWay = false;
    if (isAhead && !isSent) keepThere();
  }

  function leave() {
    if (!form.isConnected || isSent) return;
    keepHere();
    keepThere(true);
  }

  form.addEventListener("input", (event) => {
    // ours do not bubble: this one was typed
    isNew = isAhead = true;
    isSent = false;
    clearTimeout(timer);
    timer = setTimeout(() => {
      keepHere();
      keepThere();
    }, PAUSE);
  });
  form.addEventListener("submit", () => {
    keepHere();
    isSent = true;
  });
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) leave();
  });
  if (!form.hasAttribute("data-bound") && tools) offer(form, box, tools, name, () => {
    clearTimeout(timer);
    isNew = isAhead = false;
  });
}

// What was begun here before signing in is the member's now.
function fromVisit(name) {
  const place = name.slice(name.indexOf(":", PREFIX.length)), draft = read(`${PREFIX}${place}`);
  if (!draft || name === `${PREFIX}${place}`) return null;
  remove(`${PREFIX}${place}`);
  write(name, draft);
  return draft;
}

// Puts the newer of the drafts from here and from the server into the form, says so, and leads to the other.
function offer(form, box, tools, name, forget) {
  const there = form.querySelector(".draft-note") ?? form.previousElementSibling?.closest(".draft-note");
  const here = tools.querySelector("[data-local]"), toOther = tools.querySelector("[data-other]");
  const address = form.dataset.drafts && `${form.dataset.drafts}discard/`;
  const saved = Date.parse(form.dataset.saved ?? ""), draft = read(name) ?? fromVisit(name), original = fieldsOf(form);
  const seen = form.elements.seen?.value;
  let other = original, isOurs = false;

  function show(note, isShown) {
    if (note) note.hidden = !isShown;
  }

  async function discard(event) {
    forget();
    remove(name);
    // the page's own note is a form and leads on by itself
    if (event.currentTarget.type === "submit") return;
    if (address) await send(form, address).catch(() => {});
    if (!there) {
      fill(form, original, seen);
      here.remove();
      toOther.remove();
      box.focus({ preventScroll: true });
    } else if (form.matches(".reply-form")) htmx.ajax("GET", form.getAttribute("action"), { target: form, swap: "outerHTML" });
    else location.assign(location.href);
  }

  for (const note of [here, there]) note?.querySelector("[data-discard]").addEventListener("click", discard);
  if (!draft || isSame(draft.fields, original)) return;
  if (draft.isThere && !there && address) {
    remove(name);
    return;
  }
  // a question that was just chosen is the newer choice
  if (location.search.includes("q=")) draft.fields.question = original.question;
  const time = document.createElement("time");
  here.querySelector("span").replaceWith(time);
  time.dateTime = new Date(draft.at).toISOString();
  time.textContent = new Date(draft.at).toLocaleString(document.documentElement.lang);
  box.closest(".field").before(here);
  here.dispatchEvent(new CustomEvent("tree:grown", { bubbles: true }));
  const isNewer = isOurs = !there || draft.at > saved;
  if (isNewer) fill(form, draft.fields, draft.key);
  else other = draft.fields;
  show(here, isNewer);
  show(there, !isNewer);
  if (!hasWords(other)) return;
  (isNewer ? here : there.querySelector("p") ?? there).append(" ", toOther);
  toOther.addEventListener("click", () => {
    const shown = fieldsOf(form), isHere = !here.hidden;
    fill(form, other, isOurs ? seen : draft.key);
    isOurs = !isOurs;
    other = shown;
    if (there) {
      show(here, !isHere);
      show(there, isHere);
      (isHere ? there.querySelector("p") ?? there : here).append(" ", toOther);
      toOther.focus();
    }
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
