import { type SealReport, sealLog } from '../src/bronze/index.ts'
import { systemClock } from '../src/core/clock.ts'
import { answerJob } from './job.ts'

/** A log to be sealed, whole. */
export interface SealTask {
  readonly dataDir: string
  readonly name: string
}

/** What sealing came to. */
export type SealResult = Pick<SealReport, 'hours' | 'records' | 'channels'> & {
  readonly ms: number
}

async function seal(task: SealTask): Promise<SealResult> {
  const startMs = performance.now()
  const belowPos = Number.MAX_SAFE_INTEGER
  const { hours, records, channels } = await sealLog({ ...task, belowPos, clock: systemClock })
  return { hours, records, channels, ms: performance.now() - startMs }
}

await answerJob(seal)
