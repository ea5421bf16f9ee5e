import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Journal } from '../../src/bronze/index.ts'
import { forEachRecord, openJournal, openLogReader } from '../../src/bronze/index.ts'
import type { Collector } from '../../src/collect/collector.ts'
import { startCollector } from '../../src/collect/collector.ts'
import type { CollectorOptions } from '../../src/collect/collector-options.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { createRandom } from '../../src/core/random.ts'
import type { SelfEvent } from '../../src/market/self-record.ts'
import { coinbase as venue } from '../../src/venues/coinbase/index.ts'

export { venue }

/** A record as a test looks at it. */
export interface Seen {
  readonly pos: number
  readonly dialect: string
  readonly channel: string
  readonly symbol: string | null
  readonly origin: string
  readonly conn: string
  readonly frame: number
  readonly receivedTimeUs: number
  readonly status: number | undefined
  readonly url: string | undefined
  readonly verbatim: boolean | undefined
  readonly form: string
  readonly text: string
}

/** A log in a folder of its own, removed with it. */
export interface Bench extends AsyncDisposable {
  readonly journal: Journal
  /** Everything durable, in order. */
  read(): Promise<Seen[]>
  /** The diary's entries. */
  diary(): Promise<SelfEvent[]>
}

/** Opens an empty log. */
export async function openBench(): Promise<Bench> {
  const dataDir = await mkdtemp(join(tmpdir(), 'assay-collect-'))
  const journal = await openJournal({ dataDir, name: 'collect', clock: systemClock })
  async function read(): Promise<Seen[]> {
    await journal.flush()
    const seen: Seen[] = []
    using reader = openLogReader({ dataDir, name: 'collect' })
    for (const block of reader.blocks(0)) {
      forEachRecord(block, (record) => {
        const { pos, dialect, channel, symbol, origin, conn, frame, receivedTimeUs } = record
        const { status, url, verbatim } = record.request ?? {}
        const bytes = Buffer.from(record.bytes.subarray(record.start, record.end))
        const about = { pos, dialect, channel, symbol, origin, conn, frame, receivedTimeUs }
        seen.push({ ...about, form: record.form, status, url, verbatim, text: bytes.toString() })
      })
    }
    return seen
  }
  return {
    journal,
    read,
    async diary() {
      const records = (await read()).filter((record) => record.origin === 'self')
      return records.map((record) => JSON.parse(record.text) as SelfEvent)
    },
    async [Symbol.asyncDispose]() {
      await journal[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Starts a collector on a bench, with everything a test need not name. */
export function collect(
  bench: Bench,
  options: Partial<CollectorOptions> & Pick<CollectorOptions, 'wsUrl' | 'restUrl'>,
): Promise<Collector> {
  return startCollector({
    venue,
    mode: 'ws',
    products: ['BTC-USD', 'ETH-USD'],
    journal: bench.journal,
    clock: systemClock,
    random: createRandom(1),
    log: createLogger({ level: (process.env.ASSAY_TEST_LOG as 'debug') ?? 'silent', pretty: true }),
    command: 'collect',
    version: '0.0.0-test',
    ...options,
  })
}

/** Resolves once `holds` does, looking twenty times a second. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  options: { readonly what: string; readonly withinMs?: number },
): Promise<number> {
  const startMs = systemClock.monotonicMs()
  const withinMs = options.withinMs ?? 10_000
  while (!(await holds())) {
    const passedMs = systemClock.monotonicMs() - startMs
    if (passedMs > withinMs) throw new Error(`not within ${withinMs} ms: ${options.what}`)
    await systemClock.sleep(50)
  }
  return systemClock.monotonicMs() - startMs
}
