// Keys for the review queue: on an item a letter chooses a decision and Enter makes it; in the queue j and k walk the items.
// And one tick for all items of a page.
const isTyping = (element) => element.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");

function choose(act) {
  const radio = document.querySelector(`#decide input[name="act"][value="${act}"]`);
  if (!radio) return false;
  radio.checked = true;
  // Enter on it sends the form, as in every form
  radio.focus();
  return true;
}

function walk(step) {
  const links = [...document.querySelectorAll(".item-link")];
  const next = links[links.indexOf(document.activeElement) + step];
  if (next) next.focus();
  return Boolean(next);
}

// Those that can be decided about together.
const all = document.querySelector("[data-tick-all]");
const items = [...document.querySelectorAll("input[name=item]:enabled")];
if (all && items.length > 1) {
  const box = all.querySelector("input");
  const tell = () => {
    const number = items.filter((item) => item.checked).length;
    box.checked = number === items.length;
    box.indeterminate = number > 0 && !box.checked;
  };
  box.addEventListener("change", () => items.forEach((item) => (item.checked = box.checked)));
  for (const item of items) item.addEventListener("change", tell);
  all.hidden = false;
  // whoever comes back finds what they had ticked
  addEventListener("pageshow", tell);
}

const choices = new Map([...document.querySelectorAll("[data-choose]")].map((one) => [one.textContent, one.dataset.choose]));
for (const told of document.querySelectorAll("[data-keys]")) told.hidden = false;

// Single letters can be switched off: who dictates would set them off by speaking.
const isOn = document.querySelector("[data-keys-on]");
if (isOn) {
  isOn.checked = localStorage.getItem("review-keys") !== "off";
  isOn.addEventListener("change", () => localStorage.setItem("review-keys", isOn.checked ? "on" : "off"));
}
const fields = () => [...(document.querySelector("#decide")?.elements ?? [])];
const typed = () => fields().some((field) => field.matches("textarea") && field.value.trim());

// A saved reason is put into its box, where it can be changed; what somebody wrote there themselves stays.
const canned = document.querySelector("#decide select[data-reasons], .act-form select[data-reasons]");
if (canned) {
  const reasons = JSON.parse(canned.dataset.reasons);
  const { reason, rule } = canned.form.elements;
  canned.addEventListener("change", () => {
    const [words, title] = reasons[canned.value] ?? ["", ""];
    const isOurs = !reason.value.trim() || Object.values(reasons).some(([known]) => known === reason.value);
    if (isOurs) reason.value = words;
    if (title) rule.value = title;
  });
}

document.addEventListener("keydown", (event) => {
  if (localStorage.getItem("review-keys") === "off") return;
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  let done = true;
  if (choices.has(event.key)) done = choose(choices.get(event.key));
  else if (event.key === "j") done = walk(1);
  else if (event.key === "k") done = walk(-1);
  // what was typed is not thrown away by a letter
  else if (button && !typed()) button.click();
  else done = false;
  if (done) event.preventDefault();
});
