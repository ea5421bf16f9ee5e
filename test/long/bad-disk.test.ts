import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Simulator, startSimulator } from '../../sim/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { assay, assayJson, type TempFolder, tempFolder } from '../integration/bad-support.ts'
import { lastLine, startCli } from '../integration/cli-support.ts'
import { until } from '../integration/collect-support.ts'

/** A small disk of its own, unmounted when it is disposed of. */
interface Disk extends Disposable {
  readonly path: string
  /** Leaves no byte free. */
  fill(): void
  free(): void
  readOnly(): void
}

function mount(folder: string, options: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0
}

function canMount(): boolean {
  using folder = tempFolder()
  if (!mount(folder.path, 'size=64k')) return false
  return spawnSync('umount', [folder.path]).status === 0
}

function openDisk(size: string): Disk {
  const folder: TempFolder = tempFolder()
  const path = join(folder.path, 'disk')
  mkdirSync(path)
  expect(mount(path, `size=${size}`)).toBe(true)
  const ballast = (name: string) => join(path, name)
  return {
    path,
    fill() {
      // Ever smaller files, until not a page is left for anybody.
      for (let bytes = 1 << 20; bytes >= 4096; bytes >>= 1) {
        for (let n = 0; ; n += 1) {
          try {
            writeFileSync(ballast(`ballast-${bytes}-${n}`), Buffer.alloc(bytes))
          } catch {
            break
          }
        }
      }
    },
    free() {
      for (const name of readdirSync(path)) {
        if (name.startsWith('ballast')) rmSync(ballast(name))
      }
    },
    readOnly() {
      expect(spawnSync('mount', ['-o', 'remount,ro', path]).status).toBe(0)
    },
    [Symbol.dispose]() {
      spawnSync('umount', ['-l', path])
      folder[Symbol.dispose]()
    },
  }
}

const WITHIN_MS = 25_000

const flagsOf = (sim: Simulator) => [
  ...['--venues', 'coinbase', '--ws-url', sim.wsUrl, '--rest-url', sim.restUrl],
  ...['--products', 'BTC-USD'],
]

function startMarket(): Promise<Simulator> {
  return startSimulator({ products: ['BTC-USD'], tradesPerSecond: 300, historyMinutes: 1 })
}

async function codeOf(...args: readonly string[]): Promise<string> {
  const { status, stdout } = await assay(...args, '--json')
  expect(status).toBe(1)
  return lastLine({ stdout }).error.code
}

function journalBytes(dataDir: string): number {
  const folder = join(dataDir, 'log', 'collect', 'journal')
  try {
    return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  } catch {
    return 0
  }
}

/** Ids of the trades that the raw log of a folder holds. */
async function idsInLog(at: readonly string[]): Promise<Set<string>> {
  const { stdout } = await assay('log', 'cat', ...at, '--log', 'collect', '--channel', 'matches')
  const lines = stdout.split('\n').filter((line) => line !== '')
  return new Set(lines.map((line) => String(JSON.parse(line).data.trade_id)))
}

async function idsHeld(at: readonly string[]): Promise<Set<string>> {
  const trades = await assayJson('trades', 'BTC-USD', ...at, '--limit', '1000000')
  return new Set(trades.map(({ trade_id }: { trade_id: string }) => trade_id))
}

const isAllowed = canMount()
const why = isAllowed ? '' : ' (skipped: mounting is not permitted here)'

describe.skipIf(!isAllowed)(`a disk${why}`, () => {
  test('that fills up ends the run clearly, and nothing acknowledged is lost', async () => {
    await using sim = await startMarket()
    using disk = openDisk('12m')
    const dataDir = join(disk.path, 'data')
    const at = ['--data', dataDir]
    {
      await using run = startCli('run', ...flagsOf(sim), ...at, '--json')
      await until(() => journalBytes(dataDir) > 100_000, {
        what: 'trades are kept',
        withinMs: WITHIN_MS,
      })
      disk.fill()
      const ended = await run.ended
      expect(ended.status).toBe(1)
      expect(lastLine(ended).error.code).toBe('ASSAY_DISK_FULL')
      expect(ended.stderr).toMatch(/^error ASSAY_DISK_FULL: .*\nhint: Make room/m)
    }
    const { logs } = await assayJson('log', 'verify', ...at)
    expect(logs[0]).toMatchObject({ ok: true, damaged: [], positionsContiguous: true })
    const acknowledged = await idsInLog(at)
    expect(acknowledged.size).toBeGreaterThan(100)
    for (const id of await idsHeld(at)) expect(acknowledged).toContain(id)
    expect(await codeOf('refine', '--once', ...at)).toBe('ASSAY_DISK_FULL')
    expect(await codeOf('rebuild', ...at)).toBe('ASSAY_DISK_FULL')
    const generations = readdirSync(join(dataDir, 'warehouse')).filter((name) => /^gen/.test(name))
    expect(generations.every((name) => name.startsWith('gen-000001'))).toBe(true)

    // A larger disk: the folder is copied as it is.
    using larger = tempFolder()
    cpSync(dataDir, larger.path, { recursive: true })
    const there = ['--data', larger.path]
    {
      await using run = startCli('run', ...flagsOf(sim), ...there, '--json')
      const size = journalBytes(larger.path)
      await until(() => journalBytes(larger.path) > size + 100_000, {
        what: 'it goes on',
        withinMs: WITHIN_MS,
      })
      sim.setTrading(false)
      const isWhole = async () => (await assayJson('gaps', ...there, '--open')).length === 0
      await systemClock.sleep(1500)
      await until(isWhole, { what: 'what was missed is refilled', withinMs: 20_000 })
      run.child.kill('SIGTERM')
      expect((await run.ended).status).toBe(0)
    }
    const held = await idsHeld(there)
    for (const id of acknowledged) expect(held).toContain(id)
    const first = Math.min(...[...held].map(Number))
    const truth = [...sim.truth()].filter(({ trade_id }) => trade_id >= first)
    expect(held).toEqual(new Set(truth.map(({ trade_id }) => String(trade_id))))
    expect((await assayJson('rebuild', '--check', ...there)).equal).toBe(true)
  })

  test('of the warehouse alone that fills up ends the run, and loses nothing', async () => {
    await using sim = await startMarket()
    using disk = openDisk('8m')
    using folder = tempFolder()
    const at = ['--data', folder.path, '--store', `sqlite:${join(disk.path, 'warehouse')}`]
    {
      await using run = startCli('run', ...flagsOf(sim), ...at, '--json')
      await until(() => journalBytes(folder.path) > 100_000, {
        what: 'trades are kept',
        withinMs: WITHIN_MS,
      })
      disk.fill()
      const ended = await run.ended
      expect(ended.status).toBe(1)
      expect(lastLine(ended).error.code).toBe('ASSAY_DISK_FULL')
    }
    const acknowledged = await idsInLog(at)
    disk.free()
    await assayJson('refine', '--once', ...at)
    expect(await idsHeld(at)).toEqual(acknowledged)
    disk.fill()
    expect(await codeOf('rebuild', ...at)).toBe('ASSAY_DISK_FULL')
    expect(await idsHeld(at)).toEqual(acknowledged)
    disk.free()
    expect((await assayJson('rebuild', ...at)).rows).toBeGreaterThan(acknowledged.size)
  })

  test('that is read-only is read, and refuses each writer by name', async () => {
    await using sim = await startMarket()
    using disk = openDisk('12m')
    const at = ['--data', join(disk.path, 'data')]
    const span = [
      '--venues',
      'coinbase',
      '--rest-url',
      sim.restUrl,
      '--products',
      'BTC-USD',
      '--from',
      '-1m',
      '--to',
      'now',
    ]
    await assayJson('backfill', ...span, ...at)
    disk.readOnly()
    const tape = [
      '/dev/null',
      '--venue',
      'x',
      '--symbol',
      'X',
      '--columns',
      'time=t,price=p,size=s',
    ]
    for (const command of [
      ['run', ...flagsOf(sim)],
      ['collect', ...flagsOf(sim)],
      ['refine', '--once'],
      ['rebuild'],
      ['import', ...tape],
      ['backfill', ...span],
      ['log', 'seal'],
    ]) {
      expect(`${command[0]} ${await codeOf(...command, ...at)}`).toBe(
        `${command[0]} ASSAY_READ_ONLY`,
      )
    }
    expect((await idsHeld(at)).size).toBeGreaterThan(10)
    expect((await assayJson('log', 'verify', ...at)).ok).toBe(true)
    expect((await assayJson('status', ...at)).logs).toHaveLength(1)
  })
})
