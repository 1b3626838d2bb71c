import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Watches one connection: a body that comes too slowly breaks the request off, and an answer that says
/// `connection: close` ends the connection whatever is still on its way.
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
        case .head(let head):
            isClosing = head.headerFields[.connection] == "close"
            context.write(data, promise: promise)
        case .end where isClosing:
            let written = promise ?? context.eventLoop.makePromise()
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
            context.writeAndFlush(data, promise: written)
        default: context.write(data, promise: promise)
        }
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
