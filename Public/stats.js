// Keeps the page of statistics new, every five seconds while somebody can see it, and shows its times in their zone.
"use strict";

/** What the page is told anew. The rest stays, so that focus and scrolling do too. */
const parts = ["process", "counts"];
const part = (id) => document.getElementById(id);

/** Times in the reader's zone, with UTC for who points at them. */
function localize() {
  for (const time of document.querySelectorAll("time:not([title])")) {
    time.title = time.dateTime;
    time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  }
}

let lastNews = new Date();

function showTrouble(isTroubled) {
  if (isTroubled === part("trouble").hasChildNodes()) return;
  part("trouble").replaceChildren();
  if (!isTroubled) return;
  const words = document.createElement("p");
  words.className = "words warn";
  words.textContent = `These numbers are those of ${lastNews.toLocaleTimeString()}, as no newer ones can be read. ` +
    "Does the program still run, and are you still logged in? This page goes on trying.";
  part("trouble").append(words);
}

async function update() {
  if (document.hidden) return;
  try {
    const answer = await fetch("stats", { headers: { Accept: "text/html" } });
    const news = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = parts.map((id) => news.getElementById(id));
    // Another page than this one is an error, or that for logging in.
    if (!answer.ok || found.includes(null)) return showTrouble(true);
    for (const one of found) part(one.id).replaceWith(one);
    localize();
    lastNews = new Date();
    showTrouble(false);
  } catch {
    showTrouble(true);
  }
}

localize();
setInterval(update, 5000);
