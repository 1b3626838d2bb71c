// The signs of verdicts: each shape says who may let the person in.

const SVG = "http://www.w3.org/2000/svg";

export function svg(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const OUTLINES = {
  circle_tick: [["circle", { cx: 50, cy: 50, r: 44 }], ["path", { d: "M29 52 L44 67 L72 35" }]],
  circle_arrow: [["circle", { cx: 50, cy: 50, r: 44 }], ["path", { d: "M26 50 H72 M55 32 L73 50 L55 68" }]],
  triangle: [["path", { d: "M50 8 L95 90 H5 Z" }], ["path", { d: "M50 36 V62 M50 76 V77" }]],
  diamond: [
    ["path", { d: "M50 4 L96 50 L50 96 L4 50 Z" }],
    ["path", { d: "M38 42 C38 27 62 27 62 41 C62 50 50 50 50 60 M50 73 V74" }],
  ],
  square_key: [
    ["rect", { x: 8, y: 8, width: 84, height: 84, rx: 4 }],
    ["path", { d: "M50 54 V80 M50 68 H62 M50 80 H62" }],
    ["circle", { cx: 50, cy: 38, r: 15 }],
  ],
  octagon_cross: [
    ["path", { d: "M32 6 H68 L94 32 V68 L68 94 H32 L6 68 V32 Z" }],
    ["path", { d: "M33 33 L67 67 M67 33 L33 67" }],
  ],
  turn: [["path", { d: "M84 50 A34 34 0 1 1 72 24" }], ["path", { d: "M74 6 L74 27 L53 27" }]],
  card: [
    ["rect", { x: 6, y: 22, width: 88, height: 56, rx: 6 }],
    ["path", { d: "M18 40 H46 M18 52 H38 M18 64 H52" }],
    ["rect", { x: 62, y: 42, width: 22, height: 22 }],
  ],
};

/** One sign as a picture that screen readers skip: the headline says the same. */
export function sign(shape) {
  const parts = (OUTLINES[shape] ?? OUTLINES.turn).map(([name, attributes]) => svg(name, attributes));
  return svg("svg", { viewBox: "0 0 100 100", "aria-hidden": "true", focusable: "false" }, ...parts);
}

/** The quorum as an interval on its base, with the threshold as a mark. */
export function gauge(quorum, label) {
  const length = Math.max(quorum.base, quorum.maximum, quorum.threshold, 1);
  const place = (count) => (count / length) * 1000;
  const mark = place(quorum.threshold);
  return svg(
    "svg", { viewBox: "0 0 1000 120", role: "img", "aria-label": label, preserveAspectRatio: "none" },
    svg("rect", { class: "base", x: 0, y: 34, width: 1000, height: 52 }),
    svg("rect", { class: "sure", x: 0, y: 34, width: place(quorum.minimum), height: 52 }),
    svg("rect", {
      class: "open", x: place(quorum.minimum), y: 34,
      width: Math.max(0, place(quorum.maximum) - place(quorum.minimum)), height: 52,
    }),
    svg("path", { class: "mark", d: `M${mark} 14 V106 M${mark - 16} 6 H${mark + 16} L${mark} 30 Z` }),
  );
}
