// What the page itself says; verdicts and problems bring their own words.

const WORDS = {
  language: ["English", "Русский"],
  verdict: ["Результат проверки", "Verdict"],
  panels: ["Состояние", "State"],
  idle: ["ПРИЛОЖИТЕ БИЛЕТ", "SHOW THE TICKET"],
  idleAction: ["Карта, код на экране телефона или номер с клавиатуры", "A card, a phone's screen or a typed number"],
  closed: ["СТАНЦИЯ ЗАКРЫТА", "STATION CLOSED"],
  closedAction: ["Журнал сдан. Входа и выхода нет.", "The journal is handed in. No way in or out."],
  reopen: ["Открыть станцию снова", "Open the station again"],
  reopenAction: ["Штаб и другие станции считают её закрытой: сообщите им и передайте новый журнал.", "Headquarters and other stations take it for closed: tell them and hand them the new journal."],
  reading: ["Читаю…", "Reading…"],
  entry: ["ВХОД", "ENTRY"],
  exit: ["ВЫХОД", "EXIT"],
  handout: ["ВЫДАЧА", "HAND-OUT"],
  shift: ["Смена", "Shift"],
  noShift: ["Смена не начата", "No shift"],
  quorum: ["Кворум", "Quorum"],
  holds: ["КВОРУМ ЕСТЬ", "QUORUM"],
  does_not_hold: ["КВОРУМА НЕТ", "NO QUORUM"],
  cannot_be_asserted: ["УТВЕРЖДАТЬ НЕЛЬЗЯ", "CANNOT BE ASSERTED"],
  blocking: ["нет данных станции", "no report from station"],
  thin_margin: ["Запас мал: ещё несколько выходов — и кворума нет.", "Thin margin: a few exits and it is gone."],
  lost: ["Кворум потерян.", "The quorum is lost."],
  present: ["присутствуют", "present"],
  needed: ["нужно", "needed"],
  of: ["из", "of"],
  frozen: ["зафиксирован в", "fixed at"],
  counts: ["Счётчики", "Counts"],
  inside: ["внутри", "inside"],
  admitted: ["пропущено", "admitted"],
  refused: ["отказов", "refused"],
  data: ["Данные станции", "Station's data"],
  basis: ["Работает по", "Works by"],
  event_snapshot: ["снимку мероприятия", "event snapshot"],
  card_only: ["билету, без списка", "ticket only, no list"],
  snapshot: ["Возраст снимка", "Snapshot's age"],
  statusLists: ["Возраст блокировок", "Block lists' age"],
  none: ["нет", "none"],
  stale: ["пора обновить", "due for update"],
  lease: ["Доступ до", "Lease until"],
  clock: ["Часы", "Clock"],
  good: ["верны", "right"],
  unchecked: ["не сверялись", "not compared"],
  suspect: ["неверны", "wrong"],
  ready: ["готов", "ready"],
  busy: ["читает", "reading"],
  away: ["отключён", "away"],
  sound: ["Звук", "Sound"],
  silent: ["нажмите любую клавишу", "press any key"],
  last: ["Последние отметки", "Last scans"],
  nothing: ["пока нет", "none yet"],
  days: ["сут", "d"], hours: ["ч", "h"], minutes: ["мин", "min"], seconds: ["с", "s"],
  nameless: ["Имя недоступно без сети", "Name not available offline"],
  first: ["Первый вход", "First entry"],
  admitNow: ["Допустить: документ сверен", "Admit: document compared"],
  admitSupervisor: ["Допустить решением старшего", "Admit by a supervisor"],
  byNumber: ["Номер", "Number"],
  byName: ["По фамилии", "By name"],
  annul: ["Отменить", "Annul"],
  mode: ["Режим", "Mode"],
  freeze: ["Кворум", "Quorum"],
  admit: ["Вручную", "By hand"],
  camera: ["Камера", "Camera"],
  shiftTool: ["Смена", "Shift"],
  numberTitle: ["Номер билета", "Ticket number"],
  numberField: ["15 цифр с билета (или 16 под штрихкодом)", "15 digits from the ticket (or 16 below the barcode)"],
  group: ["Группа", "Group"],
  wrongGroup: ["проверьте", "compare"],
  check: ["Проверить", "Check"],
  nameTitle: ["Поиск по фамилии", "Search by name"],
  nameField: ["Фамилия и начало имени", "Surname and the beginning of a name"],
  passphrase: ["Парольная фраза старшего", "Supervisor's passphrase"],
  find: ["Найти", "Find"],
  notFound: ["Никого не найдено.", "Nobody was found."],
  alreadyIn: ["уже внутри", "inside already"],
  annulTitle: ["Отменить отметку", "Annul a scan"],
  whichScan: ["Какую отметку", "Which scan"],
  admitTitle: ["Допустить вручную", "Admit by hand"],
  modeTitle: ["Режим прохода", "The gate's mode"],
  freezeTitle: ["Зафиксировать кворум", "Fix the quorum"],
  freezeAction: ["Снимок подписывается и больше не меняется.", "The snapshot is signed and never changes."],
  shiftTitle: ["Смена оператора", "Operator's shift"],
  shiftBegin: ["Начать смену", "Begin the shift"],
  shiftEnd: ["Закончить смену", "End the shift"],
  shiftAction: ["Во время смены «нужен документ» подтверждается одной клавишей.", "During a shift one key confirms a look at a document."],
  cameraTitle: ["Снимок или камера", "Picture or camera"],
  cameraNone: ["Этот браузер не читает коды с картинок. Используйте сканер или введите номер.", "This browser reads no codes from pictures. Use a scanner or type the number."],
  cameraFile: ["Файл с кодом", "A picture with a code"],
  cameraStart: ["Включить камеру", "Start the camera"],
  cameraNothing: ["Кода на картинке не видно.", "No code is seen in the picture."],
  cameraRefused: ["Камера недоступна.", "No camera."],
  reason: ["Причина", "Reason"],
  pin: ["PIN оператора", "Operator's PIN"],
  confirm: ["Подтвердить", "Confirm"],
  cancel: ["Закрыть", "Close"],
  chooseScan: ["Нет отметки, к которой это относится.", "There is no scan to apply this to."],
  done: ["Готово.", "Done."],
  lostHeadline: ["НЕТ СВЯЗИ СО СТАНЦИЕЙ", "NO CONNECTION"],
  lostAction: ["Никого не пропускайте. Соединение восстановится само.", "Let nobody in. The connection will come back by itself."],
  restarted: ["СТАНЦИЯ ПЕРЕЗАПУЩЕНА", "STATION RESTARTED"],
  restartedAction: ["Откройте адрес, который она напечатала.", "Open the address it printed."],
};

const REASONS = {
  admit: [
    ["Документ сверен", "Document compared"],
    ["Билет забыт, паспорт показан", "Ticket forgotten, passport shown"],
    ["Решение мандатной комиссии", "Credentials commission's decision"],
  ],
  annul: [
    ["Ошибка оператора", "Operator's mistake"],
    ["Не тот человек", "Another person"],
    ["Человек не вошёл", "The person did not come in"],
  ],
};

let language = localStorage.getItem("language") === "en" ? 1 : 0;

/** The page's word in the operator's language. */
export const t = (key) => WORDS[key]?.[language] ?? key;

/** The station's words ({ru, en}) in the operator's language. */
export const say = (text) => (text ? (language ? text.en : text.ru) : "");

/** What the operator may pick as a reason; the journal always keeps the Russian words. */
export const reasons = (kind) => REASONS[kind].map((pair) => ({ shown: pair[language], kept: pair[0] }));

/** Russian ↔ English. */
export function turnLanguage() {
  language = 1 - language;
  localStorage.setItem("language", language ? "en" : "ru");
}

/** Puts the words into everything that names one. */
export function label(root) {
  document.documentElement.lang = language ? "en" : "ru";
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
}

/** `14:05:09` on this computer's clock. */
export const clockTime = (seconds) => new Date(seconds * 1000).toLocaleTimeString("ru-RU");

/** `21.11 14:05`. */
export const dayTime = (seconds) => new Date(seconds * 1000).toLocaleString("ru-RU", {
  day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit",
});

/** `3 ч 20 мин`. */
export function age(seconds) {
  const span = Math.max(0, Math.floor(seconds));
  if (span < 60) return `${span} ${t("seconds")}`;
  if (span < 3600) return `${Math.floor(span / 60)} ${t("minutes")}`;
  if (span < 86400) return `${Math.floor(span / 3600)} ${t("hours")} ${Math.floor((span % 3600) / 60)} ${t("minutes")}`;
  return `${Math.floor(span / 86400)} ${t("days")} ${Math.floor((span % 86400) / 3600)} ${t("hours")}`;
}
