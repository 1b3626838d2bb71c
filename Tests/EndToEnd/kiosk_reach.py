"""Who reaches the kiosk, and what becomes of its line: foreign pages, sessions, a station that goes away."""

import http.server
import re
import threading
import time

from kiosk_page import ARTEFACTS, Kiosk, check, code, contrast


FOREIGN = """<!doctype html><meta charset=utf-8><body><script>
const kiosk = "KIOSK", results = {};
const done = [];
const attempt = (name, work) => done.push(Promise.resolve().then(work)
  .then((value) => { results[name] = value; }, (error) => { results[name] = "refused"; }));
const body = JSON.stringify({ text: "177481516234216", source: "keyboard", nonce: "ab".repeat(16) });
const read = async (response) => `${response.type} ${response.status}`;
attempt("fetch", () => fetch(kiosk + "/api/scan", { method: "POST", credentials: "include",
  headers: { "Content-Type": "application/json" }, body }).then(read));
attempt("no-cors", () => fetch(kiosk + "/api/scan", { method: "POST", mode: "no-cors", credentials: "include", body }).then(read));
attempt("read", () => fetch(kiosk + "/", { credentials: "include" }).then(read));
attempt("script", () => new Promise((ok, no) => { const one = document.createElement("script");
  one.src = kiosk + "/words.js"; one.onload = () => ok("loaded"); one.onerror = no; document.body.append(one); }));
attempt("image", () => new Promise((ok, no) => { const one = new Image();
  one.src = kiosk + "/icon.svg"; one.onload = () => ok("loaded"); one.onerror = no; }));
attempt("events", () => new Promise((ok, no) => { const one = new EventSource(kiosk + "/events", { withCredentials: true });
  one.onopen = () => ok("opened"); one.onerror = () => { one.close(); no(); }; }));
const frame = document.createElement("iframe");
frame.name = "inside"; frame.src = kiosk + "/"; document.body.append(frame);
const target = document.createElement("iframe");
target.name = "target"; document.body.append(target);
const form = document.createElement("form");
form.action = kiosk + "/api/scan"; form.method = "POST"; form.enctype = "text/plain"; form.target = "target";
const line = document.createElement("input");
line.name = body.slice(0, -1) + ',"a":"'; line.value = '"}';
form.append(line); document.body.append(form); form.submit();
Promise.all(done).then(() => setTimeout(() => { window.finished = results; }, 700));
</script>"""


def foreign(browser, desk, scripted):
    base = re.match(r"http://[^/]+", desk.url).group()
    page_text = FOREIGN.replace("KIOSK", base).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page_text)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kiosk = Kiosk(browser, desk.url)
    before = kiosk.text("#last") + kiosk.text("#admitted")
    for host in ("127.0.0.1", "localhost"):
        page = kiosk.context.new_page()
        answers = []
        page.on("response", lambda one: one.url.startswith(base) and answers.append((one.url[len(base):], one.status)))
        page.goto(f"http://{host}:{server.server_port}/")
        page.wait_for_function("window.finished", timeout=15000)
        results = page.evaluate("window.finished")
        allowed = {name: value for name, value in results.items() if value not in ("refused", "opaque 0")}
        check(f"a foreign page on {host} gets nothing", not allowed, results)
        check(f"every answer to it is a refusal ({len(answers)})",
              len(answers) >= 2 and all(status in (401, 403, 421) for _, status in answers), answers)
        framed = [frame.locator("#tools button").count() for frame in page.frames[1:]]
        check("the kiosk shows in no frame", not any(framed), framed)
        page.close()
    time.sleep(0.5)
    check("and nothing happened at the station", kiosk.text("#last") + kiosk.text("#admitted") == before)
    other = kiosk.context.new_page()
    answer = other.goto(desk.url.replace("127.0.0.1", "localhost"))
    check("another name for the same address is refused", answer.status == 421, answer.status)
    other.close()
    kiosk.close()
    server.shutdown()
    stranger = browser.new_context().new_page()
    answer = stranger.goto(base + "/")
    check("without the token there is only a hint", answer.status == 401 and "Откройте адрес" in stranger.content(), answer.status)
    answer = stranger.goto(base + "/?token=guess")
    check("a guessed token is no token", answer.status == 401, answer.status)
    stranger.context.close()


def session(browser, desk, scripted):
    kiosk = Kiosk(browser, desk.url)
    check("the token is not in the address bar", "token" not in kiosk.page.url, kiosk.page.url)
    cookies = kiosk.context.cookies()
    check("the session cookie is strict and out of scripts' reach", len(cookies) == 1 and cookies[0]["httpOnly"]
          and cookies[0]["sameSite"] == "Strict" and not kiosk.now("document.cookie"), cookies)
    kiosk.page.reload()
    kiosk.wait("document.getElementById('station').textContent")
    check("a reload keeps the session", kiosk.page.locator("#tools button").count() == 8)
    second = Kiosk(browser, desk.url)
    if scripted:
        kiosk.scan(code, "ok")
        second.wait("document.body.dataset.outcome === 'ok'")
        check("a second page shows the same verdict live", second.shown == "ok")
    outside = [url for url in kiosk.now("performance.getEntriesByType('resource').map((one) => one.name)")
               if not url.startswith(re.match(r"http://[^/]+", desk.url).group())]
    check("the page asks nobody outside", not outside, outside)
    second.close()
    kiosk.close()


def connection(browser, desk, _):
    kiosk = Kiosk(browser, desk.url)
    start = time.monotonic()
    check("the station ends by itself when told", desk.stop() == 0)
    kiosk.wait("!document.getElementById('lost').hidden", 20)
    check(f"a lost station shows within {time.monotonic() - start:.1f} s", "НЕТ СВЯЗИ" in kiosk.text("#lost"))
    for front in ("#lost-headline", "#lost-action", "#lost-sign"):
        ratio = contrast(kiosk, front, "#lost")
        check(f"contrast of {front}: {ratio:.1f}", ratio >= 4.5)
    kiosk.page.screenshot(path=ARTEFACTS / "no-connection.png")
    desk.start("first-start")
    kiosk.wait("document.getElementById('lost').hidden", 20)
    check("it comes back by itself", not kiosk.page.locator("#lost").is_visible())
    kiosk.scan(code, "ok")
    check("and scans again", kiosk.shown == "ok")
    desk.stop(hard=True)
    kiosk.wait("!document.getElementById('lost').hidden", 20)
    desk.start("second-start")
    kiosk.wait("document.getElementById('lost-headline').textContent.includes('ПЕРЕЗАПУЩЕНА')", 20)
    check("after a new start the page asks for the new address", "адрес" in kiosk.text("#lost"))
    kiosk.page.goto(desk.url)
    kiosk.wait("document.getElementById('station').textContent")
    check("which opens it again", not kiosk.page.locator("#lost").is_visible())
    kiosk.close()
