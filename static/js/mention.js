// Names after @: those on this page, in a list below the box that is walked by key and chosen by key or by touch.
import { put } from "./marks.js";

const MOST = 6;
const ASKED = /(?:^|[\s(>"“])@(\p{L}[^\n@]{0,40})$/u;

function names(own) {
  const shown = [...document.querySelectorAll(".who")].map((who) => who.textContent.trim());
  const told = [...document.querySelectorAll("[data-name]")].map((one) => one.dataset.name);
  return [...new Set([...told, ...shown])].filter((name) => name && name !== own);
}

// A name is asked for by its beginning, or by that of one of its words.
function asks(name, asked) {
  const low = name.toLocaleLowerCase(), wanted = asked.toLocaleLowerCase();
  return low.startsWith(wanted) || low.split(/\s+/).some((word) => word.startsWith(wanted));
}

// Suggests names in `box`; `tools` holds the list, and a line that tells how many there are.
export function suggestNames(box, tools, own) {
  const list = tools.querySelector(".names"), told = tools.querySelector(".names-told");
  let from = -1, chosen = 0;
  list.id = `${box.id}_names`;
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.after(list, told);

  function close() {
    if (list.hidden) return;
    list.hidden = true;
    list.replaceChildren();
    told.textContent = "";
    box.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    chosen = (index + list.children.length) % list.children.length;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    box.setAttribute("aria-activedescendant", list.children[chosen].id);
  }

  function take(option) {
    put(box, from, box.selectionEnd, `@${option.textContent} `);
    close();
  }

  function look() {
    const at = box.selectionStart, isHere = document.activeElement === box && at === box.selectionEnd;
    const asked = isHere && ASKED.exec(box.value.slice(Math.max(0, at - 60), at));
    const found = asked ? names(own).filter((name) => asks(name, asked[1])).slice(0, MOST) : [];
    if (found.length === 0) return close();
    from = at - asked[1].length - 1;
    const isNew = list.hidden || found.length !== list.children.length;
    list.replaceChildren(...found.map((name, index) => {
      const option = document.createElement("li");
      option.role = "option";
      option.id = `${list.id}_${index}`;
      option.dir = "auto";
      option.textContent = name;
      return option;
    }));
    list.hidden = false;
    choose(0);
    if (isNew) told.textContent = told.dataset.told.replace("%n", found.length);
  }

  box.addEventListener("input", look);
  box.addEventListener("click", look);
  box.addEventListener("blur", close);
  // a press must not take the focus, and with it the list, away
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("li");
    if (option) take(option);
  });
  box.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const ways = {
      ArrowDown: () => choose(chosen + 1),
      ArrowUp: () => choose(chosen - 1),
      Enter: () => take(list.children[chosen]),
      Tab: () => take(list.children[chosen]),
      Escape: close,
    };
    if (event.shiftKey || !Object.hasOwn(ways, event.key)) {
      if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) close();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    ways[event.key]();
  });
}
