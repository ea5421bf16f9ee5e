import { microsText } from '../market/text.ts'
import type { ChannelRequest } from './request.ts'

/** When a request came in and its answer went out, epoch microseconds. */
export interface Timing {
  readonly inUs: number
  readonly outUs: number
}

function tail(timing: Timing): string {
  return `"time_in":"${microsText(timing.inUs)}","time_out":"${microsText(timing.outUs)}"}`
}

const idField = (reqId: number | null) => (reqId === null ? '' : `"req_id":${reqId},`)

function resultOf(request: ChannelRequest, symbol: string | null): object {
  const { method, channel } = request
  const subscribes = method === 'subscribe'
  return {
    channel,
    ...(channel === 'book' ? { depth: request.depth } : {}),
    ...(channel === 'ticker' ? { event_trigger: request.trigger } : {}),
    ...(channel === 'ohlc' ? { interval: request.interval } : {}),
    ...(subscribes ? { snapshot: request.snapshot } : {}),
    ...(symbol === null ? {} : { symbol }),
    ...(channel === 'ohlc' && subscribes
      ? { warnings: ['timestamp is deprecated, use interval_begin'] }
      : {}),
  }
}

/** Returns the ack of one symbol; `null` for a channel without symbols. */
export function ackFrame(request: ChannelRequest, symbol: string | null, timing: Timing): string {
  return (
    `{"method":"${request.method}",${idField(request.reqId)}` +
    `"result":${JSON.stringify(resultOf(request, symbol))},"success":true,${tail(timing)}`
  )
}

/** What a rejection repeats of its request. */
export interface Rejected {
  readonly method: 'subscribe' | 'unsubscribe' | null
  readonly reqId: number | null
  readonly symbol: string | null
}

/** Returns a rejection: no `result`, and the symbol at the top. The connection stays open. */
export function rejectionFrame(error: string, of: Rejected, timing: Timing): string {
  const method = of.method === null ? '' : `"method":"${of.method}",`
  const symbol = of.symbol === null ? '' : `"symbol":${JSON.stringify(of.symbol)},`
  return (
    `{"error":${JSON.stringify(error)},${method}${idField(of.reqId)}` +
    `"success":false,${symbol}${tail(timing)}`
  )
}

/** Returns the answer to an application's ping. */
export function pongFrame(reqId: number | null, timing: Timing): string {
  return `{"method":"pong",${idField(reqId)}${tail(timing)}`
}
