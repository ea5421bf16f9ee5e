import { randomUUID } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { forEachRecord, listLogs, openLogReader, readLogHorizon } from '../../bronze/index.ts'
import { AssayError, isAssayError, systemCode } from '../../core/errors.ts'
import { formatTimeUs } from '../../market/bucket.ts'
import { openWarehouse, warehouseStatus } from '../../warehouse/index.ts'
import type { Context } from '../context.ts'
import { showCount, showSome } from '../format.ts'
import type { Finding } from './doctor.ts'

const NODE_MAJOR_MIN = 24
const GIB = 1024 ** 3
const FREE_BYTES_WARN = 5 * GIB
const FREE_BYTES_FAIL = GIB / 8
// The newest records of each log; `log verify` reads them all.
const RECORDS_READ = 1000
// When this was written, and when whole microseconds stop being safe to add up.
const YEAR_US = 31_556_952e6
const SANE_FROM_US = 55 * YEAR_US
const SANE_TO_US = 200 * YEAR_US

/** Whether this Node is new enough. */
export function checkNode(): Finding[] {
  const { version, versions } = process
  const isNew = Number(versions.node.split('.')[0]) >= NODE_MAJOR_MIN
  const detail = isNew ? version : `${version}; ${NODE_MAJOR_MIN} or newer is needed`
  return [{ check: 'node', result: isNew ? 'ok' : 'fail', detail }]
}

/** Whether the clock shows a time at all; its seconds are compared with the venue's. */
export function checkClock({ clock }: Context): Finding[] {
  const nowUs = clock.nowUs()
  const isSane = nowUs > SANE_FROM_US && nowUs < SANE_TO_US
  const detail = `${formatTimeUs(nowUs)}${isSane ? '' : ' cannot be: set the clock'}`
  return [{ check: 'clock', result: isSane ? 'ok' : 'fail', detail }]
}

/** Whether the data folder can be written, or made. */
export function checkDataFolder({ dataDir }: Context): Finding[] {
  const check = 'data folder'
  try {
    if (!existsSync(dataDir)) {
      const parent = nearest(dataDir)
      // A trailing slash: what is no folder is refused.
      accessSync(join(parent, '/'), constants.W_OK)
      return [{ check, result: 'ok', detail: `${dataDir} will be made` }]
    }
    const folder = join(dataDir, 'tmp')
    mkdirSync(folder, { recursive: true })
    const trial = join(folder, `doctor-${randomUUID()}`)
    writeFileSync(trial, 'trial\n', { flush: true })
    rmSync(trial)
    return [{ check, result: 'ok', detail: `${dataDir} can be written` }]
  } catch (error) {
    const detail = `${dataDir} cannot be written (${systemCode(error)})`
    return [{ check, result: 'fail', detail }]
  }
}

/** Returns the nearest part of a path that is there. */
function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path))
}

/** Whether there is room to collect. */
export function checkDisk({ dataDir }: Context): Finding[] {
  const { bavail, bsize } = statfsSync(nearest(dataDir))
  const free = bavail * bsize
  const result = free < FREE_BYTES_FAIL ? 'fail' : free < FREE_BYTES_WARN ? 'warn' : 'ok'
  return [{ check: 'disk', result, detail: `${(free / GIB).toFixed(1)} GiB free` }]
}

/** Whether the built-in SQLite works, exact text and all. */
export function checkSqlite(): Finding[] {
  try {
    using database = new DatabaseSync(':memory:')
    const row = database.prepare('select sqlite_version() as version').get()
    return [{ check: 'sqlite', result: 'ok', detail: String(row?.version) }]
  } catch (error) {
    return [{ check: 'sqlite', result: 'fail', detail: String(error) }]
  }
}

/** Whether the newest records of each log can be read. */
export function checkLogs({ dataDir }: Context): Finding[] {
  const names = listLogs(dataDir)
  if (names.length === 0) return [{ check: 'raw log', result: 'ok', detail: 'none yet' }]
  return names.map((name) => checkLog(dataDir, name))
}

function checkLog(dataDir: string, name: string): Finding {
  const check = 'raw log'
  try {
    using reader = openLogReader({ dataDir, name })
    const { pos: horizonPos } = readLogHorizon(dataDir, name)
    const from = Math.max(horizonPos, reader.durablePos - RECORDS_READ)
    const wanted = reader.durablePos - from
    const read = new Set<number>()
    for (const block of reader.blocks(from)) {
      forEachRecord(block, ({ pos }) => {
        if (pos >= from && pos < from + wanted) read.add(pos)
      })
    }
    const of = `${showCount(wanted)} of ${showSome(reader.durablePos, 'record')}`
    const detail = `${name}: the newest ${of}`
    if (read.size === wanted) return { check, result: 'ok', detail: `${detail} are sound` }
    const lost = wanted - read.size
    return { check, result: 'warn', detail: `${detail}, ${lost} lost; see assay log verify` }
  } catch (error) {
    if (!(error instanceof AssayError)) throw error
    return { check, result: 'fail', detail: `${name}: ${error.message}` }
  }
}

/** Whether the warehouse opens. */
export async function checkWarehouse({ storeUrl: url, clock }: Context): Promise<Finding[]> {
  const check = 'warehouse'
  try {
    await using warehouse = await openWarehouse({ url, mode: 'read', clock })
    const { generation, instruments } = await warehouseStatus(warehouse)
    const detail = `${generation}, ${showSome(instruments.length, 'instrument')}`
    return [{ check, result: 'ok', detail }]
  } catch (error) {
    if (!(error instanceof AssayError)) throw error
    const isMissing = isAssayError(error, 'ASSAY_WAREHOUSE_UNAVAILABLE')
    return [{ check, result: isMissing ? 'ok' : 'fail', detail: error.message }]
  }
}

/** Whether DuckDB is there to compare with; only the bench wants it. */
export function checkDuckDb(): Finding[] {
  const check = 'duckdb'
  try {
    import.meta.resolve('@duckdb/node-api')
    return [{ check, result: 'ok', detail: 'installed; the bench compares with it' }]
  } catch {
    return [{ check, result: 'ok', detail: 'not installed; only the bench would use it' }]
  }
}
