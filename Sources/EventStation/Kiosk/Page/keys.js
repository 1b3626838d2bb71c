// Tells a scanner that types from an operator who types, by pace alone.
//
// Every key waits until 80 ms of silence show what it belonged to. A burst (eight keys or more, half of
// the pauses at most 35 ms) is data: it becomes text, read by key position, so that every keyboard
// layout gives the same, and presses nothing. A command (Enter, Tab, Escape, a function key) counts only
// when a hand pressed it: no neighbour within 35 ms, and held for 30 ms.

const SILENCE = 80;
const HAND = 35;
const HELD = 30;
const BURST = 8;
const PIECES = 4;
const LONGEST = 4096;

const SHIFTED = {
  Backquote: "`~", Minus: "-_", Equal: "=+", BracketLeft: "[{", BracketRight: "]}", Backslash: "\\|",
  Semicolon: ";:", Quote: "'\"", Comma: ",<", Period: ".>", Slash: "/?", Space: "  ",
  IntlBackslash: "\\|", NumpadDecimal: "..", NumpadDivide: "//", NumpadMultiply: "**",
  NumpadSubtract: "--", NumpadAdd: "++",
};
const DIGIT_SIGNS = ")!@#$%^&*(";
const COMMANDS = new Set(["Enter", "NumpadEnter", "Tab", "Escape"]);
const ENDS = new Set(["Enter", "NumpadEnter", "Tab"]);
const EDITING = new Set([
  "Backspace", "Delete", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End",
]);
const ZOOM = new Set(["Equal", "Minus", "Digit0", "NumpadAdd", "NumpadSubtract", "Numpad0"]);
const MODIFIERS = new Set([
  "ShiftLeft", "ShiftRight", "ControlLeft", "ControlRight", "AltLeft", "AltRight", "MetaLeft",
  "MetaRight", "CapsLock", "NumLock",
]);

/** The character at a key's place on a US keyboard, whatever layout the computer has. */
export function character(code, key, shift) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code);
  if (digit) return shift && code.startsWith("Digit") ? DIGIT_SIGNS[digit[1]] : digit[1];
  const letter = /^Key([A-Z])$/.exec(code);
  if (letter) return shift ? letter[1] : letter[1].toLowerCase();
  if (code in SHIFTED) return SHIFTED[code][shift ? 1 : 0];
  return !code && key.length === 1 ? key : "";
}

/** The middle pause between keys, in milliseconds; 0 for fewer than two. */
export function medianGap(times) {
  const gaps = times.slice(1).map((time, place) => time - times[place]).sort((a, b) => a - b);
  return gaps.length ? gaps[gaps.length >> 1] : 0;
}

function isCommand(code) {
  return COMMANDS.has(code) || /^F\d+$/.test(code);
}

function isField(element) {
  return element instanceof HTMLInputElement && ["text", "password"].includes(element.type)
    && !element.readOnly && !element.disabled;
}

export class Keys {
  /** `onScan(texts)`, `onCommand(code, shift)`, `onTyped(character)`, `onReading()`. */
  constructor(handlers) {
    this.handlers = handlers;
    this.run = [];
    this.isBurst = false;
    this.down = new Map();
    addEventListener("keydown", (event) => this.press(event), true);
    addEventListener("keyup", (event) => this.release(event), true);
    for (const name of ["paste", "drop"]) {
      addEventListener(name, (event) => this.refuseForeign(event), true);
    }
  }

  press(event) {
    if (MODIFIERS.has(event.code)) return;
    if (event.ctrlKey || event.altKey || event.metaKey) {
      if (!ZOOM.has(event.code)) event.preventDefault();
      return;
    }
    if (event.code === "F11") return;
    const field = isField(event.target) ? event.target : null;
    if (event.repeat) {
      if (!(field && EDITING.has(event.code))) event.preventDefault();
      return;
    }
    if (field && EDITING.has(event.code)) return;
    this.take(event, field);
  }

  take(event, field) {
    if (!this.run.length) this.begin(field);
    const key = {
      code: event.code, shift: event.shiftKey, time: event.timeStamp, held: 0,
      text: character(event.code, event.key, event.shiftKey),
    };
    if (!event.code && event.key === "Enter") key.code = "Enter";
    this.run.push(key);
    this.down.set(event.code, key);
    const goesIn = field && !this.isBurst && event.key.length === 1;
    if (goesIn) this.note(field, event.timeStamp);
    else event.preventDefault();
    this.watch();
  }

  release(event) {
    const key = this.down.get(event.code);
    if (!key) return;
    key.held = event.timeStamp - key.time;
    this.down.delete(event.code);
  }

  /** Remembers the field as it was, to take back what a scanner would type into it. */
  begin(field) {
    this.field = field && { element: field, value: field.value, times: field.times ?? [] };
    this.isBurst = false;
  }

  note(field, time) {
    field.times = [...(field.times ?? []), time];
  }

  watch() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), SILENCE);
    if (!this.isBurst && this.run.length >= BURST && this.pace() <= HAND) {
      this.isBurst = true;
      this.restore();
      this.handlers.onReading();
    }
    if (this.run.length > LONGEST) this.flush();
  }

  pace() {
    return medianGap(this.run.map((key) => key.time));
  }

  restore() {
    if (!this.field) return;
    this.field.element.value = this.field.value;
    this.field.element.times = this.field.times;
    this.field.element.dispatchEvent(new Event("input", { bubbles: true }));
  }

  flush() {
    clearTimeout(this.timer);
    const run = this.run;
    const isBurst = this.isBurst || (run.length >= BURST && this.pace() <= HAND);
    this.run = [];
    this.isBurst = false;
    if (isBurst) this.handlers.onScan(Keys.pieces(Keys.withoutHand(run)));
    else if (run.length >= 4 && medianGap(run.map((key) => key.time)) <= HAND) this.restore();
    else this.obey(run);
  }

  /** A hand's last key right before a burst is not the burst's. */
  static withoutHand(run) {
    let start = 0;
    while (start < 2 && run.length > start + BURST && run[start + 1].time - run[start].time > 50) {
      start += 1;
    }
    return run.slice(start);
  }

  static pieces(run) {
    const pieces = [""];
    for (const key of run) {
      if (ENDS.has(key.code)) pieces.push("");
      else pieces[pieces.length - 1] += key.text;
    }
    return pieces.filter(Boolean).slice(0, PIECES);
  }

  obey(run) {
    run.forEach((key, place) => {
      const before = place ? key.time - run[place - 1].time : Infinity;
      const after = place + 1 < run.length ? run[place + 1].time - key.time : Infinity;
      const isDown = this.down.get(key.code) === key;
      if (Math.min(before, after) <= HAND || !(isDown || key.held >= HELD)) return;
      if (isCommand(key.code)) this.handlers.onCommand(key.code, key.shift);
      else if (key.code === "Space" && !this.field) this.handlers.onCommand("Space", key.shift);
      else if (!this.field) this.handlers.onTyped(key.text);
    });
  }

  /** Secrets are typed; a number may be pasted, as text and nothing else. */
  refuseForeign(event) {
    if (!isField(event.target) || event.target.type === "password" || event.type === "drop") {
      event.preventDefault();
    }
  }
}
