import { cpSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { openLogReader, sealLog } from '../../src/bronze/index.ts'
import { createManualClock, systemClock } from '../../src/core/clock.ts'
import { createRandom } from '../../src/core/random.ts'
import { runCli, startCli } from '../integration/cli-support.ts'
import {
  archived,
  DAYS,
  daysOfTrades,
  proofOf,
  settle,
  tradeIds,
} from '../playback/retention-support.ts'
import { readLog, rebuild, START_US, tempFolder, writeLog } from '../playback/support.ts'

const kills = Number(process.env.ASSAY_CRASH_KILLS ?? 40) / 4
const random = createRandom(process.env.ASSAY_CRASH_SEED ?? 1)

const COMMANDS = {
  retention: ['retention'],
  compact: ['log', 'compact', '--older-than', '0'],
} as const

/** Records of an hour that are sealed by themselves. */
const PART = 10

/** Days of trades, refined, whose hours were sealed in parts. */
async function sealedInParts(): Promise<string> {
  const dataDir = tempFolder()
  const clock = createManualClock(START_US)
  const all = daysOfTrades(DAYS)
  for (let at = 0; at < all.length; at += PART) {
    await writeLog(dataDir, 'collect', all.slice(at, at + PART))
    using reader = openLogReader({ dataDir, name: 'collect' })
    await sealLog({ dataDir, name: 'collect', belowPos: reader.durablePos, clock })
  }
  await settle(dataDir)
  const days = { retention: { trades: 1, candles: 2, rawArchive: 2 } }
  writeFileSync(join(dataDir, 'assay.config.yaml'), JSON.stringify(days))
  return dataDir
}

/** Names the files of the raw log and of the archive. */
function filesOf(dataDir: string): string {
  const files = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
  return files.filter((path) => /^(log|archive)/.test(path) && !path.endsWith('lock')).join()
}

/** Runs the command on a folder; killed after so long where that is told. */
async function run(command: keyof typeof COMMANDS, dataDir: string, killMs: number | null) {
  const at = ['--data', dataDir, '--config', join(dataDir, 'assay.config.yaml')]
  await using running = startCli(...COMMANDS[command], '--json', ...at)
  if (killMs !== null) {
    await Promise.race([systemClock.sleep(killMs), running.ended])
    running.child.kill('SIGKILL')
  }
  return await running.ended
}

describe.each(['retention', 'compact'] as const)('%s', (command) => {
  let whole: string
  let ids: readonly number[]
  beforeAll(async () => {
    whole = await sealedInParts()
    ids = await tradeIds(whole)
  })
  const copyOf = () => {
    const copy = tempFolder()
    cpSync(whole, copy, { recursive: true })
    return copy
  }

  test(`killed ${kills} times, loses nothing, and done again ends the same`, async () => {
    const done = copyOf()
    const startMs = systemClock.monotonicMs()
    expect(await run(command, done, null)).toMatchObject({ status: 0 })
    const wholeMs = systemClock.monotonicMs() - startMs
    const expected = { proof: await proofOf(done), records: [...readLog(done, 'collect')].length }
    const cut = { early: 0, midway: 0, late: 0 }
    for (let kill = 0; kill < kills; kill += 1) {
      const dataDir = copyOf()
      const before = filesOf(dataDir)
      const { signal } = await run(command, dataDir, wholeMs * (0.3 + 0.7 * random.next()))
      const isAsBefore = filesOf(dataDir) === before
      const saved = archived(dataDir, 'trades')
        .filter((row) => row.symbol === 'BTC-USD')
        .map((row) => row.trade_id as number)
      expect(new Set([...saved, ...(await tradeIds(dataDir))])).toEqual(new Set(ids))
      const again = await run(command, dataDir, null)
      expect([0, 3], again.stderr).toContain(again.status)
      if (signal === null || again.status === 3) cut.late += 1
      else if (isAsBefore) cut.early += 1
      else cut.midway += 1
      expect(await proofOf(dataDir)).toEqual(expected.proof)
      expect([...readLog(dataDir, 'collect')].length).toBe(expected.records)
      // The raw log is whole by itself, and comes to the same once more.
      expect((await runCli('log', 'verify', '--data', dataDir)).status).toBe(0)
      expect(await rebuild(dataDir)).toEqual(expected.proof)
    }
    console.log(`${command}, killed: ${JSON.stringify(cut)}`)
  })
})
