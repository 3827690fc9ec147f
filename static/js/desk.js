// The desk by keys: on an item a letter chooses a decision and Enter makes it; in the queue j and k walk the items.
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

const choices = new Map([...document.querySelectorAll("[data-choose]")].map((one) => [one.textContent, one.dataset.choose]));
for (const told of document.querySelectorAll("[data-keys]")) told.hidden = false;

// Single letters can be switched off: who dictates would set them off by speaking.
const isOn = document.querySelector("[data-keys-on]");
if (isOn) {
  isOn.checked = localStorage.getItem("desk-keys") !== "off";
  isOn.addEventListener("change", () => localStorage.setItem("desk-keys", isOn.checked ? "on" : "off"));
}
const typed = () => document.querySelector("#decide textarea[name=reason], #decide textarea[name=answer]")?.value.trim();

// A reason at hand is put into its box, where it can be changed; what somebody wrote there themselves stays.
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
  if (localStorage.getItem("desk-keys") === "off") return;
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
