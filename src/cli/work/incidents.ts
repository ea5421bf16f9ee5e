import { formatTimeUs, parseTimeUs } from '../../market/bucket.ts'
import { type Incident, listIncidents, openWarehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { IncidentFlags } from '../commands/incidents.ts'
import { showDurationMs, showTime } from '../format.ts'
import type { Column } from '../output.ts'
import { printLine, printRows } from '../output.ts'
import { styles, visible } from '../style.ts'
import { parseCountArgument, parseSpan } from '../time-argument.ts'

const LIMIT_DEFAULT = 50

/** An incident as people and programs are given it. */
export interface IncidentRow {
  readonly venue: string
  readonly cause: string
  /** `null` where it concerns the connection or the host, not one subscription. */
  readonly channel: string | null
  readonly symbol: string | null
  readonly from: string
  /** `null` while it lasts, or where its end was never told. */
  readonly to: string | null
  readonly seconds: number | null
  readonly detail: string
}

/** Prints incidents: those that last, then the others, the newest first. */
export async function showIncidents({ context, flags }: Call<IncidentFlags>): Promise<void> {
  const { clock, storeUrl: url, json, csv } = context
  const limit =
    flags.limit === undefined ? LIMIT_DEFAULT : parseCountArgument(flags.limit, '--limit')
  const nowUs = clock.nowUs()
  const query = { ...parseSpan(flags, nowUs), venue: flags.venue }
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  const open = await listIncidents(warehouse, { ...query, isOpen: true, limit })
  const all = flags.open ? [] : await listIncidents(warehouse, { ...query, limit })
  const over = all.filter(({ toUs }) => toUs !== null)
  const rows = [...open, ...over].slice(0, limit).map(incidentRow)
  const empty = flags.open ? 'Nothing is wrong, as far as is known.' : 'No incidents.'
  printRows(rows, { json, csv, columns: incidentColumns(nowUs), empty })
  if (json || csv || rows.length < limit) return
  printLine(styles.dim(`\nThe newest ${limit}; --limit shows more.`))
}

/** Returns an incident as it is printed. */
export function incidentRow(incident: Incident): IncidentRow {
  const { venue, cause, channel, symbol, fromUs, toUs, detail } = incident
  return {
    ...{ venue, cause, channel, symbol, from: formatTimeUs(fromUs) },
    to: toUs === null ? null : formatTimeUs(toUs),
    seconds: toUs === null ? null : (toUs - fromUs) / 1e6,
    detail,
  }
}

/** Returns the columns of incidents; one that lasts has lasted until now. */
export function incidentColumns(nowUs: number): readonly Column<IncidentRow>[] {
  return [
    { key: 'venue' },
    { key: 'cause', show: showCause },
    { key: 'channel' },
    { key: 'symbol' },
    { key: 'from', title: 'from, UTC', show: ({ from }) => showTime(from) },
    {
      key: 'to',
      title: 'to, UTC',
      show: ({ to }) => (to === null ? styles.yellow('lasts') : showTime(to)),
    },
    {
      key: 'seconds',
      title: 'for',
      align: 'right',
      show: ({ from, seconds }) => {
        const lastsUs = nowUs - (parseTimeUs(from) as number)
        return showDurationMs(seconds === null ? Math.max(0, lastsUs / 1000) : seconds * 1000)
      },
    },
    { key: 'detail' },
  ]
}

function showCause({ cause, to }: IncidentRow): string {
  const words = visible(cause.replaceAll('_', ' '))
  return to === null ? styles.yellow(words) : words
}
