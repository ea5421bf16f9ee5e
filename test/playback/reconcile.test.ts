import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openJournal } from '../../src/bronze/index.ts'
import { importAnswer } from '../../src/collect/import-answer.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { parseTimeUs } from '../../src/market/bucket.ts'
import { type Difference, reconcile } from '../../src/quality/reconcile.ts'
import { kraken } from '../../src/venues/kraken/index.ts'
import { listInstruments } from '../../src/warehouse/index.ts'
import { DATA, GRACE_US } from './folders.ts'
import { openRefinery, START_US, tempFolder } from './support.ts'

const TRADES = join(DATA, 'gold/kraken_rest_trades_XBTUSDT_20251110.json')
const OHLC = join(DATA, 'gold/kraken_rest_ohlc1m_XBTUSDT_20251110.json')
const HOST = 'https://api.kraken.com/0/public'
/** The minute in which the file of trades begins, some seconds in. */
const FIRST_US = parseTimeUs('2025-11-10T17:23:00Z') as number
const END_US = parseTimeUs('2025-11-11T00:18:00Z') as number

async function importInto(dataDir: string, path: string, url: string): Promise<void> {
  const clock = createManualClock(START_US)
  await using journal = await openJournal({ dataDir, name: 'import', clock, commitWindowMs: 0 })
  const about = { path, venue: kraken, symbol: 'BTC/USDT', url, journal, clock }
  await importAnswer({ ...about, version: '0.0.0' })
}

describe.skipIf(!existsSync(TRADES))('our candles against Kraken’s own', () => {
  test('are equal in 273 of 274 traded minutes; the first lacks trades', async () => {
    const dataDir = tempFolder()
    await importInto(dataDir, TRADES, `${HOST}/Trades?pair=XBTUSDT`)
    await importInto(dataDir, OHLC, `${HOST}/OHLC?pair=XBTUSDT&interval=1`)
    await using refinery = await openRefinery(dataDir)
    await refinery.settle()
    const instrument = (await listInstruments(refinery.warehouse)).find(
      ({ symbol }) => symbol === 'BTC/USDT',
    )
    if (instrument === undefined) throw new Error('the instrument is not stored')
    const differences: Difference[] = []
    const result = await reconcile(refinery.warehouse, {
      instrument: { ...instrument, priceStep: '0.1' },
      fromUs: FIRST_US,
      toUs: END_US,
      graceUs: GRACE_US,
      onDifference: (difference) => differences.push(difference),
    })
    // The file's last row, the running minute, is open: it is no word to hold ours against.
    expect(result.sources.import).toEqual({ compared: 414, equal: 413, empty: 140, differing: 1 })
    expect(result.labels).toEqual({
      missed_trades: 1,
      venue_revised: 0,
      venue_inconsistent: 0,
      ours: 0,
    })
    expect(differences).toHaveLength(1)
    expect(differences[0]).toMatchObject({ openTimeUs: FIRST_US, label: 'missed_trades' })
    expect(differences[0]?.fields.map(({ field }) => field)).toContain('trade_count')
  })
})
