import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hiveValue } from '../../core/hive-value.ts'
import { writeFailure } from '../../core/write-failure.ts'
import { bucketStart, MINUTE_US, parseTimeUs } from '../../market/bucket.ts'
import type { Candle } from '../../market/candle.ts'
import type { Instrument } from '../../market/instrument.ts'
import { listCandles } from '../queries/candles.ts'
import type { Warehouse } from '../warehouse.ts'

const HOUR_US = 60 * MINUTE_US
const DAY_US = 24 * HOUR_US

/** One minute of the export: a candle, and what it is truly a candle of. */
export interface ExportedCandle extends Candle {
  readonly venue: string
  /** The venue's own symbol. */
  readonly symbol: string
  readonly base: string | null
  /** What is truly quoted: USDT is not USD. */
  readonly quote: string | null
  /** Units of the base one unit stands for: 1000 of 1000REKT. */
  readonly multiplier: number
}

/** What is exported, and where to. */
export interface HiveExport {
  readonly instruments: readonly Instrument[]
  readonly fromUs: number
  readonly toUs: number
  readonly folder: string
  /** Told after each day of an instrument: how many are done, and of how many. */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal: AbortSignal
}

/** What an export wrote. */
export interface HiveExported {
  readonly files: number
  readonly rows: number
}

/**
 * Writes one-minute candles of the hours that `[fromUs, toUs)` touches as JSON Lines, a file for
 * each instrument and hour, below
 * `exchange=/symbol=BTC-USD/interval_minutes=1/year=/month=/day=/hour=/`.
 *
 * Minutes are those of `candles_1m`, by the precedence of D7, those without trades among them
 * with why they have none; decimals are text. The folder's symbol is base and quote as the venue
 * lists them. A file is written whole and renamed into place: exporting again gives the same
 * bytes where nothing has changed.
 *
 * @throws ASSAY_DISK_FULL, ASSAY_READ_ONLY or ASSAY_FILE_UNREADABLE where it cannot be written.
 */
export async function exportHiveCandles(
  warehouse: Warehouse,
  options: HiveExport,
): Promise<HiveExported> {
  const { instruments, signal, onProgress } = options
  // Whole hours: a file of part of one would take the place of the whole.
  const fromUs = bucketStart(options.fromUs, HOUR_US)
  const toUs = bucketStart(options.toUs + HOUR_US - 1, HOUR_US)
  const firstDayUs = bucketStart(fromUs, DAY_US)
  const days = Math.max(0, Math.ceil((toUs - firstDayUs) / DAY_US))
  let files = 0
  let rows = 0
  let done = 0
  for (const instrument of instruments) {
    for (let dayUs = firstDayUs; dayUs < toUs; dayUs += DAY_US) {
      signal.throwIfAborted()
      const span = { fromUs: Math.max(fromUs, dayUs), toUs: Math.min(toUs, dayUs + DAY_US) }
      const { instrumentId } = instrument
      const query = { instrumentId, interval: '1m' as const, limit: DAY_US / MINUTE_US, ...span }
      const candles = await listCandles(warehouse, query)
      for (const [hourUs, members] of Map.groupBy(candles, hourOf)) {
        await writeHour(join(options.folder, hourFolder(instrument, hourUs)), instrument, members)
        files += 1
      }
      rows += candles.length
      done += 1
      onProgress?.(done, days * instruments.length)
    }
  }
  return { files, rows }
}

function hourOf(candle: Candle): number {
  return bucketStart(parseTimeUs(candle.open_time) as number, HOUR_US)
}

function hourFolder(instrument: Instrument, hourUs: number): string {
  const { venue, symbol, base, quote } = instrument
  const [date = '', time = ''] = new Date(hourUs / 1000).toISOString().split('T')
  const [year, month, day] = date.split('-')
  return join(
    `exchange=${hiveValue(venue)}`,
    `symbol=${hiveValue(base === null || quote === null ? symbol : `${base}-${quote}`)}`,
    'interval_minutes=1',
    `year=${year}`,
    `month=${month}`,
    `day=${day}`,
    `hour=${time.slice(0, 2)}`,
  )
}

async function writeHour(
  folder: string,
  instrument: Instrument,
  candles: readonly Candle[],
): Promise<void> {
  const { venue, symbol, base, quote, multiplier } = instrument
  const lines = candles.map((candle) => {
    const row: ExportedCandle = { venue, symbol, base, quote, multiplier, ...candle }
    return `${JSON.stringify(row)}\n`
  })
  const path = join(folder, 'candles.jsonl')
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(`${path}.part`, lines.join(''), { flush: true })
    await rename(`${path}.part`, path)
  } catch (cause) {
    throw writeFailure(folder, cause)
  }
}
