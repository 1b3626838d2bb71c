// Tones told apart by rhythm: note = [start, length, frequency], in seconds and hertz.

const TUNES = {
  admit: [[0, 0.09, 880], [0.11, 0.16, 1320]],
  leave: [[0, 0.09, 990], [0.11, 0.16, 660]],
  check: [[0, 0.1, 700], [0.16, 0.1, 700], [0.32, 0.1, 700]],
  stop: [[0, 0.7, 220]],
  supervisor: [[0, 0.3, 520], [0.36, 0.1, 520], [0.52, 0.3, 520]],
  again: [[0, 0.06, 440]],
};

let context = null;

/** Plays a verdict's tone; without a sound device the screen says enough. */
export function play(name) {
  try {
    context ??= new AudioContext();
    if (context.state === "suspended") context.resume().catch(() => {});
    const start = context.currentTime + 0.02;
    for (const [offset, length, frequency] of TUNES[name] ?? []) {
      const tone = context.createOscillator();
      const volume = context.createGain();
      tone.type = name === "stop" ? "sawtooth" : "sine";
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0, start + offset);
      volume.gain.linearRampToValueAtTime(0.5, start + offset + 0.01);
      volume.gain.setValueAtTime(0.5, start + offset + length - 0.02);
      volume.gain.linearRampToValueAtTime(0, start + offset + length);
      tone.connect(volume).connect(context.destination);
      tone.start(start + offset);
      tone.stop(start + offset + length);
    }
  } catch {
    document.body.dataset.sound = "none";
  }
  document.body.dataset.lastSound = name;
}

/** Whether the browser lets this page sound: it may want one key press first. */
export function isSilent() {
  return document.body.dataset.sound === "none" || (context !== null && context.state !== "running");
}
