import { rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../src/core/assert.ts'
import type { CandleDigest } from './candle-digest.ts'
import type { CodecRates, CodecTask } from './codec.ts'
import type { DuckDbResult, DuckDbTask } from './duckdb.ts'
import type { FloorResult, FloorTask } from './floor.ts'
import { jobEntry, runJob } from './job.ts'
import { linkLog } from './link-log.ts'
import type { BenchOptions } from './options.ts'
import type { RebuildResult, RebuildTask } from './rebuild.ts'
import type { Figures, Row } from './report.ts'
import { rounded, rowOf, showNumber } from './report.ts'
import type { SealResult, SealTask } from './seal.ts'
import { ratios, spreadOf } from './spread.ts'
import type { WriteLogTask, WrittenLog } from './write-log.ts'

/** What the measurements share. */
export interface Bench {
  readonly options: BenchOptions
  /** The temporary folder. */
  readonly folder: string
  readonly figures: Figures
  readonly rows: Row[]
  /** Tells a person what is going on. */
  readonly tell: (line: string) => void
}

/** The log's name in every data folder: the one that collecting writes. */
export const LOG = 'collect'

/** Of all that is drawn. */
export const SEED = 20_250_303

const CODEC_FRAMES = 200_000
const CODEC_ROUNDS = 9
const DUCKDB_THREADS = 2
const MIXED_TRADES = 100_000

/** Writes the log that most measurements read, and returns its data folder. */
export async function writeLog(
  bench: Bench,
  log: { readonly folder: string; readonly trades: number; readonly mixed?: boolean },
): Promise<string> {
  const dataDir = join(bench.folder, log.folder)
  bench.tell(`writing a log of ${showNumber(log.trades)} trades`)
  const { trades, mixed } = log
  const task: WriteLogTask = { dataDir, name: LOG, seed: SEED, trades, mixed }
  await runJob<WrittenLog>(jobEntry('write-log'), task)
  return dataDir
}

/** Decoding against parsing. */
export async function measureDecode(bench: Bench, dataDir: string): Promise<void> {
  const { options, rows, figures } = bench
  bench.tell('decoding and parsing, in turns')
  const frames = Math.min(CODEC_FRAMES, options.trades)
  const rounds = options.quick ? 3 : CODEC_ROUNDS
  const task: CodecTask = { dataDir, name: LOG, frames, rounds }
  const rates = await runJob<CodecRates>(jobEntry('codec'), task)
  const vsParse = ratios(rates.decode, rates.parse)
  figures.decode_vs_parse = rounded(spreadOf(vsParse).median)
  const perSecond = { unit: 'frames/s' }
  rows.push(
    rowOf('parse', rates.parse, { ...perSecond, note: 'reference: JSON.parse of strings' }),
    rowOf('parse from bytes', rates.parseBytes, perSecond),
    rowOf('decode', rates.decode, { ...perSecond, note: 'log line to admitted trade' }),
    rowOf('decode from file', rates.decodeFile, { ...perSecond, note: 'with reading and sums' }),
    rowOf('decode / parse', vsParse),
    rowOf('decode from file / parse from bytes', ratios(rates.decodeFile, rates.parseBytes)),
  )
}

/** Rebuilding against the floor and against DuckDB, in turns. */
export async function measureRebuild(bench: Bench, dataDir: string): Promise<void> {
  const { options, rows, figures } = bench
  const { trades } = options
  const rates = { rebuild: [] as number[], floor: [] as number[], duckdb: [] as number[] }
  const mergeRates: number[] = []
  let absent: string | null = null
  let version = ''
  for (let round = 1; round <= options.rounds; round += 1) {
    bench.tell(`rebuilding, round ${round} of ${options.rounds}`)
    const at = (name: string) => join(bench.folder, `${name}-${round}`)
    const floorTask: FloorTask = { dataDir, name: LOG, folder: at('floor') }
    const floor = await runJob<FloorResult>(jobEntry('floor'), floorTask)
    rmSync(floorTask.folder, { recursive: true })
    const rebuildTask: RebuildTask = { dataDir, folder: at('rebuild'), trades }
    const rebuild = await runJob<RebuildResult>(jobEntry('rebuild'), rebuildTask)
    rmSync(rebuildTask.folder, { recursive: true })
    const threads = DUCKDB_THREADS
    const duckTask: DuckDbTask = { dataDir, name: LOG, file: at('duckdb'), threads }
    const duckdb = await runJob<DuckDbResult>(jobEntry('duckdb'), duckTask)
    const rate = ({ ms }: { readonly ms: number }) => (trades / ms) * 1000
    checkSame('the floor', rebuild, floor)
    rates.floor.push(rate(floor))
    rates.rebuild.push(rate(rebuild))
    mergeRates.push((trades / (rebuild.ms - rebuild.goldMs - rebuild.finishMs)) * 1000)
    absent = duckdb.absent
    if (duckdb.absent !== null) continue
    rmSync(duckTask.file)
    version = duckdb.version
    checkSame('DuckDB', rebuild, duckdb)
    rates.duckdb.push(rate(duckdb))
  }
  const vsFloor = ratios(rates.rebuild, rates.floor)
  figures.rebuild_per_s = Math.round(spreadOf(rates.rebuild).median)
  figures.rebuild_vs_floor = rounded(spreadOf(vsFloor).median)
  const perSecond = { unit: 'trades/s' }
  rows.push(
    rowOf('floor', rates.floor, { ...perSecond, note: 'reference: one thread, row by row' }),
    rowOf('rebuild', rates.rebuild, { ...perSecond, note: 'log to committed silver and gold' }),
    rowOf('  of it, decode and merge', mergeRates, perSecond),
    rowOf('rebuild / floor', vsFloor),
  )
  if (absent !== null) {
    rows.push({ what: 'rebuild / DuckDB', value: 'none', range: '', note: absent })
    return
  }
  const vsDuckdb = ratios(rates.rebuild, rates.duckdb)
  figures.rebuild_vs_duckdb = rounded(spreadOf(vsDuckdb).median)
  const note = `reference: ${version}, ${DUCKDB_THREADS} threads`
  rows.push(rowOf('DuckDB', rates.duckdb, { ...perSecond, note }))
  rows.push(rowOf('rebuild / DuckDB', vsDuckdb, { note: 'same candles, to the digit' }))
}

/** A contestant that did another job proves nothing by its speed. */
function checkSame(
  who: string,
  ours: CandleDigest & { readonly trades: number },
  theirs: CandleDigest & { readonly trades: number },
): void {
  assert(ours.trades === theirs.trades, `${who} stores as many trades as a rebuild`)
  assert(ours.minutes === theirs.minutes, `${who} folds as many minutes as a rebuild`)
  assert(ours.sha256 === theirs.sha256, `${who} folds the candles of a rebuild`)
}

/** How much smaller sealing makes the journal. */
export async function measureCompression(bench: Bench, dataDir: string): Promise<void> {
  const { options, rows, figures } = bench
  bench.tell('sealing')
  const sealed = join(bench.folder, 'sealed')
  linkLog(dataDir, sealed, LOG)
  const task: SealTask = { dataDir: sealed, name: LOG }
  const { channels, records, ms } = await runJob<SealResult>(jobEntry('seal'), task)
  rmSync(sealed, { recursive: true })
  const matches = channels.matches
  assert(matches?.records === options.trades, 'every trade is sealed')
  figures.compression = rounded(matches.journalBytes / matches.archivedBytes)
  rows.push(
    rowOf('compression of matches', [figures.compression], {
      note: sizesNote(matches),
    }),
    rowOf('sealing', [(records / ms) * 1000], { unit: 'records/s' }),
  )
  const trades = Math.min(MIXED_TRADES, options.trades)
  const mixed = await writeLog(bench, { folder: 'mixed', trades, mixed: true })
  const all = await runJob<SealResult>(jobEntry('seal'), { dataDir: mixed, name: LOG })
  rmSync(mixed, { recursive: true })
  for (const [channel, sizes] of Object.entries(all.channels)) {
    if (channel === 'self') continue
    const ratio = sizes.journalBytes / sizes.archivedBytes
    rows.push(rowOf(`  of a mixed log, ${channel}`, [ratio], { note: sizesNote(sizes) }))
  }
}

function sizesNote(sizes: {
  readonly records: number
  readonly journalBytes: number
  readonly archivedBytes: number
}): string {
  const { records, journalBytes, archivedBytes } = sizes
  const each = (bytes: number) => showNumber(bytes / records)
  const saved = (100 * (1 - archivedBytes / journalBytes)).toFixed(1)
  return `${saved} % smaller: ${each(journalBytes)} to ${each(archivedBytes)} bytes a record`
}

/** Memory of a long rebuild. */
export async function measureRss(bench: Bench): Promise<void> {
  const { options, rows, figures, folder } = bench
  const { bavail, bsize } = statfsSync(folder)
  const wanted = options.manyTrades * 800
  assert(bavail * bsize > wanted, `the temporary folder has ${showNumber(wanted)} bytes free`)
  const trades = options.manyTrades
  const dataDir = await writeLog(bench, { folder: 'many', trades })
  bench.tell(`rebuilding ${showNumber(trades)} trades`)
  const task: RebuildTask = { dataDir, folder: join(folder, 'many-rebuilt'), trades }
  const result = await runJob<RebuildResult>(jobEntry('rebuild'), task)
  assert(result.trades === trades, 'every trade is rebuilt')
  for (const path of [dataDir, task.folder]) rmSync(path, { recursive: true })
  figures.rss_mb = Math.ceil(result.rssMbMax)
  const rate = `${showNumber(trades)} trades at ${showNumber((trades / result.ms) * 1000)}/s`
  const each = `${showNumber(result.databaseBytes / trades)} bytes a trade stored`
  rows.push(
    rowOf('peak memory of a rebuild', [result.rssMbMax], {
      unit: 'MiB',
      note: `${rate}, ${each}`,
    }),
    rowOf('  when a fifth is done', [result.rssMbEarly], { unit: 'MiB' }),
    rowOf('  when all is done', [result.rssMbLate], { unit: 'MiB' }),
  )
}
