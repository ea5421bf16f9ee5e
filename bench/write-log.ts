import { openJournal } from '../src/bronze/index.ts'
import { systemClock } from '../src/core/clock.ts'
import type { SelfEvent } from '../src/market/self-record.ts'
import { SELF_DIALECT } from '../src/market/self-record.ts'
import type { TapeOptions } from './frames.ts'
import { SYMBOLS, TAPE_START_US, tapeFrames } from './frames.ts'
import { answerJob } from './job.ts'

/** A log to be written. */
export interface WriteLogTask extends TapeOptions {
  readonly dataDir: string
  readonly name: string
}

/** A written log. */
export interface WrittenLog {
  readonly records: number
  readonly ms: number
}

const READY_EVERY = 1000
const CONN = 'c-0123456789abcdef0123'

/** Writes a tape into a log as the collector would: its diary's first entries, then frames. */
async function writeLog(task: WriteLogTask): Promise<WrittenLog> {
  const startMs = performance.now()
  const { dataDir, name } = task
  await using journal = await openJournal({ dataDir, name, clock: systemClock })
  const venue = { venue: 'coinbase' }
  const diary: SelfEvent[] = [
    { event: 'start', command: 'bench', version: '0' },
    {
      event: 'connect',
      ...venue,
      url: 'ws://127.0.0.1',
      failures: 0,
      downSinceUs: null,
      blame: 'unknown',
    },
    { event: 'subscribe', ...venue, channel: 'matches', symbols: SYMBOLS, fact: true },
  ]
  const shared = { request: null, receivedTimeUs: TAPE_START_US }
  for (const [frame, event] of diary.entries()) {
    const kind = { dialect: SELF_DIALECT, channel: 'self', symbol: null, origin: 'self' } as const
    const payload = Buffer.from(JSON.stringify(event))
    journal.append({ ...shared, ...kind, conn: `${CONN}-1`, frame, payload })
  }
  let frame = 0
  for (const { channel, symbol, receivedTimeUs, text } of tapeFrames(task)) {
    const kind = { dialect: 'coinbase/exchange', channel, symbol, origin: 'ws' } as const
    const payload = Buffer.from(text)
    journal.append({ ...kind, request: null, receivedTimeUs, conn: `${CONN}-2`, frame, payload })
    frame += 1
    if (frame % READY_EVERY === 0) await journal.ready()
  }
  await journal.flush()
  return { records: journal.nextPos, ms: performance.now() - startMs }
}

await answerJob(writeLog)
