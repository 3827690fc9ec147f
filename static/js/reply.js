// Replying in place: one form per comment, focus where the eye is, the new comment in its branch.
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
  const form = event.target.closest(".acts") && openFormOf(event.target.closest(".comment"));
  if (!form) return;
  event.preventDefault();
  form.hidden = false;
  focus(form.querySelector("textarea") ?? form);
});

document.addEventListener("htmx:load", (event) => {
  const form = event.detail.elt;
  if (!form.matches?.(".reply-form")) return;
  focus(form.querySelector(".error-summary, textarea") ?? form);
});

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
  if (form.querySelector("textarea")?.value.trim()) form.hidden = true;
  else form.remove();
  focus(comment.querySelector(".acts a") ?? comment);
}

// The server hangs a new list under the parent: it joins the list that is there, and the form has done its work.
document.addEventListener("comment:placed", (event) => {
  const comment = document.getElementById(`c${event.detail.id}`);
  if (!comment) return;
  const list = comment.closest("ol");
  const before = list.previousElementSibling;
  if (before?.matches("ol.replies")) {
    before.append(...list.children);
    list.remove();
  }
  event.target.closest?.(".reply-form")?.remove();
  document.querySelector(".empty")?.remove();
  focus(comment);
});

// A form that cannot be brought here is fetched the plain way, as a page of its own.
for (const failure of ["htmx:sendError", "htmx:responseError"]) {
  tree?.addEventListener(failure, (event) => {
    const link = event.target.closest(".acts a[href]");
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
