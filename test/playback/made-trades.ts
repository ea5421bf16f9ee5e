import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '../../src/core/random.ts'
import { canonicalDecimal } from '../../src/market/decimal.ts'
import { importInto } from './support.ts'

/** 2026-03-01T00:00:30Z: a while into the first minute of a day. */
export const BEGIN_US = 1_772_323_230_000_000

/** A trade whose price is in cents and whose size is in 10^-8, as whole numbers. */
export interface Made {
  readonly id: number
  readonly timeUs: number
  readonly cents: bigint
  readonly sats: bigint
  readonly isBuy: boolean
}

/** What trades are made of. */
export interface Making {
  readonly seed: string
  readonly trades: number
  /** Mean pause between trades that are not at the same time. */
  readonly pauseUs: number
  /** Prices are anywhere between these. */
  readonly cents: readonly [least: number, greatest: number]
}

/** Makes trades from {@link BEGIN_US} on, numbered one after the other. */
export function makeTrades({ seed, trades, pauseUs, cents }: Making): Made[] {
  const random = createRandom(seed)
  let timeUs = BEGIN_US
  return Array.from({ length: trades }, (_, at) => {
    if (random.next() < 0.8) timeUs += Math.round(random.exponential(pauseUs))
    return {
      id: 1000 + at,
      timeUs,
      cents: BigInt(random.int(...cents)),
      sats: BigInt(random.int(1, 500_000_000)),
      isBuy: random.next() < 0.5,
    }
  })
}

/** Writes whole units of 10^-scale as canonical decimal text. */
export function unitsText(value: bigint, scale: number): string {
  const size = value < 0n ? -value : value
  const digits = size.toString().padStart(scale + 1, '0')
  const text = `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  return canonicalDecimal(value < 0n ? `-${text}` : text) ?? 'none'
}

/** Imports trades as a file of their own into the log of a data folder. */
export async function importTape(
  dataDir: string,
  trades: readonly Made[],
  file: { readonly name: string; readonly symbol?: string },
): Promise<void> {
  const lines = trades.map(({ id, timeUs, cents, sats, isBuy }) =>
    [id, timeUs, unitsText(cents, 2), unitsText(sats, 8), isBuy ? 'buy' : 'sell'].join(','),
  )
  const path = join(dataDir, file.name)
  writeFileSync(path, ['id,time,price,size,side', ...lines].join('\n'))
  const columns = { trade_id: 'id', time: 'time:us', price: 'price', size: 'size', side: 'side' }
  const symbol = file.symbol ?? 'BTC-USD'
  await importInto(dataDir, { path, venue: 'coinbase', symbol, kind: 'trades', columns })
}
