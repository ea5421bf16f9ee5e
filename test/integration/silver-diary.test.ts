import { expect, test } from 'vitest'
import { createRandom } from '../../src/core/random.ts'
import type { NewRecord } from '../../src/market/record.ts'
import type { SelfEvent } from '../../src/market/self-record.ts'
import { listIncidents } from '../../src/warehouse/index.ts'
import { openRefinery, shuffle, tempFolder, writeLog } from '../playback/support.ts'

/** 2026-01-05T10:00:00Z. */
const BEGIN_US = 1_767_607_200_000_000

function record(about: Partial<NewRecord>, payload: unknown): NewRecord {
  return {
    dialect: 'assay/self',
    channel: 'self',
    symbol: null,
    origin: 'self',
    receivedTimeUs: BEGIN_US,
    conn: 'c',
    frame: 0,
    request: null,
    payload: Buffer.from(JSON.stringify(payload)),
    ...about,
  }
}

type Incident = Extract<SelfEvent, { event: 'incident' }>

function incident(over: Partial<Incident>): NewRecord {
  const about = { venue: 'kraken', cause: 'stale', channel: 'trade', symbol: 'BTC/USD' } as const
  return record({}, { event: 'incident', ...about, fromUs: 5, toUs: null, detail: '', ...over })
}

test('an incident is over when the latest word of its end says, whatever the order', async () => {
  const told = [
    incident({ detail: 'begun' }),
    incident({ toUs: 9, detail: 'resubscribed' }),
    incident({ toUs: 7, detail: 'thought over' }),
    incident({ fromUs: 6, cause: 'disconnected', channel: null, symbol: null }),
  ]
  const random = createRandom('incidents')
  for (let round = 0; round < 8; round += 1) {
    const dataDir = tempFolder()
    await using refinery = await openRefinery(dataDir)
    for (const entry of shuffle(told, random)) {
      await writeLog(dataDir, 'l', [entry])
      await refinery.refine()
    }
    const about = { venue: 'kraken', cause: 'stale', channel: 'trade', symbol: 'BTC/USD' }
    expect(await listIncidents(refinery.warehouse, { limit: 9 })).toEqual([
      {
        ...about,
        cause: 'disconnected',
        channel: null,
        symbol: null,
        fromUs: 6,
        toUs: null,
        detail: '',
      },
      { ...about, fromUs: 5, toUs: 9, detail: 'resubscribed' },
    ])
  }
})

test('an incident without its fields is set aside', async () => {
  const dataDir = tempFolder()
  await using refinery = await openRefinery(dataDir)
  await writeLog(dataDir, 'l', [
    incident({ toUs: -1 }),
    record({}, { event: 'incident', venue: 'kraken', cause: 'stale', fromUs: 5, toUs: null }),
  ])
  await refinery.refine()
  expect(refinery.totals).toMatchObject({ rejected: 2 })
  expect(await listIncidents(refinery.warehouse, { limit: 9 })).toEqual([])
})

test('an instrument is delisted while its newest listing says it is not traded', async () => {
  const dataDir = tempFolder()
  await using refinery = await openRefinery(dataDir)
  const listing = (minutes: number, status: string) => {
    const product = { id: 'BTC-USD', base_currency: 'BTC', quote_currency: 'USD', status }
    const about = { dialect: 'coinbase/rest', channel: 'products', origin: 'rest' as const }
    const receivedTimeUs = BEGIN_US + minutes * 60_000_000
    const steps = { base_increment: '0.00000001', quote_increment: '0.01' }
    const request = { url: 'https://api.exchange.coinbase.com/products', status: 200 }
    return record({ ...about, receivedTimeUs, request }, [{ ...product, ...steps }])
  }
  const delisted: (number | null)[] = []
  // The last comes late: what was received after it stands.
  for (const told of [listing(0, 'online'), listing(9, 'delisted'), listing(5, 'online')]) {
    await writeLog(dataDir, 'l', [told])
    await refinery.refine()
    const row = await refinery.warehouse.read((db) =>
      db.selectFrom('instruments').selectAll().executeTakeFirstOrThrow(),
    )
    delisted.push(row.delisted_us)
    expect(row).toMatchObject({ base: 'BTC', quote: 'USD', multiplier: 1, kind: 'spot' })
  }
  const since = BEGIN_US + 9 * 60_000_000
  expect(delisted).toEqual([null, since, since])
})
