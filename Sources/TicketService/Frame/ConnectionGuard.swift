import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Watches one connection: a body that comes too slowly breaks the request off, an answer that says
/// `connection: close` ends the connection whatever is still on its way, and a request whose framing
/// broke is told so in words.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// The body did not come in time.
    struct TooSlow: Error {}

    private let patience: TimeAmount
    private let log: Logger
    /// Of the last request whose head was understood.
    private var language = Language.russian
    private var isMethodUnknown = false
    private var deadline: Scheduled<Void>?
    private var isClosing = false
    /// What the server's own bare 400 says beside.
    private var words: ByteBuffer?

    init(patience: TimeAmount, log: Logger) { (self.patience, self.log) = (patience, log) }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        let decoder = try? pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        guard let decoder else { return }
        try? pipeline.addHandler(OldProtocol(), position: .after(decoder))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isMethodUnknown = (error as? HTTPParserError) == .invalidMethod
        context.fireErrorCaught(error)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            language = Language(accept: head.headerFields[.acceptLanguage])
            startWaiting(context)
        case .end: stopWaiting()
        case .body: break
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            isClosing = head.headerFields[.connection] == "close"
            guard Self.isBare(head) else { return context.write(data, promise: promise) }
            let problem = isMethodUnknown ? Problem.unknownMethod : Problem.badFraming
            let id = ServiceRequestContext.number()
            let answer = problem.answer(language, id)
            log.info(
                "refused",
                metadata: ["request": .string(id), "status": .stringConvertible(problem.status)]
            )
            head.status = .init(code: problem.status)
            head.headerFields[.requestID] = id
            head.headerFields[.contentLanguage] = language.rawValue
            head.headerFields[.contentType] = "application/problem+json"
            head.headerFields[.contentLength] = "\(answer.body.readableBytes)"
            words = answer.body
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end where isClosing:
            if let words { context.write(wrapOutboundOut(.body(words)), promise: nil) }
            words = nil
            let written = promise ?? context.eventLoop.makePromise()
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
            context.writeAndFlush(data, promise: written)
        default: context.write(data, promise: promise)
        }
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard event is Expectation.Continue else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        let head = HTTPResponse(status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: promise)
    }

    /// Whether the server answers broken framing: a 400 without a word.
    private static func isBare(_ head: HTTPResponse) -> Bool {
        head.status == .badRequest && head.headerFields[.contentType] == nil
            && head.headerFields[.contentLength] == "0"
    }

    func channelInactive(context: ChannelHandlerContext) {
        stopWaiting()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stopWaiting() }

    private func startWaiting(_ context: ChannelHandlerContext) {
        stopWaiting()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: patience) {
            bound.value.fireErrorCaught(TooSlow())
        }
    }

    private func stopWaiting() {
        deadline?.cancel()
        deadline = nil
    }
}

/// Ends a connection of HTTP/1.0 after its answer, unless it asks to be kept (RFC 9112 § 9.3), and
/// passes over what it expects (RFC 9110 § 10.1.1).
private final class OldProtocol: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data), head.version != .http1_1 else {
            return context.fireChannelRead(data)
        }
        head.headers.remove(name: "Expect")
        if !head.isKeepAlive { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
