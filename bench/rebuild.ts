import { statSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../src/core/clock.ts'
import { followCandles } from '../src/gold/candles.ts'
import { decodeLogs, rebuildSilver } from '../src/silver/rebuild.ts'
import { createGeneration, openWarehouse } from '../src/warehouse/index.ts'
import { type CandleDigest, digestCandles } from './candle-digest.ts'
import { answerJob } from './job.ts'

/** A data folder whose logs are to be refined anew. */
export interface RebuildTask {
  readonly dataDir: string
  readonly folder: string
  /** Trades expected, to know how far it is. */
  readonly trades: number
}

/** How it went. */
export interface RebuildResult extends CandleDigest {
  readonly trades: number
  readonly ms: number
  /** Part of it spent on larger candles, and on checking, syncing and swapping. */
  readonly goldMs: number
  readonly finishMs: number
  readonly goldCandles: number
  readonly rssMbMax: number
  /** Resident memory when a fifth was done, and at the end of refining. */
  readonly rssMbEarly: number
  readonly rssMbLate: number
  readonly databaseBytes: number
}

const GRACE_US = 10_000_000
const MIB = 1024 * 1024

/** Rebuilds silver and gold into a new generation and swaps it in, as `assay rebuild` does. */
async function rebuild(task: RebuildTask): Promise<RebuildResult> {
  const { dataDir } = task
  const url = `sqlite:${task.folder}`
  const startMs = performance.now()
  await using batches = decodeLogs(dataDir)
  await using generation = await createGeneration({ url, clock: systemClock, holder: 'bench' })
  let early = 0
  const { accepted } = await rebuildSilver({
    batches,
    warehouse: generation,
    graceUs: GRACE_US,
    onProgress: (progress) => {
      if (early === 0 && progress.accepted >= task.trades / 5) early = process.memoryUsage.rss()
    },
  })
  const late = process.memoryUsage.rss()
  const goldStartMs = performance.now()
  const goldCandles = await followCandles(generation)
  const finishStartMs = performance.now()
  await generation.finish({ trades: accepted })
  const endMs = performance.now()
  const rssMbMax = process.resourceUsage().maxRSS / 1024
  return {
    trades: accepted,
    ms: endMs - startMs,
    goldMs: finishStartMs - goldStartMs,
    finishMs: endMs - finishStartMs,
    goldCandles,
    rssMbMax,
    rssMbEarly: early / MIB,
    rssMbLate: late / MIB,
    databaseBytes: statSync(join(task.folder, `${generation.generation}.sqlite`)).size,
    ...(await digestStored(url)),
  }
}

async function digestStored(url: string): Promise<CandleDigest> {
  await using warehouse = await openWarehouse({ url, mode: 'read', clock: systemClock })
  const rows = await warehouse.read((db) =>
    db
      .selectFrom('silver_candles_1m as candle')
      .innerJoin('instruments as one', 'one.instrument_id', 'candle.instrument_id')
      .selectAll('candle')
      .select('one.symbol')
      .where('trade_count', '>', 0)
      .execute(),
  )
  return digestCandles(
    rows.map((row) => ({
      symbol: row.symbol,
      openTimeUs: row.open_time_us,
      open: String(row.open),
      high: String(row.high),
      low: String(row.low),
      close: String(row.close),
      volume: row.volume,
      notional: row.notional,
      takerBuy: row.taker_buy_volume,
      trades: row.trade_count,
    })),
  )
}

await answerJob(rebuild)
