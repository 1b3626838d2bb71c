// What the operator does: each tool is a function key, a button and a dialog.

import { cameraParts } from "./camera.js";
import { field, numberField, reasonPicker, typed } from "./dialogs.js";
import { make } from "./panels.js";
import { drawNonce } from "./station.js";
import { clockTime, say, t } from "./words.js";

/** A person to choose: name, what tells namesakes apart, whether inside. */
export function personButton(person, act) {
  const name = person.name ?? t("nameless");
  const notes = [say(person.detail), person.isInside ? t("alreadyIn") : ""].filter(Boolean).join(" · ");
  return make("button", { type: "button", className: "person-choice", onclick: act },
    make("b", { textContent: name }), make("span", { textContent: notes }));
}

export class Operator {
  /** `desk` has status, shown, dialog, ask, scan, show, take, forget. */
  constructor(desk) {
    this.desk = desk;
    this.tools = {
      F2: ["byNumber", () => this.number()],
      F3: ["byName", () => this.name()],
      F4: ["annul", () => this.annul(desk.shown?.nonce)],
      F6: ["mode", () => this.mode()],
      F7: ["freeze", () => this.freeze()],
      F8: ["admit", () => this.admit(desk.shown)],
      F9: ["camera", () => this.camera()],
      F10: ["shiftTool", () => this.shift()],
    };
  }

  /** One key press after a look at a document; outside a shift it takes a PIN. */
  async admitNow(verdict, person) {
    if (!this.desk.status?.shift) return this.admit(verdict, person);
    try {
      const body = { nonce: verdict.nonce, person: person ?? undefined, reason: "Документ сверен" };
      return this.desk.show(await this.desk.ask("admit", body));
    } catch (problem) {
      return problem.code === "pin_needed" ? this.admit(verdict, person) : this.desk.complain(problem);
    }
  }

  number(first = "") {
    const { dialog } = this.desk;
    const number = numberField((text) => this.desk.ask("number", { text }));
    const submit = async () => {
      const text = number.input.value.trim();
      const answer = await this.desk.ask("number", { text });
      if (answer.state !== "complete") throw { code: "number", message: answer.message };
      dialog.close();
      await this.desk.scan(text, "keyboard");
    };
    dialog.open(t("numberTitle"), number.parts, { confirm: t("check"), submit });
    number.input.value = first;
    number.input.dispatchEvent(new Event("input"));
  }

  name() {
    const { dialog } = this.desk;
    const name = field(t("nameField"));
    const phrase = field(t("passphrase"), { secret: true });
    const submit = async () => {
      const body = { text: name.input.value.trim(), passphrase: typed(phrase.input) };
      const people = await this.desk.ask("find", body);
      if (!people.length) throw { code: "none", message: { ru: t("notFound"), en: t("notFound") } };
      const choices = people.map((person) => personButton(person, () => this.person(person)));
      dialog.open(t("nameTitle"), choices);
      choices[0].focus();
    };
    dialog.open(t("nameTitle"), [...name.parts, ...phrase.parts], { confirm: t("find"), submit });
  }

  person(person) {
    const nonce = drawNonce();
    const about = make("p", { className: "about", textContent: person.name ?? t("nameless") });
    this.withReason(t("admitTitle"), about, "admit", (body) => (
      this.desk.ask("person", { ...body, person: person.id, nonce })
    ));
  }

  admit(verdict, person = null) {
    if (!verdict) return this.nothing(t("admitTitle"));
    return this.withReason(t("admitTitle"), this.about(verdict), "admit", (body) => (
      this.desk.ask("admit", { ...body, nonce: verdict.nonce, person: person ?? undefined })
    ));
  }

  annul(nonce) {
    const { shown, status } = this.desk;
    const scans = status?.lastScans ?? [];
    const known = scans.find((one) => one.nonce === nonce);
    const verdict = known ?? (shown?.nonce === nonce ? shown : null) ?? scans[0];
    if (!verdict) return this.nothing(t("annulTitle"));
    return this.withReason(t("annulTitle"), this.about(verdict), "annul", async (body) => {
      const answer = await this.desk.ask("annul", { ...body, nonce: verdict.nonce });
      this.desk.forget();
      return answer;
    });
  }

  mode() {
    let mode = this.desk.status?.mode ?? "entry";
    const buttons = ["entry", "exit", "handout"].map((one) => {
      const element = make("button", { type: "button", className: "reason", textContent: t(one) });
      element.setAttribute("aria-pressed", String(one === mode));
      element.onclick = () => {
        mode = one;
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === element));
      };
      return element;
    });
    this.withPIN(t("modeTitle"), [make("div", { className: "reasons" }, ...buttons)], async (pin) => {
      this.desk.take(await this.desk.ask("mode", { mode, pin }));
      this.desk.forget();
      this.desk.clear();
    });
  }

  reopen() {
    this.withPIN(t("reopen"), [make("p", { textContent: t("reopenAction") })], async (pin) => {
      this.desk.take(await this.desk.ask("reopen", { pin }));
      this.desk.forget();
    });
  }

  freeze() {
    this.withPIN(t("freezeTitle"), [make("p", { textContent: t("freezeAction") })], async (pin) => {
      await this.desk.ask("quorum", { pin });
    });
  }

  shift() {
    const text = make("p", { textContent: t("shiftAction") });
    if (!this.desk.status?.shift) {
      return this.withPIN(t("shiftTitle"), [text], async (pin) => {
        this.desk.take(await this.desk.ask("shift", { pin }));
      }, t("shiftBegin"));
    }
    const submit = async () => {
      this.desk.take(await this.desk.ask("shift", {}));
      this.desk.dialog.close();
    };
    return this.desk.dialog.open(t("shiftTitle"), [text], { confirm: t("shiftEnd"), submit });
  }

  camera() {
    const parts = cameraParts((text) => this.desk.scan(text, "camera"), this.desk.dialog);
    this.desk.dialog.open(t("cameraTitle"), parts);
  }

  withPIN(title, parts, act, confirm = t("confirm")) {
    const pin = field(t("pin"), { secret: true, numeric: true });
    const submit = async () => {
      await act(typed(pin.input));
      this.desk.dialog.close();
    };
    this.desk.dialog.open(title, [...parts, ...pin.parts], { confirm, submit });
    pin.input.focus();
  }

  withReason(title, about, kind, act) {
    const reason = reasonPicker(kind);
    this.withPIN(title, [about, ...reason.parts], async (pin) => {
      this.desk.show(await act({ reason: reason.value(), pin }));
    });
  }

  about(verdict) {
    const who = verdict.name ?? verdict.number ?? "";
    const text = `${clockTime(verdict.at)} · ${say(verdict.face.headline)} · ${who}`;
    return make("p", { className: "about", textContent: text });
  }

  nothing(title) {
    this.desk.dialog.open(title, [make("p", { textContent: t("chooseScan") })]);
  }
}
