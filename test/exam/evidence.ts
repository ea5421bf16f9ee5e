import { forEachRecord, openLogReader } from '../../src/bronze/index.ts'
import type { RawRecord } from '../../src/market/record.ts'
import type { SelfEvent } from '../../src/market/self-record.ts'
import { SELF_DIALECT } from '../../src/market/self-record.ts'

type Entry<K extends SelfEvent['event']> = Extract<SelfEvent, { event: K }> & {
  /** When it was written. */
  readonly atUs: number
}

/** One coin as one answer of CoinGecko told it, read from the raw log by other means than ours. */
export interface ToldCoin {
  readonly coin: string
  readonly polledUs: number
  readonly price: number | null
}

/** What the raw log holds besides trades. */
export interface Evidence {
  readonly records: number
  readonly connects: readonly Entry<'connect'>[]
  readonly closes: readonly Entry<'close'>[]
  readonly stales: readonly Entry<'stale'>[]
  readonly incidents: readonly Entry<'incident'>[]
  /** Rows of good answers, and the polls they belong to. */
  readonly coins: readonly ToldCoin[]
  readonly polls: ReadonlySet<number>
  /** Answers to polls that held no rows, such as refusals. */
  readonly badAnswers: number
}

/** Reads the raw log of a run once, from end to end. */
export function readEvidence(dataDir: string): Evidence {
  const found = {
    records: 0,
    connects: [] as Entry<'connect'>[],
    closes: [] as Entry<'close'>[],
    stales: [] as Entry<'stale'>[],
    incidents: [] as Entry<'incident'>[],
    coins: [] as ToldCoin[],
    polls: new Set<number>(),
    badAnswers: 0,
  }
  using reader = openLogReader({ dataDir, name: 'collect' })
  for (const block of reader.blocks(0)) {
    forEachRecord(block, (record) => {
      found.records += 1
      if (record.dialect === SELF_DIALECT) takeEntry(found, record)
      else if (record.dialect === 'coingecko/rest') takeAnswer(found, record)
    })
  }
  return found
}

type Found = {
  readonly [K in 'connects' | 'closes' | 'stales' | 'incidents' | 'coins']: Evidence[K][number][]
} & { readonly polls: Set<number>; badAnswers: number }

function takeEntry(found: Found, record: RawRecord): void {
  const event = JSON.parse(textOf(record)) as SelfEvent
  const atUs = record.receivedTimeUs
  if (event.event === 'connect') found.connects.push({ ...event, atUs })
  else if (event.event === 'close') found.closes.push({ ...event, atUs })
  else if (event.event === 'stale') found.stales.push({ ...event, atUs })
  else if (event.event === 'incident') found.incidents.push({ ...event, atUs })
}

function takeAnswer(found: Found, record: RawRecord): void {
  if (record.channel !== 'markets') return
  const polledUs = record.request?.polledUs ?? 0
  const rows = record.request?.status === 200 ? readRows(textOf(record)) : null
  if (rows === null) {
    found.badAnswers += 1
    return
  }
  found.polls.add(polledUs)
  for (const { id, current_price: price } of rows) found.coins.push({ coin: id, polledUs, price })
}

/** Returns the rows of an answer, or `null` where it is no list of coins. */
function readRows(
  text: string,
): readonly { readonly id: string; readonly current_price: number | null }[] | null {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

function textOf({ bytes, start, end }: RawRecord): string {
  return Buffer.from(bytes.subarray(start, end)).toString()
}
