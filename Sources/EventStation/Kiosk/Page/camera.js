// Codes from pictures, where the browser itself can decode them; pictures never leave the page.

import { make } from "./panels.js";
import { t } from "./words.js";

const FORMATS = ["qr_code", "code_128"];

/** The parts of the camera dialog; `onText` gets each decoded text. */
export function cameraParts(onText, dialog) {
  if (!("BarcodeDetector" in window)) return [make("p", { textContent: t("cameraNone") })];
  const detector = new BarcodeDetector({ formats: FORMATS });
  const message = make("p", { className: "help" });
  message.setAttribute("role", "status");
  const picker = make("input", { type: "file", accept: "image/*", id: "picture" });
  picker.onchange = async () => {
    const [file] = picker.files;
    if (!file) return;
    const found = await read(detector, file);
    message.textContent = found ? "" : t("cameraNothing");
    if (found) onText(found);
  };
  const video = make("video", { muted: true, playsInline: true, hidden: true });
  const start = make("button", { type: "button", textContent: t("cameraStart") });
  start.onclick = () => watch(detector, video, onText, dialog).catch(() => {
    message.textContent = t("cameraRefused");
  });
  return [
    make("label", { htmlFor: "picture", textContent: t("cameraFile") }), picker, start, video, message,
  ];
}

async function read(detector, file) {
  try {
    const picture = await createImageBitmap(file);
    const codes = await detector.detect(picture);
    picture.close();
    return codes.find((code) => code.rawValue)?.rawValue ?? null;
  } catch {
    return null;
  }
}

async function watch(detector, video, onText, dialog) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  let isOn = true;
  dialog.onclose = () => {
    isOn = false;
    for (const track of stream.getTracks()) track.stop();
  };
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  while (isOn) {
    const codes = await detector.detect(video).catch(() => []);
    for (const code of codes) if (isOn && code.rawValue) onText(code.rawValue);
    await new Promise((next) => setTimeout(next, 250));
  }
}
