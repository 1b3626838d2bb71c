// Draws what the station says: the verdict, the quorum, the counts, the data's age, the last scans.

import { gauge, sign } from "./signs.js";
import { isSilent } from "./sound.js";
import { age, clockTime, dayTime, say, t } from "./words.js";

const $ = (id) => document.getElementById(id);

export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Shows a verdict, or for null the idle screen: the station's own state. */
export function showVerdict(verdict, isClosed = false) {
  const face = verdict?.face;
  document.body.dataset.colour = face?.colour ?? (isClosed ? "red" : "idle");
  document.body.dataset.shape = face?.shape ?? (isClosed ? "octagon_cross" : "card");
  document.body.dataset.outcome = verdict?.outcome ?? "";
  document.body.dataset.standing = verdict?.standing ?? "";
  document.body.dataset.nonce = verdict?.nonce ?? "";
  $("sign").replaceChildren(sign(document.body.dataset.shape));
  $("headline").textContent = face ? say(face.headline) : t(isClosed ? "closed" : "idle");
  $("action").textContent = face ? say(face.action) : t(isClosed ? "closedAction" : "idleAction");
  $("person").textContent = verdict ? person(verdict) : "";
  $("number").textContent = verdict?.number ?? "";
  $("detail").replaceChildren(...(verdict ? details(verdict) : []));
  fit();
}

function person(verdict) {
  return verdict.name ?? (verdict.nameKnown ? "" : t("nameless"));
}

function details(verdict) {
  const lines = verdict.detail.map(say);
  const { firstEntry } = verdict;
  if (firstEntry) {
    lines.unshift(`${t("first")}: ${clockTime(firstEntry.at)}, ${firstEntry.station}`);
  }
  lines.push(`${clockTime(verdict.at)} · ${say(verdict.basis)}`);
  return lines.map((text) => make("li", { textContent: text }));
}

/** The largest headline that fits its place, the sign with it: read from three metres. */
export function fit() {
  const [headline, sign, verdict] = [$("headline"), $("sign"), $("verdict")];
  const isColumn = getComputedStyle($("stage")).overflow === "visible";
  const largest = document.body.dataset.colour === "idle" ? 0.13 : 0.22;
  for (let size = Math.round(Math.min(innerHeight * largest, 240)); size >= 36; size -= 6) {
    headline.style.fontSize = `${size}px`;
    sign.style.height = `${Math.round(size * 1.6)}px`;
    const fits = isColumn || verdict.scrollHeight <= verdict.clientHeight;
    if (fits && headline.scrollWidth <= headline.clientWidth) return;
  }
}

/** Shows the panels. */
export function showStatus(status) {
  $("event").textContent = status.event;
  $("station").textContent = status.station;
  $("mode").textContent = t(status.mode);
  document.body.dataset.mode = status.mode;
  $("shift").textContent = status.shift ? `${t("shift")}: ${status.shift}` : t("noShift");
  for (const name of ["inside", "admitted", "refused"]) $(name).textContent = status.counts[name];
  showQuorum(status.quorum);
  showLast(status.lastScans);
  $("alarms").replaceChildren(...status.alarms.map((alarm) => make("p", { textContent: say(alarm) })));
}

function showQuorum(quorum) {
  $("quorum").hidden = !quorum;
  if (!quorum) return;
  $("quorum").dataset.verdict = quorum.verdict;
  $("quorum").dataset.alert = quorum.alert ?? "";
  $("quorum-verdict").textContent = t(quorum.verdict);
  const span = quorum.minimum === quorum.maximum
    ? `${quorum.minimum}` : `${quorum.minimum}–${quorum.maximum}`;
  const words = `${t("present")} ${span} ${t("of")} ${quorum.base}, ${t("needed")} ${quorum.threshold}`;
  $("gauge").replaceChildren(gauge(quorum, words));
  const lines = [make("span", { textContent: words, className: "figures" })];
  if (quorum.alert) lines.push(make("strong", { textContent: t(quorum.alert) }));
  if (quorum.verdict === "cannot_be_asserted" && quorum.blocking.length) {
    lines.push(make("strong", { textContent: `${t("blocking")}: ${quorum.blocking.join(", ")}` }));
  }
  if (quorum.frozenAt) lines.push(make("span", { textContent: `${t("frozen")} ${clockTime(quorum.frozenAt)}` }));
  $("quorum-words").replaceChildren(...lines);
}

function showLast(scans) {
  const focused = document.activeElement?.dataset?.scan;
  const rows = scans.slice(0, 12).map((scan) => {
    const words = make("span", { className: "words", textContent: say(scan.face.headline) });
    const who = make("span", { className: "who", textContent: scan.name ?? scan.number ?? "" });
    const mark = make("span", { className: "mark" }, sign(scan.face.shape));
    mark.dataset.colour = scan.face.colour;
    const row = make("button", { type: "button", className: "scan" },
      mark, make("time", { textContent: clockTime(scan.at) }), words, who);
    row.dataset.scan = scan.nonce;
    return make("li", {}, row);
  });
  $("last").replaceChildren(...(rows.length ? rows : [make("li", { textContent: t("nothing") })]));
  if (focused) document.querySelector(`[data-scan="${CSS.escape(focused)}"]`)?.focus();
}

/** The lines that grow older by themselves; `now` is the station's time in seconds. */
export function showAges(status, now) {
  $("clock").textContent = clockTime(now);
  const lists = status.statusListsAt
    ? age(now - status.statusListsAt) + (status.statusListsAreStale ? ` · ${t("stale")}` : "")
    : t("none");
  const rows = [[t("basis"), t(status.offline), status.offline === "card_only"]];
  if (status.snapshotAt) rows.push([t("snapshot"), age(now - status.snapshotAt), false]);
  rows.push([t("statusLists"), lists, status.statusListsAreStale || !status.statusListsAt]);
  if (status.leaseEndsAt) {
    rows.push([t("lease"), dayTime(status.leaseEndsAt), status.leaseEndsAt - now < 3600]);
  }
  rows.push([t("clock"), t(status.clock), status.clock === "suspect"]);
  for (const reader of status.readers) rows.push([reader.name, t(reader.state), reader.state === "away"]);
  if (isSilent()) rows.push([t("sound"), t("silent"), true]);
  $("data").replaceChildren(...rows.map(([name, value, isBad]) => make("div", { className: isBad ? "bad" : "" },
    make("dt", { textContent: name }), make("dd", { textContent: value }))));
}

/** The screen of a page that hears nothing from its station; null hides it. */
export function showLost(reason) {
  const lost = $("lost");
  if (!reason) {
    lost.hidden = true;
    return;
  }
  $("lost-sign").replaceChildren(sign("octagon_cross"));
  $("lost-headline").textContent = t(reason === "restarted" ? "restarted" : "lostHeadline");
  $("lost-action").textContent = t(reason === "restarted" ? "restartedAction" : "lostAction");
  lost.hidden = false;
}
