import { describe, expect, test } from 'vitest'
import type { FaultRecord, TruthTrade } from '../../sim/index.ts'
import type { Evidence } from './evidence.ts'
import { judgeRestarts, judgeStalls } from './judge-feeds.ts'

const S = 1_000_000

function fault(over: Partial<FaultRecord>): FaultRecord {
  const request = { kind: over.kind ?? 'stall' }
  return {
    ...{ id: 0, venue: 'kraken', kind: 'stall', time: '', time_us: 10 * S, until_us: 20 * S },
    ...{ product: null, ids: [], lost: {}, minutes_us: [], reachable: true, hits: 1, request },
    ...over,
  }
}

describe('a stall', () => {
  const silent = (atUs: number): Evidence['incidents'][number] => ({
    ...{ event: 'incident', venue: 'kraken', cause: 'silent', channel: null, symbol: null },
    ...{ fromUs: atUs, toUs: null, detail: '', atUs },
  })
  const close = (atUs: number): Evidence['closes'][number] => ({
    ...{ event: 'close', venue: 'kraken', code: null, reason: '', atUs },
  })

  test('is noticed by the incident that tells of silence', () => {
    const evidence = { incidents: [silent(15.2 * S)], closes: [close(15.1 * S)] }
    const found = judgeStalls({ faults: [fault({})] }, evidence)
    expect(found).toEqual({ noticedMs: [5200], overtaken: 0, unnoticed: 0 })
  })

  test('that something else ended is not measured, and one sat through is a failure', () => {
    const cut = judgeStalls({ faults: [fault({})] }, { incidents: [], closes: [close(12 * S)] })
    expect(cut).toEqual({ noticedMs: [], overtaken: 1, unnoticed: 0 })
    const late = { incidents: [silent(21 * S)], closes: [close(21 * S)] }
    expect(judgeStalls({ faults: [fault({})] }, late)).toMatchObject({ unnoticed: 1 })
  })
})

describe('a subscription driven anew', () => {
  const SYMBOL = 'REKT/USD'
  const stale: Evidence['stales'][number] = {
    ...{ event: 'stale', venue: 'kraken', channel: 'trade', symbol: SYMBOL },
    ...{ silentMs: 60_000, atUs: 200 * S },
  }
  const made: TruthTrade = {
    ...{ venue: 'kraken', product: SYMBOL, trade_id: 7, time: '', time_us: 180 * S },
    ...{ price: '1', size: '1', side: 'buy' },
  }
  const judge = (at: { undelivered?: boolean; faults?: readonly FaultRecord[] }) =>
    judgeRestarts(
      {
        startUs: 0,
        faults: at.faults ?? [],
        truth: ({ venue, product } = {}) =>
          venue === 'kraken' && product === SYMBOL ? [made] : [],
        undelivered: () => ({ [SYMBOL]: at.undelivered === true ? [[7, 7]] : [] }),
      },
      { stales: [stale] },
      () => {},
    )

  test('had a ground where a trade was kept from every socket meanwhile', () => {
    expect(judge({ undelivered: true })).toEqual({ total: 1, falseQuiet: 0, falseBusy: 0 })
  })

  test('had none where all was told in time, whatever struck other products', () => {
    const other = fault({ kind: 'reject', product: 'BTC/USD', time_us: 150 * S })
    expect(judge({ faults: [other] })).toEqual({ total: 1, falseQuiet: 1, falseBusy: 0 })
  })

  test('had a ground where a trade was told late', () => {
    const late = fault({ kind: 'reorder', product: SYMBOL, ids: [[7, 7]], time_us: 150 * S })
    expect(judge({ faults: [late] })).toMatchObject({ falseQuiet: 0 })
  })
})
