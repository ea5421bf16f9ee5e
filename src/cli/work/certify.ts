import { join, resolve } from 'node:path'
import { AssayError } from '../../core/errors.ts'
import { bucketStart, MINUTE_US } from '../../market/bucket.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { IssuedCertificate } from '../../quality/certificate.ts'
import { issueCertificate, readPaper } from '../../quality/certificate-store.ts'
import { drawCertificate } from '../../quality/certify.ts'
import { type Verdict, verifyCertificate } from '../../quality/verify-certificate.ts'
import { openWarehouse, type Warehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { CertifyFlags } from '../commands/certify.ts'
import type { Context } from '../context.ts'
import { EXIT, type ExitStatus } from '../exit-status.ts'
import { showCount, showSome, showTime } from '../format.ts'
import type { Column } from '../output.ts'
import { printJson, printLine, printRows } from '../output.ts'
import { createProgress } from '../progress.ts'
import { heldInstruments, selectInstrument } from '../selector.ts'
import { styles, visible } from '../style.ts'
import { parseSpan, parseTimeArgument } from '../time-argument.ts'

const HOUR_US = 60 * MINUTE_US

/** Issues certificates of hours, or checks those in files. */
export async function certify(call: Call<CertifyFlags>): Promise<ExitStatus | undefined> {
  const { flags } = call
  if (flags.verify !== undefined) return verifyFiles(call.context, flags.verify)
  if (flags.hour !== undefined && (flags.from ?? flags.to) !== undefined) {
    throw new AssayError('ASSAY_USAGE', '--hour is one hour: leave out --from and --to')
  }
  const issued = await issueAll(call)
  if (call.context.json) printJson({ certificates: issued })
  else printRows(issued, { columns: COLUMNS, empty: 'No hour of the span is held.' })
  return undefined
}

async function issueAll({
  context,
  args,
  flags,
}: Call<CertifyFlags>): Promise<IssuedCertificate[]> {
  const { clock, storeUrl: url, dataDir, config, signal } = context
  const hours = hoursOf(flags, clock.nowUs())
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  const instruments = await wantedInstruments(warehouse, args[0], flags.venue)
  const progress = createProgress({ label: 'certifying', unit: 'hours', clock })
  progress.expect(hours.length * instruments.length)
  const graceUs = config.candles.graceSeconds * 1e6
  const folder = flags.out === undefined ? join(dataDir, 'certificates') : resolve(flags.out)
  const issued: IssuedCertificate[] = []
  let done = 0
  for (const instrument of instruments) {
    for (const hourUs of hours) {
      signal.throwIfAborted()
      const drawing = { warehouse, dataDir, instrument, hourUs, graceUs }
      const certificate = await drawCertificate(drawing)
      progress.update(++done)
      if (certificate === null) continue
      issued.push((await issueCertificate(folder, certificate, clock.nowUs())).certificate)
    }
  }
  progress.done()
  return issued
}

function hoursOf(flags: CertifyFlags, nowUs: number): number[] {
  if (flags.hour !== undefined) {
    return [bucketStart(parseTimeArgument(flags.hour, '--hour', nowUs), HOUR_US)]
  }
  const { fromUs, toUs } = parseSpan({ from: '-1d', to: 'now', ...flags }, nowUs)
  const first = bucketStart(fromUs, HOUR_US)
  const count = Math.ceil((toUs - first) / HOUR_US)
  return Array.from({ length: Math.max(0, count) }, (_, at) => first + at * HOUR_US)
}

async function wantedInstruments(
  warehouse: Warehouse,
  selector: string | undefined,
  venue: string | undefined,
): Promise<readonly Instrument[]> {
  if (selector !== undefined) return [await selectInstrument(warehouse, selector, venue)]
  return heldInstruments(warehouse, venue)
}

/** How one file was borne out, as programs are given it. */
interface Verified extends Pick<Verdict, 'problems' | 'notes' | 'records' | 'trades'> {
  readonly file: string
  /** `null` where it is no certificate. */
  readonly venue: string | null
  readonly symbol: string | null
  readonly hour: string | null
  readonly holds: boolean
}

async function verifyFiles(
  { dataDir, json }: Context,
  paths: readonly string[],
): Promise<ExitStatus | undefined> {
  const rows: Verified[] = []
  for (const file of paths) {
    const { certificate, ...verdict } = verifyCertificate(dataDir, await readPaper(file))
    const { venue = null, symbol = null, hour = null } = certificate ?? {}
    const row = { file, venue, symbol, hour, holds: verdict.problems.length === 0, ...verdict }
    rows.push(row)
    if (!json) printVerified(row)
  }
  if (json) printJson({ verified: rows })
  return rows.every(({ holds }) => holds) ? undefined : EXIT.failed
}

function printVerified({ file, holds, problems, notes, records, trades }: Verified): void {
  const what = `${showSome(trades, 'trade')} from ${showSome(records, 'raw record')}`
  const word = holds ? styles.green(`holds, ${what}`) : styles.red('NOT borne out')
  printLine(`${visible(file)}: ${word}`)
  for (const text of [...problems, ...notes]) printLine(`  ${visible(text)}`)
}

const COLUMNS: readonly Column<IssuedCertificate>[] = [
  { key: 'venue' },
  { key: 'symbol' },
  { key: 'hour', title: 'hour, UTC', show: ({ hour }) => showTime(hour) },
  { key: 'condition' },
  {
    key: 'ids',
    title: 'held / expected',
    align: 'right',
    show: ({ ids }) => `${showCount(ids.held)} / ${showCount(ids.expected)}`,
  },
  { key: 'holes', title: 'holes', align: 'right', show: ({ holes }) => showCount(holes.length) },
  {
    key: 'minutes',
    title: 'complete',
    align: 'right',
    show: ({ minutes }) => `${minutes.complete} of 60 min`,
  },
  { key: 'revision', align: 'right' },
  { key: 'facts_hash', title: 'facts', show: (row) => row.facts_hash.slice(0, 12) },
]
