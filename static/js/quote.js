// Words selected in a comment can be quoted in a reply to it: a button below them.
import { enhance, quoteIn } from "./editor.js";
import { blocks, selected as markdownOf } from "./markdown.js";

const PAUSE = 150;
const tree = document.getElementById("tree");
const button = document.createElement("button");
button.type = "button";
button.className = "button quote-button";
button.textContent = tree.dataset.quote;
let timer, writing = null;

// The comment whose words are selected, and the link to its reply; null where there is nothing to quote or to reply to.
function selected() {
  const selection = document.getSelection(), text = selection.toString();
  if (selection.isCollapsed || !text.trim()) return null;
  const range = selection.getRangeAt(0).cloneRange(), begin = range.startContainer;
  const words = (begin.closest ? begin : begin.parentElement).closest(".words");
  if (!words) return null;
  // three clicks select a paragraph with the beginning of what follows
  const said = range.toString().trim();
  if (!words.contains(range.endContainer)) range.setEndAfter(words.lastChild);
  if (range.toString().trim() !== said) return null;
  const comment = words.closest(".comment, .opening");
  if (!comment || comment.matches(".waiting")) return null;
  const link = linkToReply(comment);
  return link && { comment, words, link, range };
}

function linkToReply(comment) {
  const opening = comment.matches(".opening") && document.querySelector('.heading-row a[href$="/reply/"]');
  return opening || comment.querySelector('.acts a[href$="/reply/"]');
}

function place() {
  const found = selected();
  if (!found) {
    button.remove();
    return;
  }
  // next to the words in the order of the keyboard; below them, where no system puts its own menu
  if (button.previousElementSibling !== found.words) found.words.after(button);
  const frame = found.comment.getBoundingClientRect(), lines = found.range.getClientRects();
  const last = lines[lines.length - 1] ?? frame, finger = matchMedia("(pointer: coarse)").matches ? 36 : 6;
  const top = last.bottom - frame.top + finger, end = frame.width - button.offsetWidth;
  // beside the acts rather than on them
  const acts = found.comment.querySelector(":scope > .acts")?.getBoundingClientRect();
  const covers = acts && last.bottom + finger + button.offsetHeight > acts.top;
  button.style.top = `${top}px`;
  button.style.left = `${covers ? end : Math.max(0, Math.min(last.right - frame.left - button.offsetWidth, end))}px`;
}

function look() {
  clearTimeout(timer);
  timer = setTimeout(place, PAUSE);
}

// The form that is being written in; else that of the comment, if it is open.
function openForm(comment) {
  const next = comment.nextElementSibling;
  if (next?.matches("form.reply-form[data-writing]")) {
    next.hidden = false;
    return next;
  }
  return writing?.isConnected && writing.checkVisibility() ? writing : null;
}

document.addEventListener("selectionchange", look);
document.addEventListener("focusin", (event) => {
  writing = event.target.closest("form.reply-form[data-writing]") ?? writing;
});
// the words stay selected
button.addEventListener("pointerdown", (event) => event.preventDefault());
button.addEventListener("click", () => {
  const { comment, words, range } = selected();
  const text = markdownOf(range, words);
  document.getSelection().removeAllRanges();
  button.remove();
  insert(comment, text);
});

// Quotes the whole text of a comment.
export function quoteComment(comment) {
  insert(comment, blocks(comment.querySelector(":scope > .words")));
}

function insert(comment, words) {
  const form = openForm(comment), link = linkToReply(comment);
  const name = comment.querySelector(".who").textContent.replace(/([\\`*_[\]<>~#&!])/g, "\\$1");
  const quote = { words, wrote: tree.dataset.wrote.replace("%s", () => name) };
  const id = /\/c\/(\d+)\//.exec(link.getAttribute("href"))[1];
  if (form) {
    enhance(form);
    quoteIn(form, form.dataset.writing, quote);
    form.querySelector("textarea").scrollIntoView({ block: "nearest" });
    return;
  }
  if (link.hasAttribute("data-hx-get")) quoteIn(null, `reply:${id}`, quote);
  else try {
    sessionStorage.setItem("quote", JSON.stringify({ place: `reply:${id}`, quote }));
  } catch { /* the form opens without it */ }
  link.click();
}
writing = document.querySelector("form.reply-form[data-writing]:focus-within");
look();
