import { join } from 'node:path'
import { logPaths } from '../src/bronze/layout.ts'
import { type CandleDigest, digestCandles } from './candle-digest.ts'
import { answerJob } from './job.ts'

/** A log for DuckDB to turn into trades and candles. */
export interface DuckDbTask {
  readonly dataDir: string
  readonly name: string
  /** The database file to be made. */
  readonly file: string
  readonly threads: number
}

/** How it went; `absent` says why it did not. */
export type DuckDbResult =
  | { readonly absent: string }
  | (CandleDigest & {
      readonly absent: null
      readonly version: string
      readonly trades: number
      readonly ms: number
      /** Part of it spent reading, deduplicating, widening and folding. */
      readonly readMs: number
    })

/**
 * The quickest way we found for DuckDB to do our job; whoever knows a quicker one should put it
 * here. Tried on 1 M trades with two threads, in seconds of processor time:
 *
 * - Decimals. Text cast to decimal(38,18) at once, by any road: 12 to 15. Text to decimal(18,8),
 *   exact for this venue's eight decimals, and that widened to decimal(38,18) on storing: 2.1
 *   and 1.0. So it is read narrow, folded narrow, and only the stored table is wide.
 * - Duplicates, with the reading: `group by` with `any_value` 1.9 to 2.7 (taken); `qualify
 *   row_number()` 2.5 to 3.1; `distinct on` 3.4; a primary key with `insert or ignore` 3.9.
 * - Time: a timestamp column of read_ndjson 2.5 (taken); text cast afterwards 3.6.
 * - Commit lines: read as rows without data and filtered 2.2 (taken); `ignore_errors` 2.0; the
 *   order of insertion kept or not, a smaller `maximum_object_size`: 2.0, all within the noise.
 * - Candles from the narrow table: open and close by `arg_min(price, (time, trade_id))` 0.28;
 *   by the minute's microsecond and id packed into 64 bits 0.23 (taken), into a hugeint 0.25;
 *   `first(price order by …)` the like. From the wide table: 5.4 and more.
 */
function statements(files: string): { read: string; widen: string; fold: string } {
  const columns = [
    `pos: 'BIGINT', symbol: 'VARCHAR', receivedTimeUs: 'BIGINT'`,
    `data: 'STRUCT(trade_id BIGINT, side VARCHAR, size VARCHAR, price VARCHAR, time TIMESTAMP)'`,
  ].join(', ')
  const carried = ['time', 'price', 'size', 'side', 'received_us', 'pos']
  const read = `
    create temp table narrow as
    select symbol, trade_id, ${carried.map((name) => `any_value(${name}) as ${name}`).join(', ')}
    from (
      select symbol, data.trade_id as trade_id, data.time as time, data.side as side,
        data.price::decimal(18,8) as price, data.size::decimal(18,8) as size,
        receivedTimeUs as received_us, pos
      from read_ndjson('${files}', format = 'newline_delimited', columns = {${columns}})
      where data.trade_id is not null)
    group by symbol, trade_id`
  const widen = `
    create table trades as
    select symbol, trade_id, time, price::decimal(38,18) as price, size::decimal(38,18) as size,
      side, received_us, pos
    from narrow`
  // Eleven digits hold any id of this venue, eight the microsecond within a minute.
  const order = '(epoch_us(time) % 60000000) * 100000000000 + trade_id'
  const fold = `
    create table candles_1m as
    select symbol, time_bucket(interval 1 minute, time) as open_time,
      arg_min(price, ${order}) as open, max(price) as high, min(price) as low,
      arg_max(price, ${order}) as close,
      sum(size)::decimal(38,18) as volume, sum(price::decimal(19,8) * size) as notional,
      (coalesce(sum(size) filter (side = 'sell'), 0))::decimal(38,18) as taker_buy,
      count(*) as trades
    from narrow group by 1, 2`
  return { read, widen, fold }
}

const CANDLES = `
  select symbol, epoch_us(open_time)::double as time, open::varchar as open,
    high::varchar as high, low::varchar as low, close::varchar as close,
    volume::varchar as volume, notional::varchar as notional, taker_buy::varchar as taker_buy,
    trades::integer as trades
  from candles_1m`

interface CandleRow {
  readonly symbol: string
  readonly time: number
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly volume: string
  readonly notional: string
  readonly taker_buy: string
  readonly trades: number
}

/** Has DuckDB do the job: read, deduplicate, store trades, fold and store minutes, checkpoint. */
async function runDuckDb(task: DuckDbTask): Promise<DuckDbResult> {
  const duckdb = await import('@duckdb/node-api').catch(() => null)
  if (duckdb === null) return { absent: '@duckdb/node-api is not installed' }
  const files = join(logPaths(task.dataDir, task.name).journal, '*.jsonl')
  const { read, widen, fold } = statements(files.replaceAll("'", "''"))
  const startMs = performance.now()
  const options = { threads: String(task.threads), autoinstall_known_extensions: 'false' }
  const instance = await duckdb.DuckDBInstance.create(task.file, options)
  const connection = await instance.connect()
  await connection.run('set preserve_insertion_order = false')
  await connection.run(read)
  const readMs = performance.now() - startMs
  await connection.run(widen)
  await connection.run(fold)
  await connection.run('checkpoint')
  const ms = performance.now() - startMs
  const reader = await connection.runAndReadAll(CANDLES)
  const rows = reader.getRowObjects() as unknown as CandleRow[]
  const digest = digestCandles(
    rows.map(({ taker_buy: takerBuy, time: openTimeUs, ...row }) => ({
      ...row,
      takerBuy,
      openTimeUs,
    })),
  )
  const trades = rows.reduce((sum, row) => sum + row.trades, 0)
  connection.closeSync()
  instance.closeSync()
  return { absent: null, version: duckdb.version(), trades, ms, readMs, ...digest }
}

await answerJob(runDuckDb)
