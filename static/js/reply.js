// What is hung into the tree: reply forms, new comments, the rest of a list, and what others wrote meanwhile.
const tree = document.getElementById("tree");

function openFormOf(comment) {
  const next = comment?.nextElementSibling;
  return next?.matches(".reply-form") ? next : null;
}

function focus(element) {
  element.focus({ preventScroll: true });
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
}

// A second "Reply" on the same comment leads to the form that is open already.
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.target.closest(".acts") && !event.target.closest("button") && openFormOf(event.target.closest(".comment"));
  if (!form) return;
  event.preventDefault();
  form.hidden = false;
  focus(form.querySelector("textarea") ?? form);
});

document.addEventListener("htmx:load", (event) => {
  const form = event.detail.elt;
  if (form.matches?.(".helpful")) form.focus({ preventScroll: true });
  if (!form.matches?.(".reply-form")) return;
  focus(form.querySelector(".error-summary, textarea") ?? form);
  if (form.dataset.writing) import("./editor.js").then(({ enhance }) => enhance(form));
});

// What is only there for those who write comes when somebody does: tools, drafts, the button that quotes.
function settleDrafts() {
  if (/(?:^|; )sent=/.test(document.cookie)) import("./drafts.js").then(({ settle }) => settle());
}

function offerQuote() {
  const node = document.getSelection().anchorNode;
  if (!tree || !(node?.closest ? node : node?.parentElement)?.closest(".words")) return;
  document.removeEventListener("selectionchange", offerQuote);
  import("./quote.js");
}

// "Quote" in the menu of a comment. Without scripts it is a link to a form with the quote.
document.addEventListener("click", (event) => {
  const link = tree && event.target.closest('.menu a[href$="?quote=1"]');
  if (!link) return;
  event.preventDefault();
  event.stopPropagation();
  link.closest(".menu").open = false;
  import("./quote.js").then(({ quoteComment }) => quoteComment(link.closest(".comment")));
}, true);

settleDrafts();
document.addEventListener("comment:placed", settleDrafts);
document.addEventListener("selectionchange", offerQuote);
try {
  const isVisitor = tree && !document.querySelector("#acts[method=post]");
  if (isVisitor && Object.keys(localStorage).some((name) => name.startsWith("draft::reply:"))) {
    import("./drafts.js").then(({ tellUnfinished }) => tellUnfinished(tree));
  }
} catch { /* a device that keeps nothing has nothing to tell */ }

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) close(event);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest?.(".reply-form")) close(event);
});

function close(event) {
  const form = event.target.closest("#tree .reply-form");
  if (!form) return;
  event.preventDefault();
  const comment = form.previousElementSibling;
  // what was typed waits behind the same "Reply"
  const text = form.querySelector("textarea")?.value ?? "";
  if (text.trim() && text !== form.dataset.quoted) form.hidden = true;
  else form.remove();
  focus(comment.querySelector(".acts a") ?? comment);
}

// A branch that comes from the server joins the one that is there: its items and its count. What one wrote oneself is
// shown; for what others wrote nothing unfolds.
function join(item, branch, isMine) {
  const old = item.querySelector(":scope > .branch");
  if (!old || old === branch) {
    item.append(branch);
    return;
  }
  const list = old.querySelector(":scope > ol"), fresh = branch.querySelector(":scope > ol");
  if (isMine) old.open = true;
  const more = list.querySelector(":scope > .more:last-child");
  for (const one of [...fresh.children]) more ? more.before(one) : list.append(one);
  old.querySelector("summary").firstChild.replaceWith(branch.querySelector("summary").firstChild);
  branch.remove();
}

// One's own reply: the form has done its work, and the focus is where the eye is.
document.addEventListener("comment:placed", (event) => {
  const comment = document.getElementById(`c${event.detail.id}`);
  if (!comment) return;
  const branch = comment.closest(".branch"), item = branch.parentElement;
  join(item, branch, true);
  event.target.closest?.(".reply-form")?.remove();
  for (let above = item.closest(".branch"); above; above = above.parentElement.closest(".branch")) above.open = true;
  focus(comment);
});

// A branch of which nothing is shown yet loads its replies when it is opened. Without scripts a link in it does.
tree?.addEventListener("toggle", (event) => {
  const branch = event.target;
  if (branch.open && branch.matches(".branch")) branch.querySelector(":scope > ol > .more:only-child > a")?.click();
}, true);

// What was loaded into the page is loaded again when the reader comes back to it or reloads it.
const PLACE = `opened:${location.pathname}${location.search}`;
const opened = [];
document.addEventListener("htmx:afterRequest", (event) => {
  const address = event.detail.successful && event.detail.requestConfig.path;
  if (event.detail.requestConfig?.target?.closest?.(".more")) opened.push(address);
});

async function openAgain() {
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem(PLACE));
  } catch { /* a device that keeps nothing has nothing to open */ }
  const way = performance.getEntriesByType("navigation")[0]?.type;
  if (!kept || !["back_forward", "reload"].includes(way)) return;
  for (const address of kept.opened) {
    const more = tree.querySelector(`.more > a[data-hx-get="${CSS.escape(address)}"]`)?.parentElement;
    const answer = more && await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok) continue;
    const list = more.parentElement, rest = document.createRange().createContextualFragment(await answer.text());
    more.replaceWith(rest);
    list.parentElement.open = true;
    dropDoubles(list);
    htmx.process(list);
    opened.push(address);
  }
  if (opened.length === 0) return;
  tree.dispatchEvent(new CustomEvent("tree:grown", { bubbles: true }));
  scrollTo({ top: kept.y, behavior: "instant" });
}

if (tree) {
  openAgain();
  addEventListener("pagehide", () => {
    try {
      sessionStorage.setItem(PLACE, JSON.stringify({ opened, y: scrollY }));
    } catch { /* as above */ }
  });
}

// A reply that arrived before the rest of its list was loaded is in it once more.
function dropDoubles(list) {
  for (const item of [...list.children].reverse()) {
    if (item.id && document.getElementById(item.id) !== item) document.getElementById(item.id).remove();
  }
}

// "Show 37 more replies" vanishes with the answer: the focus goes to the first of them.
document.addEventListener("htmx:beforeSwap", (event) => {
  const more = event.detail.target.closest?.(".more");
  if (!more) return;
  const before = more.previousElementSibling, list = more.parentElement;
  document.addEventListener("htmx:afterSettle", () => {
    dropDoubles(list);
    const first = before ? before.nextElementSibling : list.firstElementChild;
    first?.querySelector(".comment")?.focus({ preventScroll: true });
  }, { once: true });
});

// What cannot be brought here is fetched the plain way, as a page of its own.
for (const failure of ["htmx:sendError", "htmx:responseError"]) {
  tree?.addEventListener(failure, (event) => {
    const link = event.target.closest(".acts a[href], .more a[href]");
    if (link) location.assign(link.href);
  });
}

// Nothing typed is lost when the line is: the form stays as it is and says so.
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  tree?.addEventListener(failure, (event) => {
    const form = event.target.closest(".reply-form");
    if (!form) return;
    const note = form.querySelector(".lost-line") ?? form.insertBefore(document.createElement("p"), form.lastElementChild);
    note.className = "notice notice-error lost-line";
    note.setAttribute("role", "alert");
    note.textContent = tree.dataset.lostLine;
  });
}

// What others wrote meanwhile is asked for while somebody looks, ever more seldom while nothing moves, and is put in
// place when the reader says so: what is being read does not move.
const SOON = 20_000, LATE = 300_000, PRESENCE = 300_000;
const pill = document.querySelector(".arrived");
let since = tree?.dataset.since, wait = SOON, timer, hereAt = Date.now(), arrived = null;

function askLater() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(ask, wait);
}

async function ask() {
  wait = Math.min(wait * 1.5, LATE);
  const here = Date.now() - hereAt > PRESENCE;
  if (here) hereAt = Date.now();
  try {
    const answer = await fetch(`/arrivals/${tree.dataset.thread}/?since=${since}${here ? "&here=1" : ""}`, {
      headers: { "If-None-Match": `"${since}"` },
    });
    if (answer.status === 200) tell(await answer.text());
  } catch {
    // the line is down: the next turn asks again
  }
  askLater();
}

function tell(html) {
  arrived = new DOMParser().parseFromString(html, "text/html").querySelector(".arrivals");
  if (!arrived.querySelector(".branch")) {
    since = arrived.dataset.since;
    return;
  }
  const button = document.createElement("button");
  button.className = "button";
  button.textContent = arrived.querySelector("p").textContent;
  button.addEventListener("click", place);
  pill.replaceChildren(button);
}

function place() {
  const anchor = [...document.querySelectorAll(".opening, .comment")].find((one) => one.getBoundingClientRect().bottom > 0);
  const top = anchor?.getBoundingClientRect().top;
  // the browser would do the same a moment later, and twice is too far
  document.documentElement.style.overflowAnchor = "none";
  let first = null, elsewhere = null;
  for (const branch of arrived.querySelectorAll(":scope > .branch")) {
    const items = [...branch.querySelectorAll(":scope > ol > li")].filter((item) => !document.getElementById(item.id));
    const comment = items.at(-1)?.querySelector(".comment");
    if (!comment) continue;
    if (!hang(branch, items)) elsewhere ??= comment.id.slice(1);
    else first ??= comment;
  }
  if (anchor) window.scrollBy(0, anchor.getBoundingClientRect().top - top);
  requestAnimationFrame(() => requestAnimationFrame(() => { document.documentElement.style.overflowAnchor = ""; }));
  since = arrived.dataset.since;
  pill.replaceChildren();
  if (elsewhere) {
    const link = document.createElement("a");
    link.href = `/c/${elsewhere}/`;
    link.className = "button";
    link.textContent = pill.dataset.elsewhere;
    pill.append(link);
  }
  const onward = document.querySelector(".walk [data-walk=new]");
  if (onward) onward.hidden = false;
  // who asks for the new replies wants to see them
  for (let above = first?.closest(".branch"); above; above = above.parentElement.closest(".branch")) above.open = true;
  if (first) focus(first);
  else pill.firstElementChild?.focus({ preventScroll: true });
  tree.dispatchEvent(new CustomEvent("tree:grown", { bubbles: true }));
}

function hang(branch, items) {
  const below = branch.dataset.below;
  const parent = document.getElementById(`b${below}`);
  if (parent) {
    const node = document.adoptNode(branch);
    join(parent, node, false);
    htmx.process(parent);
    return true;
  }
  const roots = tree.querySelector(":scope > ol");
  if (below !== tree.dataset.top || !roots) return false;
  // under a tab, only what belongs there
  const { asked } = tree.dataset;
  if (asked && items[0].dataset.run !== (asked === "talk" ? "0" : asked)) return false;
  if (asked) items.shift();
  const runs = roots.querySelectorAll(":scope > .run"), isNewest = tree.dataset.order === "newest";
  // the heading of a run of answers that is there already
  const heading = isNewest ? runs[0] : runs[runs.length - 1];
  if (heading && items[0].dataset.run === heading.dataset.run) items.shift();
  if (isNewest && tree.dataset.isFirst === "yes") items[0].matches(".run") || !heading ? roots.prepend(...items) : heading.after(...items);
  else if (!isNewest && tree.dataset.order === "oldest" && tree.dataset.isEnd === "yes") roots.append(...items);
  else return false;
  htmx.process(roots);
  return true;
}

if (tree && pill) {
  for (const sign of ["pointerdown", "keydown", "scroll"]) {
    document.addEventListener(sign, () => {
      if (wait === SOON) return;
      wait = SOON;
      askLater();
    }, { passive: true });
  }
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
  askLater();
}
