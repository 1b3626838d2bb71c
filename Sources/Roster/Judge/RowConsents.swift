import UnionTicket

extension RowCells {
    private static let purposes: [(field: RosterField, purpose: ConsentPurpose)] =
        RosterField.allCases.compactMap { field in field.purpose.map { (field, $0) } }

    /// One answer per purpose column; the register's consent must be there and given.
    ///
    /// An empty cell of another purpose is no answer, so it takes no earlier answer back. A column
    /// «Согласие» alone speaks for the register only, never for two purposes. Nobody consents before
    /// turning 14.
    mutating func consents(_ bytes: Span<UInt8>, _ birth: DateRules.Reading) -> [Consent] {
        var consents: [Consent] = []
        consents.reserveCapacity(5)
        var isRegistered = false
        var isReported = false
        for (field, purpose) in Self.purposes where has(field) {
            if purpose != .register, cell(field, bytes).isEmpty { continue }
            guard let answer = answer(field, bytes) else {
                if purpose == .register { isReported = true }
                continue
            }
            if let day = answer.date, isBefore14(day, birth) { report(.consentBefore14, field) }
            consents.append(consent(purpose, answer))
            guard purpose == .register else { continue }
            isRegistered = answer.isGiven
            refusesRegister = !answer.isGiven && !cell(field, bytes).isEmpty
        }
        var blamed = RosterField.register
        let isSilent = judge.isTable ? !has(.register) : cell(.register, bytes).isEmpty
        if isSilent, !cell(.singleConsent, bytes).isEmpty {
            blamed = .singleConsent
            report(.consentSingleColumn, .singleConsent)
            if let answer = answer(.singleConsent, bytes) {
                if let day = answer.date, isBefore14(day, birth) {
                    report(.consentBefore14, .singleConsent)
                }
                consents.insert(consent(.register, answer), at: 0)
                isRegistered = answer.isGiven
                refusesRegister = !answer.isGiven
            } else {
                isReported = true
            }
        }
        if !isRegistered, !isReported { report(.consentRegisterMissing, blamed) }
        return consents
    }

    private func consent(_ purpose: ConsentPurpose, _ answer: ConsentAnswer) -> Consent {
        Consent(
            purpose: purpose,
            recipient: purpose == .bonusTransfer ? "profcards" : "",
            isGiven: answer.isGiven,
            date: answer.date
        )
    }

    /// What a consent cell says; nil after a report when it is not understood.
    private mutating func answer(_ field: RosterField, _ bytes: Span<UInt8>) -> ConsentAnswer? {
        let cell = cell(field, bytes)
        if let answer = ConsentAnswer(bytes, cell) { return answer }
        let reading = judge.dates.read(bytes, cell)
        switch reading.code {
        case .dateTwoDigitYear, .dateAmbiguous, .dateImpossible, .dateFuture, .dateTooOld:
            if let code = reading.code { report(code, field) }
            return nil
        default: break
        }
        if let date = reading.date, reading.code == nil || reading.code == .dateSerial {
            if let code = reading.code { report(code, field) }
            return ConsentAnswer(isGiven: true, date: date)
        }
        report(.consentUnknown, field)
        return nil
    }
}

/// Yes or no, with the day where the cell holds one.
struct ConsentAnswer {
    var isGiven: Bool
    var date: CalendarDate?

    init(isGiven: Bool, date: CalendarDate? = nil) {
        self.isGiven = isGiven
        self.date = date
    }

    /// Reads a word or a sign; empty means no.
    init?(_ text: Span<UInt8>, _ range: Range<Int>) {
        date = nil
        if range.isEmpty || CellText.equals(text, range, "нет") {
            isGiven = false
        } else if CellText.equals(text, range, "да") {
            isGiven = true
        } else if range.count == 1 {
            switch text[range.lowerBound] {
            case 0x2B, 0x31: isGiven = true
            case 0x2D, 0x30: isGiven = false
            case 0x56, 0x76, 0x78, 0x58: isGiven = true
            default: return nil
            }
        } else if CellText.saysNone(text, range) {
            isGiven = false
        } else if let word = RosterWords.answers[FoldedKey(text, range)] {
            isGiven = word
        } else {
            return nil
        }
    }
}
