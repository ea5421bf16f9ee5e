import { type AssayConfig, configSchema } from '../../core/config-schema.ts'
import type { Table } from '../../warehouse/index.ts'
import { OWN_ASSETS } from '../own.ts'
import type { UserTableName } from '../user-table.ts'

/** Where a dataset stands on the way from what was received to what is served. */
export type Layer = 'bronze' | 'market' | 'silver' | 'gold' | 'quality' | 'ops' | 'user'

/**
 * What a column holds. `decimal` has up to 38 digits, 18 of them after the point, `notional` 50
 * and 24; both are exact text in SQLite. A `flag` is 0 or 1, and a `real` a double.
 */
export type ColumnType = 'integer' | 'flag' | 'text' | 'decimal' | 'notional' | 'real' | 'json'

/** One column of a dataset. */
export interface DatasetColumn {
  readonly name: string
  readonly type: ColumnType
  /** What a number is counted in; empty for names, ids and words. */
  readonly unit: string
  readonly nullable: boolean
  readonly about: string
}

/** A set of rows, or of files, that is kept: what it is, what is in it, who makes it of what. */
export interface Dataset {
  /** `layer.name`; the name by which assets, lineage and people speak of it. */
  readonly name: string
  readonly layer: Layer
  /** Its table in the warehouse; null where it is files. */
  readonly table: Table | UserTableName | null
  readonly about: string
  /** The room of the code that alone writes it. */
  readonly owner: string
  readonly key: readonly string[]
  readonly columns: readonly DatasetColumn[]
  /** The column that says what time a row is of; null where rows are of no time. */
  readonly timeColumn: string | null
  /** How soon after the fact a row is there. */
  readonly freshness: string
  readonly retention: string
  /** Assets that make it; none where it is a by-product. */
  readonly madeBy: readonly string[]
  /** Datasets it is made from. */
  readonly madeFrom: readonly string[]
}

/** A column as the catalogue's files write it: type (with `?` where null may be), unit, words. */
export type Written = readonly [type: ColumnType | `${ColumnType}?`, unit: string, about: string]

/** A dataset as the catalogue's files write it. */
export interface WrittenDataset
  extends Omit<Dataset, 'layer' | 'columns' | 'timeColumn' | 'madeBy' | 'retention'> {
  readonly columns: Readonly<Record<string, Written>>
  readonly timeColumn?: string
  /** The key of `retention` that says for how many days it is kept. */
  readonly retainedBy?: keyof AssayConfig['retention']
  /** Where no such key is: how long it is kept. @default 'kept' */
  readonly retention?: string
}

/** Epoch microseconds, the unit of every time that is stored. */
export const US = 'µs UTC'

/** Returns datasets in full, as the catalogue's files write them short. */
export function describeAll(written: readonly WrittenDataset[]): readonly Dataset[] {
  return written.map(({ columns, timeColumn, retention, retainedBy, ...rest }) => ({
    ...rest,
    layer: rest.name.slice(0, rest.name.indexOf('.')) as Layer,
    columns: Object.entries(columns).map(([name, [type, unit, about]]) => ({
      name,
      type: type.replace('?', '') as ColumnType,
      unit,
      nullable: type.endsWith('?'),
      about,
    })),
    timeColumn: timeColumn ?? null,
    retention: retainedBy === undefined ? (retention ?? 'kept') : daysText(retainedBy),
    madeBy: OWN_ASSETS.filter(({ datasets }) => datasets.includes(rest.name)).map(({ key }) => key),
  }))
}

const DAYS = configSchema.shape.retention.parse({})

/** How long a dataset is kept unless the configuration says otherwise, and which key says so. */
function daysText(key: keyof typeof DAYS): string {
  const days = DAYS[key]
  return `${days === null ? 'kept' : `${days} days`} (retention.${key})`
}
