// The line to the station: requests, the live channel, and knowing when it is silent.

const QUIET = 13000;
const SAME = 2000;

/** Names a scan for good: 32 hexadecimal digits. */
export function drawNonce() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The same text within two seconds of its last sight is the same scan. */
export class Sightings {
  constructor() {
    this.seen = new Map();
  }

  nonce(text) {
    const now = performance.now();
    for (const [old, { time }] of this.seen) if (now - time > SAME) this.seen.delete(old);
    const nonce = this.seen.get(text)?.nonce ?? drawNonce();
    this.seen.set(text, { nonce, time: now });
    return nonce;
  }

  /** After an annulment or a change of mode the same ticket is a new scan. */
  forget() {
    this.seen.clear();
  }
}

export class Station {
  /** `onStatus(status)`, `onVerdict(verdict)`, `onLost(reason)` with "lost", "restarted" or null. */
  constructor(handlers) {
    this.handlers = handlers;
    this.heard = performance.now();
    this.lost = null;
  }

  /** Asks for an action; throws a problem {code, message} with words in both languages. */
  async ask(action, body) {
    let response;
    try {
      response = await fetch(`/api/${action}`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
        signal: AbortSignal.timeout(10000),
      });
    } catch {
      this.lose("lost");
      throw { code: "lost" };
    }
    const answer = await response.json().catch(() => ({ code: "lost" }));
    if (response.ok) return answer;
    if (response.status === 401) this.lose("restarted");
    throw answer;
  }

  listen() {
    this.events?.close();
    const events = new EventSource("/events");
    this.events = events;
    events.addEventListener("status", (event) => {
      this.hear();
      this.handlers.onStatus(JSON.parse(event.data));
    });
    events.addEventListener("verdict", (event) => {
      this.hear();
      this.handlers.onVerdict(JSON.parse(event.data));
    });
    events.addEventListener("beat", () => this.hear());
    events.onerror = () => {
      this.lose("lost");
      if (events.readyState === EventSource.CLOSED) setTimeout(() => this.retry(), 1000);
    };
  }

  /** A closed channel tells no reason: asking tells whether the session is gone. */
  async retry() {
    if (this.lost === "restarted") return;
    await this.ask("status", {}).catch(() => {});
    if (this.lost !== "restarted") this.listen();
  }

  hear() {
    this.heard = performance.now();
    if (!this.lost) return;
    this.lost = null;
    this.handlers.onLost(null);
  }

  lose(reason) {
    if (this.lost === "restarted" || this.lost === reason) return;
    this.lost = reason;
    this.handlers.onLost(reason);
    if (reason === "restarted") this.events?.close();
  }

  /** Called every second: three missed beats are a lost station. */
  watch() {
    if (performance.now() - this.heard > QUIET) this.lose("lost");
  }
}
