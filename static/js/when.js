// Times on the page are absolute; on screen they are easier to read as "3 hours ago". The absolute time stays as title.
const steps = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
const language = document.documentElement.lang;
const words = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "long" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });

export function relative(moment, now = new Date()) {
  const seconds = (moment - now) / 1000;
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) return words.format(Math.round(seconds / length), unit);
  }
  return words.format(0, "second");
}

function tell(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = exact.format(moment);
    time.textContent = relative(moment);
  }
}

tell(document);
document.addEventListener("htmx:load", (event) => tell(event.detail.elt));
setInterval(() => tell(document), 60000);
