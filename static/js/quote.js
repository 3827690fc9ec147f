// Words selected in a comment can be quoted in a reply to it: a button below them.
import { enhance, quoteIn } from "./editor.js";

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
  const opening = comment.matches(".opening") && document.querySelector('.heading-row a[href$="/reply/"]');
  const link = opening || comment.querySelector('.acts a[href$="/reply/"]');
  return link && { comment, words, link, range, text };
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
  const { comment, link, text } = selected();
  const form = openForm(comment), id = /\/c\/(\d+)\//.exec(link.getAttribute("href"))[1];
  document.getSelection().removeAllRanges();
  button.remove();
  if (form) {
    enhance(form);
    quoteIn(form, form.dataset.writing, text);
    form.querySelector("textarea").scrollIntoView({ block: "nearest" });
    return;
  }
  if (link.hasAttribute("data-hx-get")) quoteIn(null, `reply:${id}`, text);
  else try {
    sessionStorage.setItem("quote", JSON.stringify({ place: `reply:${id}`, words: text }));
  } catch { /* the form opens without it */ }
  link.click();
});
writing = document.querySelector("form.reply-form[data-writing]:focus-within");
look();
