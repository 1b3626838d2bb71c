import UnionTicket

/// One value the program goes by; the raw value is its name in settings files.
///
/// The same name gives the variable (`tlsCert`: `PROFBILET_TLS_CERT`) and the flag (`--tls-cert`).
enum Setting: String, CaseIterable {
    case data, user, database, databaseFile, auditHeads, specimen
    case passphraseFile, userPassphraseFile, pinFile
    case listen, tlsCert, tlsKey, clientCA, publish, batches, proxy, messages
    case clientRate, lookupRate, idleSeconds, bodySeconds, logLevel

    /// What counts when nobody says anything.
    var standard: String? {
        switch self {
        case .database: "sqlite"
        case .specimen: "false"
        case .listen: "127.0.0.1:8080"
        case .clientRate: "500"
        case .lookupRate: "120"
        case .idleSeconds: "60"
        case .bodySeconds: "30"
        case .logLevel: "info"
        default: nil
        }
    }

    /// Whether it may have several values; in the environment they stand with commas between them.
    var isList: Bool { self == .proxy }

    /// Whether the environment may say it: what a register is stands in its own file only.
    var hasVariable: Bool { self != .specimen }

    /// Whether the machine's settings file may say it.
    var isMachines: Bool { self != .specimen }

    /// Whether the register's own settings file may say it.
    var isRegisters: Bool { self != .data }

    var meaning: Bilingual {
        switch self {
        case .data: Bilingual("каталог данных", "data directory")
        case .user: Bilingual("имя пользователя", "user name")
        case .database:
            Bilingual("sqlite или строка libpq", "sqlite or a libpq connection string")
        case .databaseFile:
            Bilingual("файл со строкой libpq", "file with a libpq connection string")
        case .auditHeads:
            Bilingual("второе место для голов журнала", "second place of the audit's heads")
        case .specimen: Bilingual("реестр образцов", "specimen register")
        case .passphraseFile:
            Bilingual("файл парольной фразы реестра", "file with the register's passphrase")
        case .userPassphraseFile:
            Bilingual("файл парольной фразы пользователя", "file with the user's passphrase")
        case .pinFile: Bilingual("файл с PIN токена", "file with the token's PIN")
        case .listen: Bilingual("адрес и порт сервиса", "address and port of the service")
        case .tlsCert: Bilingual("сертификат, PEM", "certificate, PEM")
        case .tlsKey: Bilingual("ключ сертификата, PEM", "the certificate's key, PEM")
        case .clientCA:
            Bilingual("центры сертификатов клиентов", "authorities of client certificates")
        case .publish: Bilingual("каталог публикации", "folder of the published files")
        case .batches:
            Bilingual("каталог спецификаций партий", "folder of batch specifications")
        case .proxy: Bilingual("доверенные прокси", "trusted proxies")
        case .messages: Bilingual("файл исходящих сообщений", "file of outgoing messages")
        case .clientRate:
            Bilingual("запросов клиента в секунду", "requests of one client a second")
        case .lookupRate:
            Bilingual(
                "справок с адреса в минуту, неверных ключей вдвое меньше",
                "look-ups of one address a minute, half as many wrong keys"
            )
        case .idleSeconds:
            Bilingual("секунд тишины соединения", "silent seconds of a connection")
        case .bodySeconds:
            Bilingual("секунд на тело запроса", "seconds for a request's body")
        case .logLevel: Bilingual("подробность журнала", "detail of the log")
        }
    }
}

/// A variable that is no setting: secrets, which no settings file may hold, and what belongs to one command.
enum Variable: String, CaseIterable {
    case passphrase, userPassphrase, rootPassphrase, backupPassphrase, newPassphrase
    case secondPassphrase, stationPassphrase, supervisorPassphrase, chipPassphrase
    case pin, operatorPin, code, appKey
    case config, now, phone, station

    /// As the environment spells it.
    var name: String { Settings.variable(rawValue) }

    /// Whether its value is never shown.
    var isSecret: Bool {
        switch self {
        case .config, .now, .phone, .station: false
        default: true
        }
    }

    /// Whether `NAME_FILE` may name a file with the value.
    var mayStandInFile: Bool { isSecret && self != .code && self != .appKey }

    var meaning: Bilingual {
        switch self {
        case .passphrase: Bilingual("парольная фраза реестра", "the register's passphrase")
        case .userPassphrase: Bilingual("парольная фраза пользователя", "the user's passphrase")
        case .rootPassphrase: Bilingual("парольная фраза корневого ключа", "the root passphrase")
        case .backupPassphrase: Bilingual("парольная фраза копий", "the backups' passphrase")
        case .newPassphrase:
            Bilingual("фраза нового пользователя", "a new user's passphrase")
        case .secondPassphrase:
            Bilingual("фраза второго человека", "the second person's passphrase")
        case .stationPassphrase: Bilingual("парольная фраза станции", "a station's passphrase")
        case .supervisorPassphrase:
            Bilingual("парольная фраза старшего", "the supervisor's passphrase")
        case .chipPassphrase: Bilingual("фраза ключей чипов", "the chip keys' passphrase")
        case .pin: Bilingual("PIN токена PKCS#11", "PIN of the PKCS#11 token")
        case .operatorPin: Bilingual("PIN оператора станции", "PIN of a station's operator")
        case .code: Bilingual("код активации", "activation code")
        case .appKey: Bilingual("ключ клиента API", "key of an API client")
        case .config: Bilingual("файл настроек этой машины", "this machine's settings file")
        case .now:
            Bilingual("часы реестра образцов", "clock of a specimen register")
        case .phone: Bilingual("файл телефона", "file of the phone")
        case .station: Bilingual("каталог станции", "folder of the station")
        }
    }
}
