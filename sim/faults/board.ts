import { AssayError } from '../../src/core/errors.ts'
import type { Random } from '../../src/core/random.ts'
import type { Fill } from '../market/ledger.ts'
import type { ProductMarket } from '../market/product-market.ts'
import type { Delivery } from './delivery.ts'
import { createDelivery } from './delivery.ts'
import type { FaultKind, FaultRecord, FaultRequest, OpenFault } from './fault.ts'
import { createOpenFault, FAULT_KINDS, GARBAGE_VARIANTS } from './fault.ts'
import type { RestFaults } from './rest-faults.ts'
import { createRestFaults } from './rest-faults.ts'

/** What a feed can be made to do to its clients; each returns how many connections it hit. */
export interface FaultTarget {
  stall(untilUs: number): number
  mute(product: string, untilUs: number, frozenId: number | null): number
  garbage(request: FaultRequest, product: string): number
  oversized(bytes: number): number
  disconnect(code: number | null): number
  delayAcks(ms: number, count: number): void
}

/** All faults: injects, keeps what waits to strike, remembers what was done. */
export interface FaultBoard {
  /**
   * Injects a fault now.
   *
   * @throws AssayError `ASSAY_USAGE` for an unknown kind, variant or product.
   */
  inject(request: FaultRequest): FaultRecord
  /** The last 100,000, oldest first. */
  readonly records: readonly FaultRecord[]
  readonly delivery: Delivery
  readonly rest: RestFaults
  /** While connections are refused: the HTTP status to refuse with, 0 for accept and drop. */
  refusal(nowUs: number): number | null
}

/** What a board works on. */
export interface FaultBoardOptions {
  readonly products: ReadonlyMap<string, ProductMarket>
  readonly targets: readonly FaultTarget[]
  readonly random: Random
  readonly nowUs: () => number
  /** Where trades go that no fault kept back. */
  readonly emit: (fill: Fill) => void
}

/** One fault about to strike, its defaults filled in. */
interface Strike {
  readonly fault: OpenFault
  readonly request: FaultRequest
  readonly engine: ProductMarket
  readonly count: number
  readonly untilUs: number
}

const SECONDS_DEFAULT = 8
const DELAY_MS_DEFAULT = 500
const OVERSIZED_BYTES_DEFAULT = 64 * 1024 * 1024
const COUNT_MAX = 1_000_000
const RECORDS_MAX = 100_000
const CLOSE_CODES = [1000, 1001, 1008, 1009, 1011, 1012, 1013]
const PRODUCT_KINDS: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'drop',
  'duplicate',
  'reorder',
  'delay',
  'never',
  'mute',
  'garbage',
])

function refuse(message: string, request: unknown): never {
  throw new AssayError('ASSAY_USAGE', message, { context: { request } })
}

/** Requests come from HTTP bodies too: whatever they hold, only sense gets through. */
function checkRequest(request: FaultRequest): void {
  if (typeof request !== 'object' || request === null) refuse('A fault is an object.', request)
  if (!FAULT_KINDS.includes(request.kind)) refuse(`No fault is called ${request.kind}.`, request)
  if (request.variant !== undefined && !GARBAGE_VARIANTS.includes(request.variant)) {
    refuse(`No garbage is called ${request.variant}.`, request)
  }
  for (const name of ['count', 'seconds', 'ms', 'bytes', 'rows'] as const) {
    const value: unknown = request[name]
    if (value === undefined) continue
    const sensible = typeof value === 'number' && value >= 0 && value < 1e9
    if (!sensible) refuse(`The fault's ${name} is not a number that makes sense.`, request)
  }
  const { count = 1, code = null } = request
  if (!Number.isInteger(count) || count < 1 || count > COUNT_MAX) {
    refuse(`A fault strikes 1 to ${COUNT_MAX} times.`, request)
  }
  if (code !== null && !CLOSE_CODES.includes(code) && !(code >= 3000 && code < 5000)) {
    refuse(`A server cannot close with ${code}.`, request)
  }
}

function durationUs(request: FaultRequest): number | null {
  const { kind, seconds = SECONDS_DEFAULT, ms = DELAY_MS_DEFAULT } = request
  if (kind === 'stall' || kind === 'mute' || kind === 'refuse') return seconds * 1e6
  return kind === 'delay' ? ms * 1000 : null
}

/** Does to the clients of one feed what a fault of its sockets demands. */
function strikeTarget(target: FaultTarget, strike: Strike): number {
  const { request, engine, untilUs } = strike
  const { id } = engine.product
  switch (request.kind) {
    case 'stall':
      return target.stall(untilUs)
    case 'mute': {
      const frozen = request.heartbeat === 'frozen'
      return target.mute(id, untilUs, frozen ? (engine.ledger.lastFill?.tradeId ?? 0) : null)
    }
    case 'garbage': {
      let hits = 0
      for (let i = 0; i < strike.count; i += 1) hits += target.garbage(request, id)
      return hits
    }
    case 'oversized':
      return target.oversized(request.bytes ?? OVERSIZED_BYTES_DEFAULT)
    case 'disconnect':
      return target.disconnect(request.code ?? null)
    case 'late_ack':
      target.delayAcks(request.ms ?? DELAY_MS_DEFAULT, strike.count)
      return 0
    default:
      return 0
  }
}

/** Has the delivery or the market do what a fault of trades demands. */
function strikeTrades(delivery: Delivery, strike: Strike): void {
  const { fault, request, engine, count, untilUs } = strike
  const { id } = engine.product
  switch (request.kind) {
    case 'drop':
    case 'duplicate':
    case 'reorder':
      delivery[request.kind](id, count, fault)
      break
    case 'delay':
      delivery.delay(id, untilUs, fault)
      break
    case 'never': {
      const [firstId, lastId] = engine.ledger.skipIds(count)
      for (let tradeId = firstId; tradeId <= lastId; tradeId += 1) fault.touch(tradeId)
      break
    }
    default:
  }
}

/** Returns a board with nothing injected yet. */
export function createFaultBoard(options: FaultBoardOptions): FaultBoard {
  const records: FaultRecord[] = []
  const delivery = createDelivery(options.random, options.emit)
  const rest = createRestFaults()
  let refusedUntilUs = 0
  let refusalStatus = 503
  let injected = 0

  function engineOf(request: FaultRequest): ProductMarket {
    const id = request.product ?? [...options.products.keys()][0]!
    return options.products.get(id) ?? refuse(`The simulator does not list ${id}.`, request)
  }

  return {
    inject(request) {
      checkRequest(request)
      const engine = engineOf(request)
      const timeUs = options.nowUs()
      const duration = durationUs(request)
      const named = request.product !== undefined || PRODUCT_KINDS.has(request.kind)
      const untilUs = timeUs + (duration ?? 0)
      const fault = createOpenFault(request, {
        id: injected,
        timeUs,
        untilUs: duration === null ? null : untilUs,
        product: named ? engine.product.id : null,
      })
      injected += 1
      records.push(fault.record)
      if (records.length > RECORDS_MAX) records.shift()
      const strike = { fault, request, engine, count: request.count ?? 1, untilUs }
      strikeTrades(delivery, strike)
      for (const target of options.targets) fault.hit(strikeTarget(target, strike))
      if (request.kind.startsWith('rest_')) rest.add(fault)
      if (request.kind === 'refuse') {
        refusedUntilUs = untilUs
        refusalStatus = request.status ?? 503
      }
      return fault.record
    },
    records,
    delivery,
    rest,
    refusal(nowUs) {
      return nowUs < refusedUntilUs ? refusalStatus : null
    },
  }
}
