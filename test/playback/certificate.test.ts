import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listLogs, logStat, openLogReader, sealLog } from '../../src/bronze/index.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { createRandom, type Random } from '../../src/core/random.ts'
import { bucketStart, formatTimeUs, MINUTE_US, parseTimeUs } from '../../src/market/bucket.ts'
import type { NewRecord } from '../../src/market/record.ts'
import {
  type Certificate,
  claimTheSame,
  type IssuedCertificate,
  isUnchanged,
  sealCertificate,
} from '../../src/quality/certificate.ts'
import { issueCertificate, readPaper } from '../../src/quality/certificate-store.ts'
import { drawCertificate } from '../../src/quality/certify.ts'
import { verifyCertificate } from '../../src/quality/verify-certificate.ts'
import { listInstruments, openWarehouse, type Warehouse } from '../../src/warehouse/index.ts'
import { GRACE_US, urlOf } from './folders.ts'
import { copyLogs, openRefinery, rebuild, START_US, tempFolder, writeLog } from './support.ts'
import { syntheticLogs } from './synthetic.ts'

const HOUR_US = 60 * MINUTE_US
// 120 more, some of them with ranges that contradict each other, were tried when this was written.
const SEEDS = [1, 2, 3, 4, 119, 126, 204]
const ABOUT = { revision: 1, issued: '2026-11-21T00:00:00.000Z' }

interface Certified {
  readonly dataDir: string
  readonly certificates: readonly IssuedCertificate[]
}

const made = new Map<number, Promise<Certified>>()

/**
 * Refines synthetic logs and draws the certificates of every instrument and hour; once for each
 * seed, so that whoever writes below the folder takes a seed of their own.
 */
function certified(seed: number): Promise<Certified> {
  const known = made.get(seed) ?? makeCertified(seed)
  made.set(seed, known)
  return known
}

async function makeCertified(seed: number): Promise<Certified> {
  const dataDir = tempFolder()
  for (const [name, records] of Object.entries(syntheticLogs(seed))) {
    await writeLog(dataDir, name, records)
  }
  return { dataDir, certificates: await refineAndDraw(dataDir) }
}

async function refineAndDraw(dataDir: string): Promise<IssuedCertificate[]> {
  await using refinery = await openRefinery(dataDir)
  await refinery.settle()
  return await draw(refinery.warehouse, dataDir)
}

async function draw(warehouse: Warehouse, dataDir: string): Promise<IssuedCertificate[]> {
  const hours = await warehouse.read((db) =>
    db.selectFrom('silver_candles_1m').select('open_time_us').distinct().execute(),
  )
  const starts = new Set(hours.map((row) => bucketStart(row.open_time_us, HOUR_US)))
  const certificates: IssuedCertificate[] = []
  for (const instrument of await listInstruments(warehouse)) {
    for (const hourUs of [...starts].sort()) {
      const options = { warehouse, dataDir, instrument, hourUs, graceUs: GRACE_US }
      const drawn = await drawCertificate(options)
      if (drawn !== null) certificates.push(sealCertificate(drawn, ABOUT))
    }
  }
  return certificates
}

/** One that holds some trades, next to others on both sides. */
function holding(certificates: readonly IssuedCertificate[]): IssuedCertificate {
  const found = certificates.find(({ ids }) => ids.held > 5)
  if (found === undefined) throw new Error('no certificate holds trades')
  return found
}

function problemsOf(dataDir: string, paper: unknown): readonly string[] {
  return verifyCertificate(dataDir, paper).problems
}

/** Seals a paper anew, as one would who wants to deceive. */
function forge(paper: Certificate): IssuedCertificate {
  const { certificate_hash: _, ...rest } = paper as IssuedCertificate
  return sealCertificate(rest, ABOUT)
}

describe('a certificate', () => {
  test.each(SEEDS)('is borne out by the raw log alone, with seed %i', async (seed) => {
    const { dataDir, certificates } = await certified(seed)
    expect(certificates.some(({ ids }) => ids.held > 0)).toBe(true)
    for (const certificate of certificates) {
      const { problems, trades } = verifyCertificate(dataDir, certificate)
      expect(problems, `${certificate.symbol} ${certificate.hour}`).toEqual([])
      expect(trades).toBe(certificate.ids.held)
      expect(certificate.ids.held).toBeLessThanOrEqual(certificate.ids.expected)
    }
  })

  test('claims the same after a rebuild, and still holds', async () => {
    for (const seed of [3, 6]) {
      const { dataDir, certificates } = await makeCertified(seed)
      await rebuild(dataDir)
      const clock = createManualClock(START_US)
      await using warehouse = await openWarehouse({ url: urlOf(dataDir), mode: 'read', clock })
      const anew = await draw(warehouse, dataDir)
      expect(anew).toHaveLength(certificates.length)
      for (const [at, certificate] of certificates.entries()) {
        expect(claimTheSame(anew[at] as IssuedCertificate, certificate)).toBe(true)
      }
    }
  })

  test('holds as before where the raw log was sealed into its archive', async () => {
    const { dataDir, certificates } = await makeCertified(5)
    const clock = createManualClock(START_US + 3 * HOUR_US)
    for (const name of listLogs(dataDir)) {
      const belowPos = logStat({ dataDir, name }).durablePos
      await sealLog({ dataDir, name, belowPos, clock })
    }
    expect(logStat({ dataDir, name: 'collect' })).toMatchObject({ journalBytes: 0 })
    for (const certificate of certificates) {
      expect(problemsOf(dataDir, certificate)).toEqual([])
    }
  })

  test('is not borne out where the raw log is gone', async () => {
    const certificate = holding((await certified(2)).certificates)
    const { problems, records } = verifyCertificate(tempFolder(), certificate)
    expect(problems[0]).toBe(`the raw log lacks ${certificate.evidence.records} of the records`)
    expect(records).toBe(0)
  })

  test('is not borne out where any cited record says anything else', async () => {
    const { dataDir, certificates } = await certified(2)
    const certificate = holding(certificates)
    const random = createRandom('records')
    for (const spoil of SPOILERS) {
      const [{ log, positions } = { log: '', positions: [] }] = certificate.evidence.logs
      const [first, last] = random.pick(positions)
      const pos = random.int(first, last)
      const spoilt = await copyOf(dataDir, { log, pos }, (record) => spoil(record, random))
      expect(problemsOf(spoilt, certificate), spoil.name).toContain(
        'the records do not hash to the evidence',
      )
    }
  })

  test('is borne out where only records that it does not cite are others', async () => {
    const { dataDir, certificates } = await certified(2)
    const certificate = holding(certificates)
    const cited = new Set(certificate.evidence.logs.map(({ log }) => log))
    const other = listLogs(dataDir).find((name) => !cited.has(name)) as string
    const spoilt = await copyOf(dataDir, { log: other, pos: 0 }, (record) => ({
      ...record,
      payload: Buffer.from('{}'),
    }))
    expect(problemsOf(spoilt, certificate)).toEqual([])
  })

  test('is not borne out where a byte of the file that holds its records rots', async () => {
    const { dataDir, certificates } = await certified(4)
    const certificate = holding(certificates)
    const random = createRandom('rot')
    for (let round = 0; round < 8; round += 1) {
      const copy = await copyLogs(dataDir, (records) => records)
      const { log, positions } = certificate.evidence
        .logs[0] as (typeof certificate.evidence.logs)[0]
      using reader = openLogReader({ dataDir: copy, name: log })
      const record = reader.record(random.pick(positions)[0])
      if (record === null) throw new Error('a cited record is not there')
      const payload = Buffer.from(record.bytes.subarray(record.start, record.end))
      const folder = join(copy, 'log', log, 'journal')
      for (const name of readdirSync(folder)) rot(join(folder, name), payload, random)
      expect(problemsOf(copy, certificate)).not.toEqual([])
    }
  })

  test('that was changed in any place says so', async () => {
    const { dataDir, certificates } = await certified(2)
    for (const certificate of [holding(certificates), certificates.at(-1)]) {
      for (const { name, paper } of changed(certificate)) {
        expect(problemsOf(dataDir, paper), name).not.toEqual([])
      }
    }
  })

  test('that was changed and sealed anew is found out by its records', async () => {
    const { dataDir, certificates } = await certified(2)
    const certificate = holding(certificates)
    let count = 0
    for (const { name, paper } of changed(certificate)) {
      if (BELIEVED.test(name)) continue
      count += 1
      expect(problemsOf(dataDir, forge(paper as Certificate)), name).not.toEqual([])
    }
    expect(count).toBeGreaterThan(25)
  })

  test('that is none, or would have more read than fits in memory, is refused', () => {
    const papers = [null, 7, 'x', [], {}, { format: 'assay-certificate/1' }]
    for (const paper of papers) expect(problemsOf(tempFolder(), paper)).toHaveLength(1)
  })

  test('of endless runs, or of a log outside the folder, is refused', async () => {
    const { dataDir, certificates } = await certified(2)
    const certificate = holding(certificates)
    const { evidence } = certificate
    const logs = [{ log: 'collect', positions: [[0, 1e15]] as const }]
    const endless = forge({ ...certificate, evidence: { ...evidence, logs } })
    expect(problemsOf(dataDir, endless)[0]).toMatch(/no certificate/)
    const outside = evidence.logs.map((one) => ({ ...one, log: `../../${one.log}` }))
    const escaped = forge({ ...certificate, evidence: { ...evidence, logs: outside } })
    expect(problemsOf(dataDir, escaped)).not.toEqual([])
  })

  test('hides no hole: ids between the first and the last are held or listed', async () => {
    let found = 0
    for (const seed of SEEDS) {
      const { dataDir, certificates } = await certified(seed)
      for (const gappy of certificates) {
        if (gappy.ids.expected === gappy.ids.held || gappy.ids.held === 0) continue
        const problems = problemsOf(dataDir, forge({ ...gappy, holes: [] }))
        found += problems.filter((text) => /neither held nor listed/.test(text)).length
      }
    }
    expect(found).toBeGreaterThan(0)
  })

  test('issued again is the same paper, and a new revision where it claims otherwise', async () => {
    const { certificates } = await certified(1)
    const folder = tempFolder()
    const { certificate_hash: _, revision: __, issued: ___, ...drawn } = holding(certificates)
    const first = await issueCertificate(folder, drawn, 1)
    const cited = { ...drawn, evidence: { ...drawn.evidence, hash: '0'.repeat(64) } }
    // Which of two equal records is cited is no other claim.
    expect(await issueCertificate(folder, cited, 2)).toEqual(first)
    expect(first.certificate).toMatchObject({ revision: 1 })
    expect(await readPaper(first.path)).toEqual(first.certificate)
    const second = await issueCertificate(folder, { ...drawn, condition: 'pending' }, 3)
    expect(second.certificate).toMatchObject({ revision: 2, condition: 'pending' })
    expect(isUnchanged(second.certificate)).toBe(true)
    expect(second.path).not.toBe(first.path)
    writeFileSync(second.path, 'spoilt')
    expect((await issueCertificate(folder, drawn, 4)).certificate.revision).toBe(3)
  })
})

/** Aggregates of three hours as Binance.US tells them: two of each hour but the second. */
function aggregates(): NewRecord[] {
  const startUs = parseTimeUs('2026-01-05T08:00:00Z') as number
  const told = [
    { at: 10, first: 100, last: 104 },
    { at: 50, first: 105, last: 105 },
    { at: 130, first: 106, last: 107 },
    { at: 170, first: 109, last: 111 },
  ]
  return told.map(({ at, first, last }, frame) => {
    const timeUs = startUs + at * MINUTE_US
    const ids = { a: first * 3, f: first, l: last, T: timeUs / 1000, m: true, M: true }
    const text = { e: 'aggTrade', E: timeUs / 1000, s: 'BTCUSD', p: '10.5', q: '0.30', ...ids }
    return {
      ...{ dialect: 'binance-us/stream', channel: 'aggTrade', symbol: 'BTCUSD', origin: 'ws' },
      ...{ receivedTimeUs: timeUs + 1000, conn: 'c-1', frame, request: null },
      payload: Buffer.from(JSON.stringify(text)),
    } as NewRecord
  })
}

describe('a certificate of aggregates', () => {
  async function threeHours() {
    const dataDir = tempFolder()
    const said = { event: 'subscribe', venue: 'binance-us', channel: 'aggTrade', fact: true }
    const records = aggregates()
    const first = records[0] as NewRecord
    const subscribe: NewRecord = {
      ...first,
      ...{ dialect: 'assay/self', channel: 'self', origin: 'self', symbol: null },
      receivedTimeUs: first.receivedTimeUs - 9 * MINUTE_US,
      payload: Buffer.from(JSON.stringify({ ...said, symbols: ['BTCUSD'] })),
    }
    await writeLog(dataDir, 'collect', [subscribe, ...records])
    return { dataDir, certificates: await refineAndDraw(dataDir) }
  }

  test('counts the trades they stand for', async () => {
    const { dataDir, certificates } = await threeHours()
    const [first, , third] = certificates
    expect(first).toMatchObject({
      ids: { first: 100, last: 105, expected: 6, held: 6 },
      sources: { ws: 6, rest: 0, import: 0 },
      minutes: { traded: 2 },
      volume: '0.6',
      notional: '6.3',
      neighbours: { before: null, after: { id: 106, time: '2026-01-05T10:10:00.000Z' } },
      evidence: { records: 3 },
    })
    expect(third).toMatchObject({
      ids: { first: 106, last: 111, expected: 6, held: 5 },
      neighbours: { before: { id: 105 }, after: null },
      holes: [{ first_id: 108, last_id: 108, verdict: 'open' }],
    })
    for (const certificate of certificates) {
      expect(problemsOf(dataDir, certificate)).toEqual([])
    }
  })

  test('proves an hour empty by the trades on both sides of it', async () => {
    const { dataDir, certificates } = await threeHours()
    const empty = certificates[1] as IssuedCertificate
    expect(empty).toMatchObject({
      condition: 'available',
      ids: { first: null, last: null, expected: 0, held: 0 },
      neighbours: { before: { id: 105 }, after: { id: 106 } },
      minutes: { no_trades: 60, complete: 60 },
      evidence: { records: 2 },
    })
    expect(verifyCertificate(dataDir, empty)).toMatchObject({ problems: [], notes: [] })
    const { before } = empty.neighbours
    const further = { ...empty, neighbours: { before, after: { id: 109, time: formatTimeUs(0) } } }
    expect(problemsOf(dataDir, forge(further))).not.toEqual([])
  })

  test('says of the hour that is not over that it is pending', async () => {
    const { certificates } = await threeHours()
    expect(certificates.map(({ condition }) => condition)).toEqual([
      'degraded',
      'available',
      'pending',
    ])
  })
})

/** Ways to make another record of one, each of which its hash must tell. */
const SPOILERS: readonly ((record: NewRecord, random: Random) => NewRecord)[] = [
  function flipsAByte(record, random) {
    const payload = Buffer.from(record.payload)
    const at = random.int(0, payload.length - 1)
    payload[at] = (payload[at] as number) ^ (1 << random.int(0, 6))
    return { ...record, payload }
  },
  function lacksItsEnd(record) {
    return { ...record, payload: record.payload.subarray(0, -1) }
  },
  function isReceivedAtAnotherTime(record) {
    return { ...record, receivedTimeUs: record.receivedTimeUs + 1 }
  },
  function cameFromElsewhere(record) {
    return { ...record, origin: record.origin === 'ws' ? 'rest' : 'ws' }
  },
  function isOfAnotherConnection(record) {
    return { ...record, conn: `${record.conn}-x` }
  },
  function answersAnotherRequest(record) {
    return { ...record, request: { url: 'https://elsewhere', ...record.request, status: 418 } }
  },
]

function copyOf(
  dataDir: string,
  at: { readonly log: string; readonly pos: number },
  change: (record: NewRecord) => NewRecord,
): Promise<string> {
  return copyLogs(dataDir, (records, log) =>
    records.map((record, pos) => (log === at.log && pos === at.pos ? change(record) : record)),
  )
}

/** Flips one bit of a payload where it stands in a file. */
function rot(path: string, payload: Buffer, random: Random): void {
  const bytes = readFileSync(path)
  const start = bytes.indexOf(payload)
  if (start < 0) return
  const at = start + random.int(0, payload.length - 1)
  bytes[at] = (bytes[at] as number) ^ (1 << random.int(0, 6))
  writeFileSync(path, bytes)
}

/** What nothing in the raw log that a certificate cites can tell: it is believed, as sealed. */
const BELIEVED =
  /^(base|quote|fold_version|minutes\.complete|holes\..*|(revision|issued|certificate_hash).*)$/

/** Returns a paper for each value in it, with that value changed a little, or left out. */
function changed(paper: unknown): { readonly name: string; readonly paper: unknown }[] {
  return placesOf(paper).flatMap(({ path, value }) => {
    const name = path.join('.')
    const other = otherThan(value)
    const without = { name: `${name} left out`, paper: withPlace(paper, path, undefined) }
    return [{ name, paper: withPlace(paper, path, other) }, without]
  })
}

function placesOf(value: unknown, path: readonly string[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }]
  return Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...path, key]))
}

interface Place {
  readonly path: readonly string[]
  readonly value: unknown
}

function otherThan(value: unknown): unknown {
  if (typeof value === 'number') return value + 1
  if (value === null) return 1
  const text = String(value)
  if (/^\d{4}-.*Z$/.test(text)) return formatTimeUs(Date.parse(text) * 1000 + HOUR_US)
  const last = text.at(-1) as string
  return text.slice(0, -1) + (last === '1' ? '2' : '1')
}

function withPlace(paper: unknown, path: readonly string[], value: unknown): unknown {
  const copy = structuredClone(paper) as Record<string, unknown>
  let branch = copy
  for (const key of path.slice(0, -1)) branch = branch[key] as Record<string, unknown>
  branch[path.at(-1) as string] = value
  return JSON.parse(JSON.stringify(copy))
}
