// The kiosk: what is scanned goes to the station, what the station says is shown at once.

import { Dialog } from "./dialogs.js";
import { Keys } from "./keys.js";
import { Operator, personButton } from "./operator.js";
import { fit, make, showAges, showLost, showStatus, showVerdict } from "./panels.js";
import { play } from "./sound.js";
import { Sightings, Station } from "./station.js";
import { label, say, t, turnLanguage } from "./words.js";

const WAITING = ["after_check", "choice", "supervisor"];
const $ = (id) => document.getElementById(id);

class Kiosk {
  constructor() {
    this.dialog = new Dialog($("dialog"));
    this.sightings = new Sightings();
    this.told = new Set();
    this.queue = Promise.resolve();
    this.status = null;
    this.shown = null;
    this.drift = 0;
    this.operator = new Operator(this);
    this.station = new Station({
      onStatus: (status) => this.take(status),
      onVerdict: (verdict) => { if (!this.told.has(Kiosk.key(verdict))) this.show(verdict); },
      onLost: (reason) => showLost(reason),
    });
  }

  start() {
    new Keys({
      onScan: (texts) => {
        delete document.body.dataset.reading;
        for (const text of texts) this.scan(text, "scanner");
      },
      onReading: () => { document.body.dataset.reading = t("reading"); },
      onCommand: (code, shift) => this.obey(code, shift),
      onTyped: (text) => { if (/^\d$/.test(text) && !this.dialog.isOpen) this.operator.number(text); },
    });
    $("language").onclick = () => this.turnLanguage();
    $("last").addEventListener("click", (event) => {
      const nonce = event.target.closest(".scan")?.dataset.scan;
      if (nonce) this.operator.annul(nonce);
    });
    addEventListener("resize", fit);
    this.dress();
    this.station.listen();
    setInterval(() => this.tick(), 1000);
  }

  // Scans and verdicts

  ask(action, body) {
    return this.station.ask(action, body);
  }

  scan(text, source) {
    const nonce = this.sightings.nonce(text);
    this.queue = this.queue.then(async () => {
      try {
        this.show(await this.ask("scan", { text: text.slice(-4096), source, nonce }));
      } catch (problem) {
        this.complain(problem);
      }
    });
    return this.queue;
  }

  forget() {
    this.sightings.forget();
  }

  static key(verdict) {
    return `${verdict.nonce} ${verdict.standing}`;
  }

  show(verdict) {
    this.told.add(Kiosk.key(verdict));
    if (this.told.size > 200) this.told.delete(this.told.values().next().value);
    const isSame = this.isShowing && Kiosk.key(this.shown) === Kiosk.key(verdict);
    this.shown = verdict;
    if (!isSame) this.draw();
    if (!isSame) play(verdict.face.sound);
    clearTimeout(this.clearing);
    if (Kiosk.waits(verdict)) return;
    this.clearing = setTimeout(() => this.clear(), verdict.admission === "yes" ? 6000 : 15000);
  }

  static waits(verdict) {
    return verdict.standing === "shown" && verdict.mode !== "handout" && WAITING.includes(verdict.admission);
  }

  clear() {
    clearTimeout(this.clearing);
    this.isShowing = false;
    showVerdict(null, this.status?.isClosed);
    this.showChoices(null);
  }

  draw() {
    this.isShowing = true;
    showVerdict(this.shown);
    this.showChoices(this.shown);
  }

  showChoices(verdict) {
    const buttons = this.isClosed(verdict) ? [this.reopening()] : verdict ? this.choices(verdict) : [];
    $("choices").replaceChildren(...buttons);
    if (!this.dialog.isOpen) this.offered?.focus();
    fit();
  }

  /** What Enter does: never an admission in spite of a refusal. */
  get offered() {
    return $("choices").querySelector(".main, .person-choice");
  }

  isClosed(verdict) {
    return this.status?.isClosed && (!verdict || verdict.outcome === "station_closed");
  }

  reopening() {
    const act = () => this.operator.reopen();
    return make("button", { type: "button", className: "main", onclick: act }, t("reopen"));
  }

  choices(verdict) {
    const { operator } = this;
    if (!Kiosk.waits(verdict)) {
      const act = () => operator.admit(verdict);
      const button = make("button", { type: "button", className: "plain", onclick: act }, t("admitSupervisor"));
      button.dataset.key = "F8";
      return verdict.forceable ? [button] : [];
    }
    if (verdict.admission === "choice") {
      return verdict.candidates.map((one) => personButton(one, () => operator.admitNow(verdict, one.id)));
    }
    const isCheck = verdict.admission === "after_check";
    const text = t(isCheck ? "admitNow" : "admitSupervisor");
    const act = () => (isCheck ? operator.admitNow(verdict, null) : operator.admit(verdict));
    const button = make("button", { type: "button", className: "main", onclick: act }, text);
    button.dataset.key = "Enter";
    return [button];
  }

  complain(problem) {
    if (!problem.message) return;
    $("detail").replaceChildren(make("li", { textContent: say(problem.message) }));
  }

  // Keys pressed by a hand

  obey(code, shift) {
    const focused = document.activeElement;
    const isButton = focused?.tagName === "BUTTON";
    if (this.station.lost) return;
    if (code === "Tab") this.moveFocus(shift);
    else if (code === "F1") this.turnLanguage();
    else if (code === "Escape") this.dialog.isOpen ? this.dialog.close() : this.clear();
    else if (isButton && (code === "Space" || code.endsWith("Enter"))) focused.click();
    else if (code.endsWith("Enter") && this.dialog.isOpen) this.dialog.send();
    else if (code.endsWith("Enter")) this.offered?.click();
    else if (!this.dialog.isOpen) this.operator.tools[code]?.[1]();
  }

  moveFocus(isBack) {
    const root = this.dialog.isOpen ? this.dialog.element : document.body;
    const stops = [...root.querySelectorAll("button, input")]
      .filter((one) => one.offsetParent !== null && one.getBoundingClientRect().left < innerWidth);
    if (!stops.length) return;
    const place = stops.indexOf(document.activeElement);
    const start = place < 0 && isBack ? 0 : place;
    stops[(start + (isBack ? -1 : 1) + stops.length) % stops.length].focus();
  }

  // State and language

  take(status) {
    const hasTurned = Boolean(this.status?.isClosed) !== status.isClosed;
    this.status = status;
    this.drift = status.now - Date.now() / 1000;
    showStatus(status);
    if (hasTurned && (!this.isShowing || !status.isClosed)) this.clear();
    this.tick();
  }

  get now() {
    return Date.now() / 1000 + this.drift;
  }

  tick() {
    if (this.status) showAges(this.status, this.now);
    this.station.watch();
  }

  turnLanguage() {
    turnLanguage();
    this.dialog.close();
    this.dress();
  }

  dress() {
    label(document);
    $("language").textContent = t("language");
    $("tools").replaceChildren(...Object.entries(this.operator.tools).map(([key, [word, act]]) => {
      const tool = make("button", { type: "button", className: "tool", onclick: () => act() }, t(word));
      tool.dataset.key = key;
      return tool;
    }));
    if (this.isShowing) this.draw();
    else this.clear();
    if (this.status) this.take({ ...this.status, now: this.now });
    if (this.station.lost) showLost(this.station.lost);
  }
}

new Kiosk().start();
