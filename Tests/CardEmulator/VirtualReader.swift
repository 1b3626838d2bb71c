import CardReader
import Foundation
import TicketSeal

/// The card's end of vsmartcard's virtual reader: TCP, a length of two bytes, a body.
///
/// A connection is a card on the reader. A body of one byte is a signal (0 power off, 1 power on,
/// 2 reset, 4 the answer to reset is wanted), anything else is a command.
final class VirtualReader {
    private let port: UInt16
    private let fault: CardFault
    private let isTraced: Bool
    private var socket: CInt = -1
    private var commands = 0
    private var isAsleep = false
    private var hasSlept = false
    /// What GET RESPONSE fetches.
    private var waiting: [UInt8] = []
    private var waitingStatus: UInt16 = 0x9000

    init(port: UInt16, fault: CardFault, isTraced: Bool) {
        self.port = port
        self.fault = fault
        self.isTraced = isTraced
    }

    /// Puts the card down; waits for the reader to listen.
    func insert(_ card: any EmulatedCard, tap: Int) throws {
        let deadline = Date() + 30
        repeat {
            socket = connected()
            if socket >= 0 {
                commands = 0
                return report("inserted", ["tap": "\(tap)"])
            }
            Thread.sleep(forTimeInterval: 0.02)
        } while Date() < deadline
        report("no-reader", ["port": "\(port)"])
        throw CocoaError(.fileReadNoSuchFile)
    }

    /// Takes the card away.
    func remove(tap: Int) {
        close(socket)
        socket = -1
        report("removed", ["tap": "\(tap)", "commands": "\(commands)"])
    }

    /// Answers until the card has not been asked for `quiet` milliseconds after its first command.
    func serve(_ card: any EmulatedCard, quiet: Int) throws {
        var last: Date?
        try serve(card) {
            if self.commands > 0 {
                last = last.map { max($0, self.lastCommand) } ?? self.lastCommand
            }
            return last.map { Date().timeIntervalSince($0) * 1000 > Double(quiet) } ?? false
        }
    }

    /// Answers until `isOver`, or until the reader goes away.
    func serve(_ card: any EmulatedCard, until isOver: () -> Bool) throws {
        while !isOver() {
            var input = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&input, 1, 10) > 0 else { continue }
            guard let body = message() else { return report("reader-gone") }
            guard body.count != 1 else {
                signal(body[0], card)
                continue
            }
            commands += 1
            lastCommand = Date()
            if fault == .pulled, commands == 4 { return report("pulled") }
            guard let answer = answer(body, card) else { continue }
            if isTraced { report("apdu", ["command": Hex.text(body), "answer": Hex.text(answer)]) }
            send(answer)
        }
    }

    private var lastCommand = Date.distantPast

    private func signal(_ code: UInt8, _ card: any EmulatedCard) {
        switch code {
        case 1 where fault == .sleepy && !hasSlept:
            hasSlept = true
            report("asleep")
            close(socket)
            repeat { socket = connected() } while socket < 0
        case 1, 2:
            card.powerUp()
            isAsleep = fault == .dead
            report(code == 1 ? "powered" : "reset")
        // pcscd asks for it too to see whether a card is there: only waking up fails.
        case 4:
            send(isAsleep ? [0x00] : card.atr)
            isAsleep = false
        default: break
        }
    }

    // MARK: - Faults of the exchange

    private func answer(_ body: [UInt8], _ card: any EmulatedCard) -> [UInt8]? {
        guard let command = try? APDUCommand(decoding: body) else { return [0x67, 0x00] }
        switch fault {
        case .mute:
            report("silent")
            return nil
        case .slow: Thread.sleep(forTimeInterval: 0.4)
        case .empty: return []
        case .short: return [0x90]
        case .endless: return [0x61, 0x10]
        case .oversize where command.ins == 0xB0:
            return [UInt8](repeating: 0x55, count: 60_000) + [0x90, 0x00]
        case .length6C where command.ins == 0xB0 && command.expected == 256:
            let exact = card.answer(command).data.count
            if exact < 256 { return [0x6C, UInt8(exact)] }
        case .chain61 where command.ins == 0xC0:
            return chunk(command.expected ?? 0)
        case .chain61:
            let answer = card.answer(command)
            guard answer.data.count > 16 else { return answer.encoded }
            waiting = answer.data
            waitingStatus = answer.status
            return [0x61, UInt8(min(waiting.count, 40))]
        default: break
        }
        return card.answer(command).encoded
    }

    /// The next part of what waits.
    private func chunk(_ count: Int) -> [UInt8] {
        let part = Array(waiting.prefix(min(count, 40)))
        waiting.removeFirst(part.count)
        return waiting.isEmpty
            ? APDUResponse(data: part, status: waitingStatus).encoded
            : part + [0x61, UInt8(min(waiting.count, 40))]
    }

    // MARK: - Bytes

    private func connected() -> CInt {
        let candidate = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(candidate, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(candidate)
            return -1
        }
        set(candidate, CInt(TCP_NODELAY))
        return candidate
    }

    private func set(_ socket: CInt, _ option: CInt) {
        var on: CInt = 1
        unsafe setsockopt(
            socket,
            CInt(IPPROTO_TCP),
            option,
            &on,
            socklen_t(MemoryLayout<CInt>.size)
        )
    }

    private func message() -> [UInt8]? {
        guard let head = receive(2) else { return nil }
        return receive(Int(head[0]) << 8 | Int(head[1]))
    }

    /// Exactly so many bytes, or nil at the end.
    private func receive(_ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            // Without it every command costs 40 ms: the system waits with its acknowledgement.
            set(socket, CInt(TCP_QUICKACK))
            var part = [UInt8](repeating: 0, count: count - bytes.count)
            let got = unsafe recv(socket, &part, part.count, 0)
            guard got > 0 else { return nil }
            bytes += part.prefix(got)
        }
        return bytes
    }

    private func send(_ body: [UInt8]) {
        let bytes = [UInt8(body.count >> 8 & 0xFF), UInt8(body.count & 0xFF)] + body
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }
}
