// The operator's questions: one dialog at a time, at the side, so that the verdict stays in sight.

import { medianGap } from "./keys.js";
import { make } from "./panels.js";
import { label, reasons, say, t } from "./words.js";

let serial = 0;

export class Dialog {
  constructor(element) {
    this.element = element;
    // The browser's own Escape would close it for a scanner too.
    element.addEventListener("cancel", (event) => event.preventDefault());
  }

  get isOpen() {
    return this.element.open;
  }

  /** Opens with a title and parts; `submit` answers with nothing, or throws a problem to show. */
  open(title, parts, { confirm = t("confirm"), submit = null } = {}) {
    this.close();
    this.back = document.activeElement;
    this.submit = submit;
    this.confirm = null;
    this.error = make("p", { className: "error" });
    this.error.setAttribute("role", "alert");
    this.element.oninput = (event) => { if (event.target.value) this.error.textContent = ""; };
    const cancel = make("button", { type: "button", className: "plain", onclick: () => this.close() }, t("cancel"));
    cancel.dataset.key = "Esc";
    const buttons = make("div", { className: "buttons" }, cancel);
    if (submit) {
      this.confirm = make("button", { type: "button", className: "main", onclick: () => this.send() }, confirm);
      this.confirm.dataset.key = "Enter";
      buttons.append(this.confirm);
    }
    this.element.replaceChildren(make("h2", { id: "dialog-title", textContent: title }), ...parts, this.error, buttons);
    label(this.element);
    this.element.showModal();
    (this.element.querySelector("input, .reasons button, .scan") ?? this.confirm ?? cancel).focus();
  }

  close() {
    if (!this.isOpen) return;
    this.onclose?.();
    this.onclose = null;
    this.element.close();
    this.element.replaceChildren();
    if (this.back?.isConnected) this.back.focus();
    this.back = null;
  }

  async send() {
    if (!this.submit || this.isSending) return;
    this.isSending = true;
    this.error.textContent = "";
    try {
      await this.submit();
    } catch (problem) {
      this.complain(problem);
    } finally {
      this.isSending = false;
    }
  }

  complain(problem) {
    this.error.textContent = say(problem.message) || t("lostHeadline");
    for (const field of this.element.querySelectorAll("input[type=password]")) {
      field.value = "";
      field.times = [];
      if (/^(wrong|typed|too_many)/.test(problem.code ?? "")) field.focus();
    }
  }
}

/** A line of text with its label. */
export function field(name, { secret = false, numeric = false } = {}) {
  serial += 1;
  const input = make("input", {
    id: `field${serial}`, type: secret ? "password" : "text", autocomplete: secret ? "new-password" : "off",
    spellcheck: false, inputMode: numeric ? "numeric" : "text",
  });
  return { input, parts: [make("label", { htmlFor: input.id, textContent: name }), input] };
}

/** A secret with the pace it was typed at, for the station to judge. */
export function typed(input) {
  return { text: input.value, gap: medianGap(input.times ?? []) };
}

/** Reasons to pick from, and a line for another one. */
export function reasonPicker(kind) {
  const own = field(t("reason"));
  let kept = "";
  const buttons = reasons(kind).map(({ shown, kept: text }, place) => {
    const button = make("button", { type: "button", className: "reason", textContent: shown });
    button.setAttribute("aria-pressed", String(place === 0));
    if (place === 0) kept = text;
    button.onclick = () => {
      kept = text;
      own.input.value = "";
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    };
    return button;
  });
  own.input.addEventListener("input", () => {
    for (const button of buttons) button.setAttribute("aria-pressed", "false");
  });
  return {
    value: () => own.input.value.trim() || kept,
    parts: [make("div", { className: "reasons" }, ...buttons), ...own.parts],
  };
}

/** A typed number, group by group as printed, with the station's help. */
export function numberField(help) {
  const { input, parts } = field(t("numberField"), { numeric: true });
  input.maxLength = 64;
  const groups = make("div", { className: "groups" });
  groups.setAttribute("aria-hidden", "true");
  const message = make("p", { className: "help" });
  message.setAttribute("role", "status");
  let latest = 0;
  const show = (answer) => {
    const digits = input.value.replace(/\D/g, "");
    const texts = [digits.slice(0, 3), digits.slice(3, 7), digits.slice(7, 11), digits.slice(11, 15)];
    groups.replaceChildren(...texts.map((text, place) => {
      const isWrong = answer?.groups.includes(place + 1);
      return make("span", { className: isWrong ? "group wrong" : "group" }, text || "·",
        make("small", { textContent: isWrong ? t("wrongGroup") : "" }));
    }));
    groups.dataset.state = answer?.state ?? "incomplete";
    message.textContent = answer ? say(answer.message) : "";
  };
  input.addEventListener("input", async () => {
    latest += 1;
    const mine = latest;
    show(null);
    const answer = await help(input.value).catch(() => null);
    if (mine === latest) show(answer);
  });
  show(null);
  return { input, parts: [...parts, groups, message] };
}
