import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { assert } from '../../core/assert.ts'
import type { TradeInsert } from '../warehouse.ts'

/** Rows of one statement, greatest first: a group is cut into these. */
const STEPS = [100, 10, 1] as const

/** What the rows of a group differ in beyond the usual; the rest is bound once a statement. */
interface Variant {
  /** Trades of several origins. */
  readonly origins: boolean
  /** Trades that are not the first of their record. */
  readonly items: boolean
  /** Aggregates, which stand for a span of ids. */
  readonly spans: boolean
}

interface Part {
  readonly variant: Variant
  readonly row: number
  readonly end: number
}

/**
 * Inserts trades many rows at a time: the hot path of a rebuild.
 *
 * Its statements are few, three sizes of eight variants, whatever the instrument. Parameters
 * are anonymous on purpose: numbered ones (`?1`) cost time quadratic in their number here.
 */
export class TradeInserter {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Inserts the trades of one group within the transaction that is open. */
  insert(group: TradeInsert): void {
    assert(group.from <= group.to && group.to <= group.rows.length, 'a group is within its rows')
    const variant = variantOf(group)
    let row = group.from
    for (const step of STEPS) {
      if (group.to - row < step) continue
      const statement = this.#statement(variant, step)
      const values = constants(group, variant)
      const first = values.length
      for (; group.to - row >= step; row += step) {
        fill(values, first, group, { variant, row, end: row + step })
        statement.run(...values)
      }
    }
  }

  #statement(variant: Variant, step: number): StatementSync {
    const name = `${step} ${variant.origins} ${variant.items} ${variant.spans}`
    let statement = this.#statements.get(name)
    if (statement === undefined) {
      statement = this.#database.prepare(insertSql(variant, step))
      this.#statements.set(name, statement)
    }
    return statement
  }
}

function variantOf({ columns, rows, from, to }: TradeInsert): Variant {
  const origin = columns.origin[rows[from] as number]
  let origins = false
  let items = false
  let spans = false
  for (let index = from; index < to; index += 1) {
    const row = rows[index] as number
    if (columns.origin[row] !== origin) origins = true
    if (columns.item[row] !== 0) items = true
    const id = columns.tradeId[row]
    if (columns.firstId[row] !== id || columns.lastId[row] !== id) spans = true
    if (columns.tradeCount[row] !== 1) spans = true
  }
  return { origins, items, spans }
}

/**
 * Returns the statement for `step` rows. What all rows share is bound once, beside `values`,
 * so that one statement serves every instrument; SQLite never stores the rows in between.
 */
function insertSql({ origins, items, spans }: Variant, step: number): string {
  const rowColumns = ['trade_id', 'event_time_us', 'price', 'size', 'side']
  rowColumns.push('received_time_us', 'pos')
  if (origins) rowColumns.push('origin')
  if (items) rowColumns.push('item')
  if (spans) rowColumns.push('first_id', 'last_id', 'trade_count')
  const columns = ['instrument_id', 'tape_id', 'log_id']
  const values = ['?', '?', '?']
  const share = (column: string, value: string) => {
    columns.push(column)
    values.push(value)
  }
  if (!origins) share('origin', '?')
  if (!items) share('item', '0')
  if (!spans) share('trade_count', '1')
  const row = `(${rowColumns.map(() => '?').join(', ')})`
  return `
    insert into silver_trades (${[...columns, ...rowColumns].join(', ')})
    select ${[...values, ...rowColumns.map((_, index) => `column${index + 1}`)].join(', ')}
    from (values ${new Array(step).fill(row).join(', ')})`
}

function constants(group: TradeInsert, variant: Variant): SQLInputValue[] {
  const values: SQLInputValue[] = [group.instrumentId, group.tapeId, group.logId]
  if (!variant.origins) values.push(group.columns.origin[group.rows[group.from] as number] ?? 0)
  return values
}

/** Writes the parameters of a part's rows into `values`, from `first` on. */
function fill(
  values: SQLInputValue[],
  first: number,
  { columns, text, rows }: TradeInsert,
  { variant, row: start, end }: Part,
): void {
  let at = first
  for (let index = start; index < end; index += 1) {
    const row = rows[index] as number
    const id = columns.tradeId[row] as number
    const priceEnd = columns.priceEnd[row] as number
    values[at] = id
    values[at + 1] = columns.eventTimeUs[row] as number
    values[at + 2] = text.substring(columns.priceStart[row] as number, priceEnd)
    values[at + 3] = text.substring(priceEnd, columns.sizeEnd[row] as number)
    values[at + 4] = columns.side[row] as number
    values[at + 5] = columns.receivedTimeUs[row] as number
    values[at + 6] = columns.pos[row] as number
    at += 7
    if (variant.origins) values[at++] = columns.origin[row] as number
    if (variant.items) values[at++] = columns.item[row] as number
    if (!variant.spans) continue
    const firstId = columns.firstId[row] as number
    const lastId = columns.lastId[row] as number
    values[at] = firstId === id ? null : firstId
    values[at + 1] = lastId === id ? null : lastId
    values[at + 2] = columns.tradeCount[row] as number
    at += 3
  }
}
