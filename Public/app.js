// The dashboard: puts its parts together, shows what the hash names, and listens to the keyboard.

import { address, view } from "./address.js";
import { renderFacts, renderTrouble, showLive } from "./bar.js";
import { $ } from "./element.js";
import { leaveExplorer, renderExplorer } from "./explain.js";
import { renderServices } from "./list.js";
import { renderNotice } from "./notice.js";
import { leaveService, renderService } from "./service.js";
import { follow, state } from "./state.js";

function render() {
  const { service, explain } = view();
  document.body.className = service || explain ? "has-service" : state.services?.size ? "has-list" : "";
  renderFacts();
  renderTrouble();
  renderServices();
  renderDetail();
}

function renderDetail() {
  const { service: name, explain } = view();
  const versions = state.services?.get(name);
  if (!versions || explain) leaveService();
  if (explain) return renderExplorer(explain);
  leaveExplorer();
  if (versions) renderService(name, versions);
  else renderNotice(name);
}

function isTyping(target) {
  return target.matches("input, textarea, select") || target.isContentEditable;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if ($("list").hidden) return;
  event.preventDefault();
  if (getComputedStyle($("list")).display === "none") location.hash = address({ search: view().search });
  setTimeout(() => $("search").select());
});

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // The hash is for the view.
  $("detail").focus();
});

// Who follows a link with the keyboard or a screen reader is taken to what it opened.
const placeOf = ({ service, explain }) => (explain ? "#explain" : service);
let lastPlace = placeOf(view());
window.addEventListener("hashchange", () => {
  render();
  const { service, endpoint } = view();
  const place = placeOf(view());
  if (place !== lastPlace && place) {
    $("detail").querySelector("h1")?.focus();
  } else if (service && endpoint && $("endpoint") && $("endpoint").value !== endpoint) {
    $("endpoint").value = endpoint;
    $("endpoint").dispatchEvent(new Event("change"));
  }
  lastPlace = place;
});

follow(render, showLive);
