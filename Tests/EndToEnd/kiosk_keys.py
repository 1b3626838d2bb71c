"""Key events as a keyboard would send them: a place on the board, the layout's letter, a time, a length.

A scanner and a hand press the same keys; they differ by pace only.
"""

import time

US = {"`": "Backquote", "-": "Minus", "=": "Equal", "[": "BracketLeft", "]": "BracketRight", "\\": "Backslash",
      ";": "Semicolon", "'": "Quote", ",": "Comma", ".": "Period", "/": "Slash", " ": "Space"}
US_SHIFTED = {":": "Semicolon", "_": "Minus", "?": "Slash", "%": "Digit5", "#": "Digit3", "&": "Digit7", "+": "Equal"}
RUSSIAN = dict(zip("QWERTYUIOPASDFGHJKLZXCVBNM", "йцукенгшщзфывапролдячсмить"))
RUSSIAN_SIGNS = {"BracketLeft": "хХ", "BracketRight": "ъЪ", "Semicolon": "жЖ", "Quote": "эЭ", "Comma": "бБ",
                 "Period": "юЮ", "Slash": ".,", "Backquote": "ёЁ"}
COMMANDS = {"Enter": 13, "Tab": 9, "Escape": 27, "Backspace": 8, "Space": 32, "Delete": 46}
COMMANDS.update({f"F{number}": 111 + number for number in range(1, 13)})


def stroke(character, layout="us", pad=False):
    """(code, key, shift) of a character on a US keyboard, as the computer's layout names it."""
    if character.isdigit() and character.isascii():
        return (("Numpad" if pad else "Digit") + character, character, False)
    if character.isascii() and character.isalpha():
        shift = character.isupper()
        key = RUSSIAN[character.upper()] if layout == "ru" else character
        return ("Key" + character.upper(), key.upper() if shift else key, shift)
    shift = character in US_SHIFTED
    code = US_SHIFTED.get(character) or US[character]
    if layout == "ru" and code in RUSSIAN_SIGNS:
        return (code, RUSSIAN_SIGNS[code][shift], shift)
    return (code, character, shift)


def russian_stroke(character):
    """(code, key, shift) of what a hand presses to write Russian."""
    for latin, letter in RUSSIAN.items():
        if letter == character.lower():
            return ("Key" + latin, character, character.isupper())
    return stroke(character)


class Keyboard:
    def __init__(self, cdp):
        self.cdp = cdp

    def event(self, kind, code, key, shift=False, at=None):
        event = {"type": kind, "code": code, "key": key, "modifiers": 8 if shift else 0,
                 "timestamp": at or time.time()}
        if code in COMMANDS:
            event["windowsVirtualKeyCode"] = COMMANDS[code]
            if kind == "keyDown" and code == "Enter":
                event["text"] = "\r"
            elif kind == "keyDown" and code == "Space":
                event["text"] = " "
        elif kind == "keyDown":
            event["text"] = key
        self.cdp.send("Input.dispatchKeyEvent", event)

class Scanner(Keyboard):
    """Types as fast as a 2D scanner: a key each few milliseconds, let go at once.

    `begin` is called before each attempt.
    """

    def __init__(self, cdp, begin=lambda: None):
        super().__init__(cdp)
        self.begin = begin

    def burst(self, make_text, *, end="Enter", layout="us", prefix="", gap=0.004, pad=False):
        """Types a code; again with a new one when this machine, not the page, was late.

        Returns the text that went through without a pause.
        """
        for _ in range(8):
            self.begin()
            text = make_text()
            strokes = [stroke(one, layout, pad) for one in prefix + text]
            if end:
                strokes.append((end, end, False))
            if self.strokes(strokes, gap):
                return text
            time.sleep(0.3)
        raise SystemExit("this machine is too busy to type like a scanner")

    def keys(self, names):
        self.strokes([(name, " " if name == "Space" else name, False) if name in COMMANDS else stroke(name)
                      for name in names], 0.004)

    def strokes(self, strokes, gap):
        """Sends keys on schedule; their time stamps are exact however busy the machine is."""
        start = last = time.time()
        worst = 0
        for place, (code, key, shift) in enumerate(strokes):
            at = start + place * gap
            time.sleep(max(0, at - time.time()))
            if shift:
                self.event("rawKeyDown", "ShiftLeft", "Shift", True, at)
            self.event("keyDown", code, key, shift, at)
            self.event("keyUp", code, key, shift, at + 0.001)
            if shift:
                self.event("keyUp", "ShiftLeft", "Shift", at=at + 0.001)
            worst, last = max(worst, time.time() - last), time.time()
        return worst < 0.07


class Hand(Keyboard):
    """Types as a person does: a key each tenth of a second, held for a while."""

    def tap(self, code, key, shift, held):
        if shift:
            self.event("rawKeyDown", "ShiftLeft", "Shift", True)
        self.event("keyDown", code, key, shift)
        time.sleep(held)
        self.event("keyUp", code, key, shift)
        if shift:
            self.event("keyUp", "ShiftLeft", "Shift")

    def press(self, name, *, shift=False):
        self.tap(name, " " if name == "Space" else name, shift, 0.06)
        time.sleep(0.15)

    def type(self, text, layout="us"):
        for character in text:
            if character == " ":
                code, key, shift = ("Space", " ", False)
            elif layout == "ru":
                code, key, shift = russian_stroke(character)
            else:
                code, key, shift = stroke(character)
            self.tap(code, key, shift, 0.05)
            time.sleep(0.06)
        time.sleep(0.12)
