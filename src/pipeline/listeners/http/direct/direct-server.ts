import type { Socket } from 'node:net'
import type { RequestHead } from '../../../../media/protocols/http/index.ts'
import { TakenSocket } from '../../../../platform/net/index.ts'
import { doesNotCome, parseSegmentedResource } from '../../../delivery/index.ts'
import { PROGRESSIVE_FORMATS } from '../../../packaging/index.ts'
import type { ListenerContext } from '../../context.ts'
import { parseTarget } from '../address.ts'
import { type ProgressiveTarget, playOnSocket, progressiveFormat, wantedOrdering } from '../progressive.ts'
import { problemAnswer, reportedProblem } from '../respond.ts'
import { type SegmentedTarget, serveLater, serveNow } from '../segmented.ts'
import { DirectConnection, type DirectHost } from './direct-connection.ts'
import type { DirectExchange } from './direct-exchange.ts'

type Route =
  | { readonly kind: 'segmented'; readonly target: SegmentedTarget }
  | { readonly kind: 'progressive'; readonly target: ProgressiveTarget }
  | { readonly kind: 'other' }
type Serve = (exchange: DirectExchange, connection: DirectConnection) => void

const CHECK_MS = 1000
/** Many ask for the same: what their targets mean is kept, for so many of at most this length. */
const MAX_ROUTES = 1000
const MAX_KEPT_TARGET = 256

/**
 * Answers what players ask for over and over on the bare socket: lists, segments and their parts, and endless streams.
 * It decides by the first bytes of a connection, and again at every request, whether that is so; if not, the connection
 * goes to the HTTP server of Node, which answers everything.
 */
export class DirectServer implements DirectHost {
  readonly limits: DirectHost['limits']
  readonly #context: ListenerContext
  readonly #toNode: (socket: Socket) => void
  readonly #connections = new Set<DirectConnection>()
  readonly #routes = new Map<string, Route>()
  readonly #timer: NodeJS.Timeout

  /** `toNode` gives a connection that has not been read from, or whose bytes are back in it, to Node's server. */
  constructor(context: ListenerContext, toNode: (socket: Socket) => void) {
    this.#context = context
    this.#toNode = toNode
    const { limits, delivery } = context.config
    this.limits = { handshakeMs: limits.handshakeMs, stallMs: delivery.stallMs }
    this.#timer = setInterval(() => this.#check(), CHECK_MS).unref()
  }

  onConnection(socket: Socket): void {
    const taken = TakenSocket.take(socket)
    if (taken) this.#connections.add(new DirectConnection(socket, taken, this))
    else this.#toNode(socket)
  }
  close(): void {
    clearInterval(this.#timer)
    for (const connection of this.#connections) connection.destroy()
  }

  route({ target, method }: RequestHead): Serve | undefined {
    const route = this.#routes.get(target) ?? this.#learn(target)
    if (route.kind === 'segmented') return (exchange, connection) => this.#serve(exchange, connection, route.target)
    if (route.kind === 'other' || method === 'HEAD') return undefined
    return (exchange, connection) => void this.#play(exchange, connection, route.target)
  }
  handOver(socket: Socket): void {
    this.#toNode(socket)
  }
  onClose(connection: DirectConnection): void {
    this.#connections.delete(connection)
  }

  #learn(target: string): Route {
    const route = readRoute(target)
    if (this.#routes.size >= MAX_ROUTES) this.#routes.clear()
    if (target.length <= MAX_KEPT_TARGET) this.#routes.set(target, route)
    return route
  }

  #serve(exchange: DirectExchange, connection: DirectConnection, target: SegmentedTarget): void {
    const { segmented } = this.#context
    try {
      if (serveNow(this.#context, exchange, target)) return
      const leave = segmented.join(target.name, target.resource, target.query, (isOpen) =>
        isOpen ? this.#serveWaited(exchange, connection, target) : this.#fail(exchange, doesNotCome()),
      )
      if (leave) exchange.onLeft(leave)
      else this.#serveLater(exchange, connection, target)
    } catch (error) {
      this.#fail(exchange, error)
    }
  }
  #serveWaited(exchange: DirectExchange, connection: DirectConnection, target: SegmentedTarget): void {
    try {
      if (!serveNow(this.#context, exchange, target)) this.#serveLater(exchange, connection, target)
    } catch (error) {
      this.#fail(exchange, error)
    }
  }
  #serveLater(exchange: DirectExchange, connection: DirectConnection, target: SegmentedTarget): void {
    serveLater(this.#context, exchange, target).then(
      (recorded) => recorded && connection.handOver(),
      (error) => this.#fail(exchange, error),
    )
  }
  async #play(exchange: DirectExchange, connection: DirectConnection, target: ProgressiveTarget): Promise<void> {
    try {
      await playOnSocket(this.#context, connection.socket, target)
      connection.becomeViewer()
    } catch (error) {
      this.#fail(exchange, error)
    }
  }
  #fail(exchange: DirectExchange, error: unknown): void {
    const problem = reportedProblem(this.#context.log, error)
    if (exchange.isBegun) exchange.destroy()
    else exchange.send(problemAnswer(problem))
  }

  #check(): void {
    const nowMs = performance.now()
    for (const connection of this.#connections) connection.check(nowMs)
  }
}

function readRoute(text: string): Route {
  const { address, query } = parseTarget(text)
  if (address.kind === 'progressive' && Object.hasOwn(PROGRESSIVE_FORMATS, address.format)) {
    const { name, format } = address
    const target = { name, format: progressiveFormat(format), ordering: wantedOrdering(query.get('bframes')) }
    return { kind: 'progressive', target }
  }
  const resource = address.kind === 'segmented' ? parseSegmentedResource(address.file) : undefined
  if (address.kind !== 'segmented' || !resource || asksForThePast(query)) return { kind: 'other' }
  return { kind: 'segmented', target: { name: address.name, file: address.file, resource, query } }
}

function asksForThePast(query: URLSearchParams): boolean {
  return ['from', 'to', 'at'].some((name) => query.has(name))
}
