import HTTPTypes
import NIOCore
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
    private var deadline: Scheduled<Void>?
    private var isClosing = false
    /// What the server's own bare 400 says beside.
    private var words: ByteBuffer?

    init(patience: TimeAmount) { self.patience = patience }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: startWaiting(context)
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
            let answer = Problem.badFraming.answer(.russian, "")
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
