// Says on the page why a key or passkey was not used; allauth only writes it to the console.
const NAMES = { NotAllowedError: "notAllowed", InvalidStateError: "invalidState", SecurityError: "security" };

document.addEventListener("allauth.error", (event) => {
  const line = document.getElementById("passkey_failure");
  event.preventDefault();
  // The same sentence is announced again only if the text changes in between.
  line.textContent = "";
  requestAnimationFrame(() => {
    line.textContent = line.dataset[NAMES[event.detail.exception.name] ?? "other"];
  });
});
