import { AssayError } from '../../src/core/errors.ts'
import type { Random } from '../../src/core/random.ts'
import type { ProductMarket } from '../market/product-market.ts'
import type { CandleHoles } from '../service/candle-holes.ts'
import type { VenueId } from '../venue-id.ts'
import type { FaultTarget, Print } from '../venue-sim.ts'
import type { Delivery } from './delivery.ts'
import { createDelivery } from './delivery.ts'
import type { FaultKind, FaultRecord, FaultRequest, OpenFault } from './fault.ts'
import { FAULT_KINDS, GARBAGE_VARIANTS } from './fault.ts'
import type { FaultJournal } from './journal.ts'
import type { RestFaults } from './rest-faults.ts'
import type { SymbolFaults } from './symbol-faults.ts'
import { isSymbolKind, SYMBOL_KINDS } from './symbol-faults.ts'

/** All faults of one venue: injects them and keeps what waits to strike. */
export interface FaultBoard {
  /**
   * Injects a fault now.
   *
   * @throws AssayError `ASSAY_USAGE` for an unknown kind, variant or product.
   */
  inject(request: FaultRequest): FaultRecord
  readonly delivery: Delivery
  /** While connections are refused: the HTTP status to refuse with, 0 for accept and drop. */
  refusal(nowUs: number): number | null
}

/** What a board works on. */
export interface FaultBoardOptions {
  readonly venue: VenueId
  readonly products: ReadonlyMap<string, ProductMarket>
  readonly targets: readonly FaultTarget[]
  readonly random: Random
  readonly nowUs: () => number
  /** Where prints go that no fault kept back. */
  readonly emit: (print: Print) => void
  readonly journal: FaultJournal
  readonly rest: RestFaults
  readonly symbolFaults: SymbolFaults
  readonly candleHoles: CandleHoles
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
const MINUTE_US = 60_000_000
const CLOSE_CODES = [1000, 1001, 1008, 1009, 1011, 1012, 1013]
const PRODUCT_KINDS: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'drop',
  'duplicate',
  'reorder',
  'delay',
  'never',
  'mute',
  'garbage',
  'rest_hole',
  'kline_hole',
  ...SYMBOL_KINDS,
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
  const { fault, request, engine, untilUs } = strike
  const { id } = engine.product
  switch (request.kind) {
    case 'stall':
      return target.stall(fault, untilUs)
    case 'mute': {
      const frozen = request.heartbeat === 'frozen'
      const frozenId = frozen ? (engine.ledger.lastFill?.tradeId ?? 0) : null
      return target.mute(id, { fault, untilUs, frozenId })
    }
    case 'planned_cut':
      return target.plannedCut()
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
    case 'rest_hole':
      delivery[request.kind](id, count, fault)
      break
    case 'delay':
      delivery.delay(id, untilUs, fault)
      break
    case 'never': {
      const [firstId, lastId] = engine.ledger.skipIds(count)
      fault.touch(firstId, lastId)
      fault.hit(count - 1)
      break
    }
    default:
  }
}

/** Takes the last minutes that are complete out of REST candles. */
function strikeCandles(holes: CandleHoles, strike: Strike, timeUs: number): void {
  const { fault, engine, count } = strike
  const openUs = timeUs - (timeUs % MINUTE_US)
  for (let back = count; back > 0; back -= 1) {
    holes.add(engine.product.id, openUs - back * MINUTE_US)
    fault.touchMinute(openUs - back * MINUTE_US)
    fault.hit()
  }
}

/** Returns a board with nothing injected yet. */
export function createFaultBoard(options: FaultBoardOptions): FaultBoard {
  const { rest, journal, symbolFaults, candleHoles, products } = options
  const hide = (print: Print) =>
    products.get(print[0]!.product.id)!.ledger.hide(print[0]!.tradeId, print.at(-1)!.tradeId)
  const delivery = createDelivery(options.random, options.emit, hide)
  let refusedUntilUs = 0
  let refusalStatus = 503

  function engineOf(request: FaultRequest): ProductMarket {
    const id = request.product ?? [...products.keys()][0]!
    return products.get(id) ?? refuse(`The simulator does not list ${id}.`, request)
  }

  function strikeWaiting(strike: Strike): void {
    const { fault, request, engine, untilUs } = strike
    const { kind } = request
    if (kind === 'ban' || (kind.startsWith('rest_') && kind !== 'rest_hole')) rest.add(fault)
    if (isSymbolKind(kind)) symbolFaults.add(kind, engine.product.id, fault)
    if (kind !== 'refuse') return
    refusedUntilUs = untilUs
    refusalStatus = request.status ?? 503
  }

  return {
    inject(request) {
      checkRequest(request)
      const engine = engineOf(request)
      const timeUs = options.nowUs()
      const duration = durationUs(request)
      const named = request.product !== undefined || PRODUCT_KINDS.has(request.kind)
      const untilUs = timeUs + (duration ?? 0)
      const fault = journal.open(request, {
        venue: options.venue,
        timeUs,
        untilUs: duration === null ? null : untilUs,
        product: named ? engine.product.id : null,
      })
      const strike = { fault, request, engine, count: request.count ?? 1, untilUs }
      strikeTrades(delivery, strike)
      if (request.kind === 'kline_hole') strikeCandles(candleHoles, strike, timeUs)
      for (const target of options.targets) fault.hit(strikeTarget(target, strike))
      strikeWaiting(strike)
      return fault.record
    },
    delivery,
    refusal(nowUs) {
      return nowUs < refusedUntilUs ? refusalStatus : null
    },
  }
}
