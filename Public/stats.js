// Keeps the page of statistics new, every five seconds while somebody can see it.
"use strict";

setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch("stats", { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const news = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceWith(news.querySelector("main"));
  } catch {
    // The program is away, or nobody may ask any more: the next attempt tells.
  }
}, 5000);
