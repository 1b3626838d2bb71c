import Testing

@testable import Registry

/// How a connection string is read: by libpq, as it is when it connects.
@Suite struct ConnectionOptionTests {
    @Test(arguments: [
        ("postgresql:///db?host=db.example.ru", ["dbname=db", "host=db.example.ru"]),
        ("host = db.example.ru dbname=x", ["dbname=x", "host=db.example.ru"]),
        ("host='db.example.ru' dbname=x", ["dbname=x", "host=db.example.ru"]),
        ("hostaddr=10.0.0.5 dbname=x", ["dbname=x", "hostaddr=10.0.0.5"]),
        ("postgresql://a,,%2Frun/x", ["dbname=x", "host=a,,/run", "port=,,"]),
    ])
    func `hosts are read wherever they stand`(_ text: String, _ options: [String]) throws {
        let read = try #require(ConnectionOption.named(in: text))
        let pairs = read.map { "\($0.keyword)=\($0.value)" }.sorted()
        let secrets = read.filter(\.isSecret)
        #expect(pairs == options)
        #expect(secrets.isEmpty)
    }

    @Test(arguments: [
        ("postgresql://u:SE?CRET@h/db", "SE?CRET"), ("host=h password=a\\ SECRET", "a SECRET"),
        ("postgresql://h/db?pass%77ord=SECRET", "SECRET"), ("sslpassword='SE CRET'", "SE CRET"),
    ])
    func `passwords are marked in any spelling`(_ text: String, _ password: String) throws {
        let read = try #require(ConnectionOption.named(in: text))
        let secrets = read.filter(\.isSecret).map(\.value)
        #expect(secrets == [password])
        let shown = read.filter { !$0.isSecret }.map(\.value).joined()
        #expect(!shown.contains("SE"))
    }

    @Test(arguments: ["sqlite", "host=h SECRET", "postgresql://h/db?SECRET=1", "host='h"])
    func `what libpq does not understand is nothing, and is not quoted`(_ text: String) throws {
        #expect(ConnectionOption.named(in: text) == nil)
        let error = #expect(throws: DatabaseError.self) { _ = try PostgresDatabase(text) }
        #expect(error?.code == .unavailable)
        let words = "\(try #require(error))"
        #expect(!words.contains("SECRET"))
    }
}
