// The reader's place: times told as people tell them, branches folded and remembered, ways from comment to comment.
const tree = document.getElementById("tree");

// Times on the page are absolute; on screen they are easier to read as "3 hours ago". The absolute time stays as title.
const steps = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
const language = document.documentElement.lang;
const words = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "long" });
// in the time zone that a member chose, or in that of the device
const exact = new Intl.DateTimeFormat(language, {
  year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  timeZone: document.documentElement.dataset.zone,
});

function relative(moment, now = new Date()) {
  const seconds = (moment - now) / 1000;
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) return words.format(Math.round(seconds / length), unit);
  }
  return words.format(0, "second");
}

function tellTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title ||= exact.format(moment);
    const told = relative(moment);
    if (time.textContent !== told) time.textContent = told;
  }
}

// A message stays in sight until the reader has gone on by a screen.
const told = document.querySelector("main > [role=status]:has(.notices)");
let begun = null;
function leaveMessage() {
  begun ??= scrollY;
  if (Math.abs(scrollY - begun) < innerHeight) return;
  told.classList.add("seen");
  removeEventListener("scroll", leaveMessage);
}
// the page's own jump to a comment is over by then
if (told) addEventListener("load", () => setTimeout(() => addEventListener("scroll", leaveMessage, { passive: true }), 300));

tellTimes(document);
document.addEventListener("htmx:load", (event) => tellTimes(event.detail.elt));
document.addEventListener("tree:grown", (event) => tellTimes(event.target));
setInterval(() => tellTimes(document), 60000);

// Whoever signs in from a page comes back to the comment they were reading.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href*="/account/"][href*="next="]');
  const comment = tree && link?.closest(".masthead") && current();
  if (comment && window.scrollY > 200) link.href = link.href.replace(/(%23.*)?$/, encodeURIComponent(`#${comment.id}`));
});

// Another look needs no other page: whoever chooses one stays where they are.
document.querySelector('form.look[action$="/look/"]')?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const chosen = event.submitter.value, body = new FormData(event.target, event.submitter);
  await fetch(event.target.action, { method: "POST", body, redirect: "manual" });
  document.querySelector('meta[name="color-scheme"]').content = chosen || "light dark";
  for (const button of event.target.querySelectorAll("button")) button.setAttribute("aria-pressed", button === event.submitter);
});

// Folded branches: members' are kept with their account, visitors' on this device; ids only, forgotten after a while.
const KEPT_DAYS = 90, MOST = 200;
// only a member's page has a form that sends
const form = document.querySelector("#acts[method=post]");

// Where a device keeps nothing, everything works and is not remembered.
function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch { /* as above */ }
}

// Pairs of an id and when it was folded, the latest last.
function folds() {
  const kept = JSON.parse(recall("folds") ?? "[]");
  return kept.filter(([, at]) => Date.now() - at < KEPT_DAYS * 86400000).slice(-MOST);
}

function remember(id, folded) {
  if (form) {
    const body = new FormData(form);
    body.set("folded", folded ? "1" : "0");
    fetch(`/c/${id}/fold/`, { method: "POST", body, keepalive: true });
    return;
  }
  const others = folds().filter(([other]) => other !== id);
  keep("folds", JSON.stringify(folded ? [...others, [id, Date.now()]] : others));
}

function branchOf(id) {
  return document.querySelector(`#b${id} > .branch`);
}

// The opening post: closed for visitors who come back after they read it to its end. Members' pages know it already.
const post = document.querySelector(".post");
// a link that leads to the post opens it
if (post && location.hash === `#${post.closest(".opening").id}`) post.open = true;
if (post && !form) {
  const name = `read:${tree?.dataset.thread}`;
  if (recall(name) && !location.hash) {
    post.dataset.read = "";
    post.open = false;
  }
  let isSeen = false;
  new IntersectionObserver(([end]) => { isSeen ||= end.isIntersecting && post.open; }).observe(post.nextElementSibling);
  addEventListener("pagehide", () => { if (isSeen) keep(name, "1"); });
}

// The menu of a comment: one is open at a time; Escape and a press outside close it. Scripts add "Copy link".
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.(".menu[open]")) return;
  for (const other of document.querySelectorAll(".menu[open]")) if (other !== menu) other.open = false;
  const list = menu.querySelector("div");
  list.scrollIntoView({ block: "nearest" });
  // browsers have no clipboard on pages without HTTPS
  if (!tree || !navigator.clipboard || list.querySelector("button")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = tree.dataset.copy;
  button.ariaLive = "polite";
  button.addEventListener("click", async () => {
    const id = menu.closest(".comment").id.slice(1);
    try {
      await navigator.clipboard.writeText(new URL(`/c/${id}/`, location.href).href);
    } catch {
      return location.assign(`/c/${id}/`);
    }
    button.textContent = tree.dataset.copied;
    setTimeout(() => { button.textContent = tree.dataset.copy; }, 2000);
  });
  list.prepend(button);
}, true);
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]")) {
    if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.(".menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

tree?.addEventListener("click", (event) => {
  const summary = event.target.closest(".branch > summary");
  if (summary) remember(summary.closest("li").id.slice(1), summary.parentElement.open);
});
if (tree && !form) {
  const target = document.getElementById(location.hash.slice(1));
  for (const [id] of folds()) {
    const branch = branchOf(id);
    // a link that leads into a branch opens it
    if (branch && !branch.contains(target)) branch.removeAttribute("open");
  }
}

// Milliseconds after a wheel, a finger or a key within which a scroll is taken for the reader's own.
const HAND = 1000;

// Ways through the comments: by key, by the buttons at the edge, by the sheet of keys.
const keys = { j: "next", k: "previous", p: "parent", b: "branch", n: "new", m: "earlier", c: "fold", r: "reply", q: "quote", "?": "help" };
const sheet = document.getElementById("keys");
const switchOfKeys = document.getElementById("keys-on");

function comments() {
  return [...document.querySelectorAll(".opening, .comment-top, #tree .comment")].filter((one) => one.checkVisibility());
}

function current() {
  const focused = document.activeElement?.closest(".comment, .opening");
  return focused ?? comments().find((one) => one.getBoundingClientRect().bottom > 96) ?? null;
}

function go(comment) {
  if (!comment) return;
  comment.focus({ preventScroll: true });
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  comment.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
}

function isNew(comment) {
  return comment.querySelector(":scope > .byline .tag-new") !== null;
}

// The comment that this one replies to, or the opening post.
function parentOf(comment) {
  return comment?.closest("li")?.parentElement.closest("li")?.querySelector(":scope > .comment") ?? comments()[0];
}

// Without the focus in a comment the first step leads to the one at the top of the screen, not past it.
function walk(direction, wanted = () => true) {
  const all = comments(), here = current();
  const at = all.indexOf(here);
  if (direction > 0 && here && !here.contains(document.activeElement) && wanted(here)) return here;
  const onward = direction > 0 ? all.slice(at + 1) : all.slice(0, Math.max(at, 0)).reverse();
  return onward.find(wanted);
}

function toNew(direction) {
  const found = walk(direction, isNew);
  if (found) return go(found);
  const all = comments().filter(isNew);
  const link = (direction > 0 ? all.at(-1) : all[0])?.querySelector(`.to-new[rel=${direction > 0 ? "next" : "prev"}]`);
  if (link && !link.hash) location.assign(link.href);
  // none on this page: the first is where the line at the top says
  if (all.length === 0) document.querySelector(".new-since a")?.click();
}

const ways = {
  next: () => go(walk(1)),
  previous: () => go(walk(-1)),
  parent: () => go(parentOf(current())),
  branch: () => go(walk(1, (one) => one.closest("ol")?.parentElement === tree)),
  new: () => toNew(1),
  earlier: () => toNew(-1),
  fold: () => branchOf(current()?.id.slice(1))?.querySelector("summary").click(),
  reply: () => (current()?.querySelector('.acts > a[href$="/reply/"]') ?? document.querySelector('.heading-row a[href$="/reply/"]'))?.click(),
  quote: () => document.querySelector(".quote-button")?.click(),
  help: () => sheet.showModal(),
};

function take(way) {
  // closing gives the focus back to where the reader was
  if (sheet.open) sheet.close();
  ways[way]();
}

if (tree) {
  // a page without comments has nothing to move through
  const bar = document.querySelector(".walk") ?? document.createElement("nav");
  bar.hidden = false;
  // The bar leaves while the reader scrolls down by hand, and comes back with the first step up or with a jump.
  let last = scrollY, byHand = -HAND;
  for (const sign of ["wheel", "touchmove", "keydown"]) addEventListener(sign, () => { byHand = performance.now(); }, { passive: true });
  addEventListener("scroll", () => {
    if (Math.abs(scrollY - last) < 8) return;
    const isDown = scrollY > last && performance.now() - byHand < HAND;
    bar.classList.toggle("away", isDown && bar.getBoundingClientRect().top <= 0);
    last = scrollY;
  }, { passive: true });
  const onward = bar.querySelector("[data-walk=new]");
  if (onward) onward.hidden = !document.querySelector(".new-since, .tag-new");
  switchOfKeys.checked = recall("keys") !== "off";
  switchOfKeys.addEventListener("change", () => keep("keys", switchOfKeys.checked ? "on" : "off"));
  let before = null;
  document.addEventListener("pointerdown", () => { before = current(); }, true);
  document.addEventListener("click", (event) => {
    const way = event.target.closest("[data-walk]")?.dataset.walk;
    if (!way) return;
    // a press takes the focus to the button; the step starts where the reader was
    if (!sheet.open) before?.focus({ preventScroll: true });
    take(way);
  });
  document.addEventListener("keydown", (event) => {
    const writes = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "?" && sheet.open) return sheet.close();
    if (writes || event.ctrlKey || event.metaKey || event.altKey || !switchOfKeys.checked || sheet.open) return;
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    take(keys[event.key]);
  });
}
