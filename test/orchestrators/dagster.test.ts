import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../tidy/sources.ts'
import { environmentOf } from './environments.ts'
import { lastLine, run, runWell } from './run.ts'
import type { Folders, Made } from './warehouse.ts'
import { DAILY, DAY, HOUR, HOURLY, makeByHand, seededFolders, settings } from './warehouse.ts'

const dagster = await environmentOf('dagster')
const DEFINITIONS = join(ROOT, 'deploy/dagster/assay_assets.py')
const LOG = join(ROOT, 'test/orchestrators/dagster_log.py')

/** What Dagster holds of one part. */
interface Held {
  readonly success: boolean | null
  readonly assets: readonly string[]
  /** The newest first. */
  readonly made: readonly { readonly version: string; readonly metadata: object }[]
  readonly checks: Readonly<Record<string, string>>
}

describe.skipIf(dagster.missing !== null)('Dagster', () => {
  let folders: Folders
  let byHand: Readonly<Record<string, Made>>
  let env: Record<string, string>

  beforeAll(async () => {
    folders = await seededFolders()
    byHand = await makeByHand(folders.copy())
    env = { ...settings(folders.copy()), DAGSTER_HOME: folders.empty() }
    writeFileSync(join(env.DAGSTER_HOME!, 'dagster.yaml'), 'telemetry:\n  enabled: false\n')
  })
  afterAll(() => folders?.[Symbol.dispose]())

  const command = (assets: readonly string[], partition: string) => {
    const keys = assets.map((asset) => asset.replace('.', '/')).join(',')
    const select = ['--select', keys, '--partition', partition]
    return ['asset', 'materialize', '-f', DEFINITIONS, ...select]
  }
  const log = async (asset: string, partition: string, ...flags: readonly string[]) =>
    lastLine<Held>(await runWell(dagster.bin('python'), [LOG, asset, partition, ...flags], { env }))
  const checksOf = (asset: string) =>
    Object.fromEntries(
      byHand[asset]!.checks.map(({ name, passed }) => [name, passed ? 'SUCCEEDED' : 'FAILED']),
    )

  test('its command makes the hour that our own command makes, to the hash', async () => {
    const hourly = ['silver.candles_1m', 'gold.candles_1h']
    await runWell(dagster.bin('dagster'), command(hourly, HOUR), { env })
    for (const asset of hourly) {
      const { assets, made, checks } = await log(asset, HOUR)
      const { version, rows } = byHand[asset]!
      expect(assets).toEqual([...HOURLY, DAILY].sort())
      expect(made).toEqual([
        { version, metadata: expect.objectContaining({ rows, skipped: false }) },
      ])
      expect(version).toMatch(/^[0-9a-f]{64}$/)
      expect(checks).toEqual(checksOf(asset))
    }
    expect(checksOf('silver.candles_1m')).not.toEqual({})
  })

  test('an hour that is made already is a success that says skipped, with the hash', async () => {
    const { success, made } = await log('gold.candles_1h', HOUR, '--materialize')
    expect(success).toBe(true)
    expect(made).toHaveLength(2)
    expect(made[0]).toMatchObject({
      version: byHand['gold.candles_1h']!.version,
      metadata: { skipped: true },
    })
  })

  test('within a process it makes the day, to the hash, under the same key', async () => {
    const { success, made, checks } = await log(DAILY, DAY, '--materialize')
    expect(success).toBe(true)
    expect(made.map(({ version }) => version)).toEqual([byHand[DAILY]!.version])
    expect(checks).toEqual(checksOf(DAILY))
  })

  test('what fails in Assay fails in Dagster, and so does a part that cannot be', async () => {
    const broken = { ...env, ASSAY_DATA: folders.broken() }
    const script = [LOG, 'gold.candles_1h', HOUR, '--materialize']
    const [failed, unknown] = await Promise.all([
      run(dagster.bin('python'), script, { env: broken }),
      run(dagster.bin('dagster'), command(['gold.candles_1h'], `${DAY}T99`), { env }),
    ])
    expect(lastLine<Held>(failed).success, failed.output).toBe(false)
    expect(unknown.status).not.toBe(0)
    expect(unknown.output).toContain(`${DAY}T99`)
  })
})
