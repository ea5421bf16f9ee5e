import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { forEachRecord, listLogs, openJournal, openLogReader } from '../../src/bronze/index.ts'
import { importFile } from '../../src/collect/import.ts'
import { type Clock, createManualClock } from '../../src/core/clock.ts'
import type { Random } from '../../src/core/random.ts'
import { followCandles } from '../../src/gold/candles.ts'
import type { NewRecord } from '../../src/market/record.ts'
import { rebuildGeneration } from '../../src/quality/rebuild.ts'
import { DecodeStage } from '../../src/silver/decode-stage.ts'
import { mergeBatch } from '../../src/silver/merge.ts'
import { judgeEverything } from '../../src/silver/minutes.ts'
import { Refiner, type RefineTotals } from '../../src/silver/refiner.ts'
import { loadState } from '../../src/silver/state.ts'
import {
  createGeneration,
  openWarehouse,
  proveWarehouse,
  type Warehouse,
  type WarehouseProof,
} from '../../src/warehouse/index.ts'
import { GRACE_US, urlOf } from './folders.ts'

/** The receipt of what tests import: an hour that is over for every clock. */
export const START_US = 1_790_000_000_000_000

const folders: string[] = []

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Returns a new folder that is deleted when the test file has run. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-playback-'))
  folders.push(folder)
  return folder
}

/** Appends records to a log and makes them durable. */
export async function writeLog(
  dataDir: string,
  name: string,
  records: readonly NewRecord[],
  clock: Clock = createManualClock(START_US),
): Promise<void> {
  await using journal = await openJournal({ dataDir, name, clock, commitWindowMs: 0 })
  for (const record of records) journal.append(record)
  await journal.flush()
}

/** Writes a log as {@link writeLog}, in batches of their own; returns where each ends. */
export async function writeLogBySteps(
  dataDir: string,
  name: string,
  steps: readonly (readonly NewRecord[])[],
): Promise<number[]> {
  const clock = createManualClock(START_US)
  await using journal = await openJournal({ dataDir, name, clock, commitWindowMs: 0 })
  const ends: number[] = []
  for (const records of steps) {
    for (const record of records) journal.append(record)
    ends.push(await journal.flush())
  }
  return ends
}

/** Reads a log's records as they would be written again. */
export function readLog(dataDir: string, name: string): NewRecord[] {
  using reader = openLogReader({ dataDir, name })
  const records: NewRecord[] = []
  for (const found of reader.blocks(0)) {
    forEachRecord(found, (record) => {
      const { dialect, channel, symbol, origin, receivedTimeUs, conn, frame, request } = record
      const payload = Buffer.from(record.bytes.subarray(record.start, record.end))
      const told = { dialect, channel, symbol, origin, receivedTimeUs, conn, frame, request }
      records.push({ ...told, payload })
    })
  }
  return records
}

/** Returns the records in another order, one in ten of them twice. */
export function disturb(records: readonly NewRecord[], random: Random): NewRecord[] {
  const twice = records.filter(() => random.next() < 0.1)
  return shuffle([...records, ...twice], random)
}

/** Returns the elements in another order. */
export function shuffle<T>(list: readonly T[], random: Random): T[] {
  const copy = [...list]
  for (let at = copy.length - 1; at > 0; at -= 1) {
    const other = random.int(0, at)
    const held = copy[at] as T
    copy[at] = copy[other] as T
    copy[other] = held
  }
  return copy
}

/** Copies every log of a data folder to a new one, each changed on the way. */
export async function copyLogs(
  dataDir: string,
  change: (records: NewRecord[], log: string) => readonly NewRecord[],
): Promise<string> {
  const copy = tempFolder()
  for (const name of listLogs(dataDir)) {
    await writeLog(copy, name, change(readLog(dataDir, name), name))
  }
  return copy
}

/** What a test holds open to refine, by steps. */
export interface Refinery extends AsyncDisposable {
  readonly warehouse: Warehouse
  readonly totals: RefineTotals
  /** Refines what is durable, folds gold, and returns the proof. */
  settle(): Promise<WarehouseProof>
  /** Refines what is durable. */
  refine(): Promise<number>
  /** Lets go of the lease and of all memory, and begins again at the last commit. */
  restart(): Promise<void>
}

/** Opens the warehouse of a data folder and its refiner. */
export async function openRefinery(
  dataDir: string,
  durablePos?: (log: string) => number | undefined,
): Promise<Refinery> {
  const clock = createManualClock(START_US)
  const warehouse = await openWarehouse({ url: urlOf(dataDir), mode: 'write', clock })
  const open = () =>
    Refiner.open({
      warehouse,
      dataDir,
      clock,
      holder: 'a test',
      graceUs: GRACE_US,
      ...(durablePos !== undefined && { durablePos }),
    })
  let refiner = await open()
  return {
    warehouse,
    get totals() {
      return refiner.totals
    },
    refine: () => refiner.refine(),
    async settle() {
      await refiner.refine()
      await followCandles(warehouse)
      return proveWarehouse(warehouse)
    },
    async restart() {
      await refiner[Symbol.asyncDispose]()
      refiner = await open()
    },
    async [Symbol.asyncDispose]() {
      await refiner[Symbol.asyncDispose]()
      await warehouse[Symbol.asyncDispose]()
    },
  }
}

/** Rebuilds a warehouse as `assay rebuild` does, and proves it. */
export async function rebuild(dataDir: string): Promise<WarehouseProof> {
  const clock = createManualClock(START_US)
  const generation = await createGeneration({ url: urlOf(dataDir), clock })
  const { proof, trades } = await rebuildGeneration({
    dataDir,
    generation,
    clock,
    graceUs: GRACE_US,
  })
  await generation.finish({ trades })
  return proof
}

/** What a rebuild does, on one thread and into nothing: the quickest way to a proof. */
export async function judgeAtEnd(dataDir: string): Promise<WarehouseProof> {
  const clock = createManualClock(START_US)
  const url = `sqlite:${join(tempFolder(), 'warehouse')}`
  await using generation = await createGeneration({ url, clock })
  const state = await loadState(generation)
  for (const name of listLogs(dataDir)) {
    using reader = openLogReader({ dataDir, name })
    const stage = new DecodeStage(name)
    for (const block of reader.blocks(0)) {
      stage.feed(block)
      const batch = stage.takeBatch()
      await generation.write((tx) =>
        mergeBatch(state, tx, batch, { graceUs: GRACE_US, judge: 'later' }),
      )
    }
  }
  await generation.write((tx) => judgeEverything(state, tx))
  await followCandles(generation)
  return await proveWarehouse(generation)
}

/** Writes a file into the log `import`, as `assay import` does. */
export async function importInto(
  dataDir: string,
  options: Omit<Parameters<typeof importFile>[0], 'journal' | 'clock' | 'version'>,
): ReturnType<typeof importFile> {
  const clock = createManualClock(START_US)
  await using journal = await openJournal({ dataDir, name: 'import', clock, commitWindowMs: 0 })
  return await importFile({ ...options, journal, clock, version: '0.0.0' })
}
