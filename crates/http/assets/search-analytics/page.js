"use strict";

// Draws the figures of /search-analytics/data.json. What people typed becomes text, never markup.
const SVG = "http://www.w3.org/2000/svg";
const DAY = 86400000;
const whole = new Intl.NumberFormat("en");
const dayName = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });

function make(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function percent(part, all) {
  return all === 0 ? "–" : `${Math.round((Math.min(part, all) / all) * 1000) / 10} %`;
}

// Every day of the span: those without searches are not in the answer.
function everyDay(data) {
  const known = new Map(data.by_day.map((day) => [day.day, day]));
  const last = Date.parse(data.made_at.slice(0, 10));
  return Array.from({ length: data.days }, (_, back) => {
    const at = last - (data.days - 1 - back) * DAY;
    const name = new Date(at).toISOString().slice(0, 10);
    return { at, ...(known.get(name) ?? { searches: 0, without_results: 0, clicked: 0 }) };
  });
}

// The least round number that is not below: 1, 2, 5, 10, 20, 50 …
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}

// A frame as wide as its place, with lines and names; answers it with what turns days and values into places.
function frame(days, top, { width, height }, unit) {
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
  const [left, right, above, below] = [46, width - 6, 10, height - 26];
  const y = (value) => below - (value / top) * (below - above);
  for (const part of [0, 0.5, 1]) {
    const value = top * part;
    if (!Number.isInteger(value)) continue;
    svg.append(make("line", { class: "grid", x1: left, x2: right, y1: y(value), y2: y(value) }));
    svg.append(make("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, whole.format(value) + unit));
  }
  const step = (right - left) / days.length;
  const x = (index) => left + step * index;
  const every = Math.ceil(days.length / Math.max(2, Math.floor((right - left) / 90)));
  days.forEach((day, index) => {
    if ((days.length - 1 - index) % every !== 0) return;
    svg.append(make("text", { x: Math.min(x(index) + step / 2, width - 22), y: height - 6, "text-anchor": "middle" }, dayName.format(day.at)));
  });
  return { svg, x, y, step };
}

function drawDays(days, width) {
  const top = roundUp(Math.max(1, ...days.map((day) => day.searches)));
  const { svg, x, y, step } = frame(days, top, { width, height: 240 }, "");
  svg.setAttribute("aria-label", "Searches by day");
  const wide = Math.max(1, Math.min(34, step * 0.72));
  days.forEach((day, index) => {
    const found = day.searches - day.without_results;
    const bar = (kind, from, to) => {
      const place = { class: kind, x: x(index) + (step - wide) / 2, width: wide, y: y(to), height: y(from) - y(to), rx: 2 };
      const rect = make("rect", place);
      rect.append(make("title", {}, `${dayName.format(day.at)}: ${whole.format(day.searches)} searches, ${whole.format(day.without_results)} found nothing`));
      svg.append(rect);
    };
    if (found > 0) bar("found", 0, found);
    if (day.without_results > 0) bar("empty", found, day.searches);
  });
  return svg;
}

function drawClicks(days, width) {
  const { svg, x, y, step } = frame(days, 100, { width, height: 180 }, " %");
  svg.setAttribute("aria-label", "Click-through by day");
  const points = days.map((day, index) => ({ day, x: x(index) + step / 2 })).filter(({ day }) => day.searches > 0);
  const rate = ({ day }) => (Math.min(day.clicked, day.searches) / day.searches) * 100;
  svg.append(make("polyline", { class: "click", points: points.map((point) => `${point.x},${y(rate(point))}`).join(" ") }));
  for (const point of points) {
    const dot = make("circle", { class: "dot", cx: point.x, cy: y(rate(point)), r: days.length > 31 ? 2 : 3.5 });
    dot.append(make("title", {}, `${dayName.format(point.day.at)}: ${percent(point.day.clicked, point.day.searches)}`));
    svg.append(dot);
  }
  return svg;
}

function list(rows, count, note, kind) {
  if (rows.length === 0) return element("p", "nothing", "Nothing yet that many have searched for.");
  const most = Math.max(...rows.map(count));
  const box = element("div", "rows");
  for (const row of rows) {
    const line = element("div", `row ${kind}`);
    const bar = make("svg", { "aria-hidden": "true", preserveAspectRatio: "none", viewBox: "0 0 100 1" });
    bar.append(make("rect", { class: "rest", width: 100, height: 1 }));
    bar.append(make("rect", { class: "part", width: (count(row) / most) * 100, height: 1 }));
    line.append(element("span", "", row.user_query), element("span", "", note(row)), bar);
    box.append(line);
  }
  return box;
}

function show(data) {
  const days = everyDay(data);
  const sum = (field) => days.reduce((total, day) => total + day[field], 0);
  const searches = sum("searches");
  const put = (id, ...nodes) => document.getElementById(id).replaceChildren(...nodes);
  const figure = (value, name) => {
    const box = element("div", "figure");
    box.append(element("b", "", value), element("span", "", name));
    return box;
  };
  put(
    "figures",
    figure(whole.format(searches), "searches"),
    figure(whole.format(Math.round(searches / data.days)), "a day"),
    figure(percent(sum("clicked"), searches), "with a click"),
    figure(percent(sum("without_results"), searches), "found nothing"),
  );
  const plot = (id, draw) => {
    const none = () => element("p", "nothing", "No searches in this time.");
    put(id, searches === 0 ? none() : draw(days, document.getElementById(id).clientWidth));
  };
  plot("days", drawDays);
  plot("clicks", drawClicks);
  put("top", list(data.top_queries, (row) => row.searches, (row) => `${whole.format(row.searches)} · ${percent(row.clicked, row.searches)} clicked`, "found"));
  put("none", list(data.no_results, (row) => row.without_results, (row) => whole.format(row.without_results), "empty"));
  document.getElementById("many").textContent = whole.format(data.clients_min);
  document.getElementById("made").textContent = `The last ${data.days} days, as of ${data.made_at.slice(0, 16).replace("T", " ")} UTC`;
}

let shown;

async function load(days) {
  for (const button of document.querySelectorAll("#spans button")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.days) === days));
  }
  try {
    const answer = await fetch(`/search-analytics/data.json?days=${days}`);
    if (!answer.ok) throw new Error(String(answer.status));
    shown = await answer.json();
    show(shown);
  } catch {
    document.getElementById("made").textContent = "The figures cannot be read just now.";
  }
}

document.getElementById("spans").addEventListener("click", (event) => {
  const days = Number(event.target.dataset?.days);
  if (days) load(days);
});
window.addEventListener("resize", () => {
  if (shown) show(shown);
});
load(30);
