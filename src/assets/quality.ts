import { join } from 'node:path'
import type { Outcome, Partition } from '../flow/index.ts'
import { fingerprintOf, MINUTES } from '../gold/ranges.ts'
import { formatTimeUs } from '../market/bucket.ts'
import type { Instrument } from '../market/instrument.ts'
import { sealCertificate } from '../quality/certificate.ts'
import { issueCertificate } from '../quality/certificate-store.ts'
import { drawCertificate } from '../quality/certify.ts'
import { reconcile } from '../quality/reconcile.ts'
import { applyRetention } from '../quality/retention.ts'
import { verifyCertificate } from '../quality/verify-certificate.ts'
import { listInstruments } from '../warehouse/index.ts'
import { AFTER_HOUR, DEFAULTS } from './defaults.ts'
import { readHour } from './hours.ts'
import { type AssayAsset, type AssayRun, checkOf, digestOf } from './services.ts'

/** What is said of the facts by comparing them with the venues' own words and the raw log. */
export const QUALITY_ASSETS: readonly AssayAsset[] = [
  {
    ...DEFAULTS,
    key: 'quality.reconciliation',
    about:
      'The minutes of an hour against the venues’ own candles, each difference with its cause.',
    partitions: 'hourly',
    dependencies: ['silver.candles_1m'],
    schedules: AFTER_HOUR,
    freshnessSeconds: 7200,
    checks: ['ours_agree', 'no_missed_trades'],
    fingerprint: ({ db, partition }) => fingerprintOf(db, MINUTES, partition),
    materialize: reconcileHour,
  },
  {
    ...DEFAULTS,
    key: 'quality.certificates',
    about: 'A certificate of completeness for each instrument’s hour, as files.',
    partitions: 'hourly',
    dependencies: ['silver.candles_1m'],
    schedules: AFTER_HOUR,
    freshnessSeconds: 7200,
    pool: 'gap',
    datasets: ['quality.certificates'],
    materialize: certifyHour,
  },
  {
    ...DEFAULTS,
    key: 'ops.retention',
    about: 'Archives and lets go of what is older than the configuration keeps it.',
    partitions: 'none',
    catchUp: 'latest',
    dependencies: ['bronze.archive'],
    schedules: [{ cron: '0 2 * * *', part: 'closed' }],
    freshnessSeconds: 172_800,
    timeoutSeconds: 7200,
    pool: 'backfill',
    materialize: letGo,
  },
  {
    ...DEFAULTS,
    key: 'ops.rebuild_proof',
    about: 'A sampled hour, folded anew from the raw log alone and held against the facts.',
    partitions: 'daily',
    catchUp: 'latest',
    dependencies: ['quality.certificates'],
    schedules: [{ cron: '30 1 * * *', part: 'closed' }],
    freshnessSeconds: 172_800,
    pool: 'backfill',
    checks: ['rebuilt_equal'],
    materialize: proveSample,
  },
]

async function reconcileHour(run: AssayRun): Promise<Outcome> {
  const { services, partition, signal } = run
  const labels = { missed_trades: 0, venue_revised: 0, venue_inconsistent: 0, ours: 0 }
  const lines: string[] = []
  let compared = 0
  const instruments = await instrumentsOf(run, partition)
  for (const [at, instrument] of instruments.entries()) {
    signal.throwIfAborted()
    const told: string[] = []
    const result = await reconcile(services.warehouse, {
      instrument,
      fromUs: partition.fromUs,
      toUs: partition.toUs,
      graceUs: services.config.candles.graceSeconds * 1e6,
      onDifference: ({ openTimeUs, source, label, fields }) => {
        told.push(`${openTimeUs} ${source} ${label} ${fields.map(({ field }) => field).join(' ')}`)
      },
    })
    for (const name of Object.keys(labels) as (keyof typeof labels)[]) {
      labels[name] += result.labels[name]
    }
    const minutes = Object.values(result.sources).reduce((sum, one) => sum + one.compared, 0)
    compared += minutes
    const detail = `${minutes} candles compared, ${told.length} differ`
    run.item(nameOf(instrument), { state: 'done', rows: minutes, detail })
    lines.push(`${nameOf(instrument)} ${minutes} ${told.sort().join(';')}`)
    run.progress(at + 1, instruments.length)
  }
  const checks = [
    checkOf('ours_agree', labels.ours === 0, {
      severity: 'warn',
      detail: `${labels.ours} of our candles differ from what all of the venue's agree on`,
    }),
    checkOf('no_missed_trades', labels.missed_trades === 0, {
      severity: 'warn',
      detail: `${labels.missed_trades} candles of the venues tell of trades we lack`,
    }),
  ]
  const nothing = compared === 0 ? { skipped: 'no candle of a venue lies beside ours' } : {}
  const metadata = { compared, ...labels }
  return { rows: compared, version: digestOf(lines), metadata, checks, ...nothing }
}

async function certifyHour(run: AssayRun): Promise<Outcome> {
  const { services, partition, signal, clock } = run
  const folder = join(services.dataDir, 'certificates')
  const issued: string[] = []
  const conditions = new Map<string, number>()
  const instruments = await instrumentsOf(run, partition)
  for (const [at, instrument] of instruments.entries()) {
    signal.throwIfAborted()
    const certificate = await draw(run, instrument, partition.fromUs)
    if (certificate === null) continue
    const stored = await issueCertificate(folder, certificate, clock.nowUs())
    const { condition, certificate_hash: hash, revision } = stored.certificate
    conditions.set(condition, (conditions.get(condition) ?? 0) + 1)
    run.item(nameOf(instrument), { state: 'done', detail: `${condition}, revision ${revision}` })
    issued.push(`${nameOf(instrument)} ${hash}`)
    run.progress(at + 1, instruments.length)
  }
  const nothing = issued.length === 0 ? { skipped: 'nothing of this hour can be certified' } : {}
  const metadata = Object.fromEntries(conditions)
  return { rows: issued.length, version: digestOf(issued), metadata, ...nothing }
}

async function letGo(run: AssayRun): Promise<Outcome> {
  const { services, clock, signal } = run
  const { dataDir, config } = services
  const report = await applyRetention({
    tables: { read: (work) => run.read(work), write: (work) => run.write(work) },
    dataDir,
    days: config.retention,
    clock,
    holder: `assay run ${run.runId}`,
    signal,
  })
  let rows = 0
  for (const { dataset, rows: gone, bytes, heldBy } of report.datasets) {
    const detail = `${gone} rows, archived in ${bytes} bytes${heldBy === null ? '' : `; ${heldBy}`}`
    run.item(dataset, { state: 'done', rows: gone, detail })
    rows += gone
  }
  for (const { name, hours, kept } of report.logs) {
    const why = kept === null ? '' : `; the next stays: ${kept.detail}`
    run.item(`log ${name}`, { state: 'done', rows: hours, detail: `${hours} hours${why}` })
  }
  const nothing = report.changed ? {} : { skipped: 'nothing is older than it is kept' }
  return { rows, version: formatTimeUs(report.logTimeUs), metadata: { rows }, ...nothing }
}

/**
 * Draws a certificate of one hour of the day and reads the raw log alone to see whether it is
 * borne out. Which hour and instrument is drawn from the day itself, so that asking again asks
 * of the same.
 */
async function proveSample(run: AssayRun): Promise<Outcome> {
  const { services, partition, signal } = run
  const names = await instrumentsOf(run, partition)
  const hours = Array.from({ length: 24 }, (_, at) => partition.fromUs + at * 3_600_000_000)
  const places = hours.flatMap((hourUs) => names.map((instrument) => ({ hourUs, instrument })))
  // From a place that the day names on, until one can be certified.
  const start = Number.parseInt(digestOf([partition.key]).slice(0, 8), 16)
  for (let tried = 0; tried < places.length; tried += 1) {
    signal.throwIfAborted()
    const place = places[(start + tried) % places.length]
    if (place === undefined) break
    const drawn = await draw(run, place.instrument, place.hourUs)
    if (drawn === null) continue
    const paper = sealCertificate(drawn, { revision: 1, issued: formatTimeUs(run.clock.nowUs()) })
    const { problems, records, trades } = verifyCertificate(services.dataDir, paper)
    const detail =
      problems.length === 0 ? `${trades} trades, equal` : problems.slice(0, 3).join('; ')
    const checks = [checkOf('rebuilt_equal', problems.length === 0, { severity: 'error', detail })]
    const metadata = { instrument: nameOf(place.instrument), hour: paper.hour, records }
    return { rows: trades, version: paper.facts_hash, metadata, checks }
  }
  return { rows: 0, version: 'none', skipped: 'no hour of the day can be certified' }
}

function draw({ services }: AssayRun, instrument: Instrument, hourUs: number) {
  const { warehouse, dataDir, config } = services
  const graceUs = config.candles.graceSeconds * 1e6
  return drawCertificate({ warehouse, dataDir, instrument, hourUs, graceUs })
}

/** Returns the instruments that have minutes of a span, in the order of their names. */
async function instrumentsOf(run: AssayRun, span: Partition): Promise<Instrument[]> {
  const held = await run.read((db) => readHour(db, span, run.only))
  const all = await listInstruments(run.services.warehouse)
  return held
    .map(({ instrumentId }) => all.find((one) => one.instrumentId === instrumentId))
    .filter((one) => one !== undefined)
}

const nameOf = ({ venue, symbol }: Instrument) => `${venue}:${symbol}`
