import { findDataset } from '../../assets/datasets/index.ts'
import { type Lineage, traceValue, type ValueQuery } from '../../assets/lineage/index.ts'
import { AssayError } from '../../core/errors.ts'
import { INTERVAL_NAMES, type IntervalName } from '../../market/bucket.ts'
import { openWarehouse, type Warehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { LineageFlags } from '../commands/lineage.ts'
import { printJson } from '../output.ts'
import { RawLogs } from '../raw-logs.ts'
import { selectInstrument } from '../selector.ts'
import { parseCountArgument, parseTimeArgument } from '../time-argument.ts'
import { printLineage, type RawSource } from './lineage-text.ts'

/** Prints where a value comes from. */
export async function showLineage(call: Call<LineageFlags>): Promise<void> {
  const { context, flags } = call
  const { clock, storeUrl: url, dataDir } = context
  const sourcesMax =
    flags.limit === undefined ? undefined : parseCountArgument(flags.limit, '--limit')
  if (sourcesMax !== undefined && !flags.raw) {
    throw new AssayError('ASSAY_USAGE', '--limit is of --raw: say both')
  }
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  const query = await readQuery(warehouse, call)
  const lineage = await warehouse.read((db) => traceValue(db, query, { dataDir, sourcesMax }))
  const raw = flags.raw ? rawSources(dataDir, lineage) : null
  if (context.json) printJson(raw === null ? lineage : { ...lineage, sources: raw })
  else printLineage(lineage, raw)
}

function rawSources(dataDir: string, { sources }: Lineage): RawSource[] {
  using logs = new RawLogs(dataDir)
  return sources.map((source) => ({ ...source, ...logs.find(source) }))
}

async function readQuery(
  warehouse: Warehouse,
  { context, args, flags }: Call<LineageFlags>,
): Promise<ValueQuery> {
  const [name = '', selector = '', ...when] = args
  const dataset = findDataset(name, context.extensions.datasets)?.name ?? name
  const interval = when.length > 1 ? parseInterval(when[0] ?? '') : null
  const timeText = when.at(-1) ?? ''
  if (when.length > 2) {
    throw new AssayError('ASSAY_USAGE', `${when.at(-1)} is one operand too many; see --help`)
  }
  if (when.length === 1 && INTERVAL_NAMES.includes(timeText as IntervalName)) {
    throw new AssayError('ASSAY_USAGE', `${timeText} is an interval: name the time after it`)
  }
  const id = /^id:([0-9]{1,16})$/.exec(timeText)?.[1]
  const at =
    id !== undefined && dataset === 'silver.trades'
      ? { timeUs: 0, tradeId: Number(id) }
      : { timeUs: parseTimeArgument(timeText, 'time', context.clock.nowUs()) }
  if (dataset === 'gold.market_daily') {
    return { dataset, instrument: null, quote: selector, interval, ...at }
  }
  const instrument = await selectInstrument(warehouse, selector, flags.venue)
  return { dataset, instrument, interval, ...at }
}

function parseInterval(text: string): IntervalName {
  const name = INTERVAL_NAMES.find((known) => known === text)
  if (name !== undefined) return name
  throw new AssayError('ASSAY_USAGE', `${text} is no interval; one of ${INTERVAL_NAMES.join(', ')}`)
}
