import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../tidy/sources.ts'
import { environmentOf } from './environments.ts'
import { lastLine, runWell } from './run.ts'
import type { Folders, Made } from './warehouse.ts'
import { DAILY, DAY, HOUR, HOURLY, makeByHand, seededFolders, settings } from './warehouse.ts'

const prefect = await environmentOf('prefect')
const FLOW = join(ROOT, 'test/orchestrators/run_flow.py')

/** How a run of the flow ended. */
interface FlowRun {
  readonly run: string
  readonly type: 'COMPLETED' | 'FAILED'
  readonly name: string
  readonly message: string
  readonly made: Readonly<Record<string, Made>> | null
}

describe.skipIf(prefect.missing !== null)('Prefect', () => {
  let folders: Folders
  let byHand: Readonly<Record<string, Made>>
  let server: Record<string, string>

  beforeAll(async () => {
    folders = await seededFolders()
    byHand = await makeByHand(folders.copy())
    // A server of its own that ends with the process; it listens on the loopback alone.
    server = {
      PREFECT_HOME: folders.empty(),
      PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: 'true',
      PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: '120',
    }
  })
  afterAll(() => folders?.[Symbol.dispose]())

  async function flow(data: string, ...parameters: readonly object[]): Promise<FlowRun[]> {
    const args = parameters.map((one) => JSON.stringify(one))
    const env = { ...server, ...settings(data) }
    return lastLine(await runWell(prefect.bin('python'), [FLOW, ...args], { env }))
  }
  const versions = (made: FlowRun['made'], assets: readonly string[]) =>
    Object.fromEntries(assets.map((asset) => [asset, made?.[asset]?.version]))

  test('its flow makes the hour and the day that our own command makes, to the hash', async () => {
    const hour = { width: 'hourly', partition: HOUR }
    const day = { width: 'daily', partition: DAY }
    const [first, again, daily, wrong, unknown] = await flow(
      folders.copy(),
      ...[hour, hour, day],
      { ...hour, partition: DAY },
      { assets: ['gold.candles_1h', 'gold.tulips'] },
    )
    expect(first).toMatchObject({ run: `hourly ${HOUR}`, type: 'COMPLETED' })
    expect(versions(first!.made, HOURLY)).toEqual(versions(byHand, HOURLY))
    expect(daily!.made?.[DAILY]?.version).toBe(byHand[DAILY]!.version)
    expect(daily!.made?.[DAILY]?.version).toMatch(/^[0-9a-f]{64}$/)
    // What is made already is completed, and says that it was skipped.
    expect(again).toMatchObject({ type: 'COMPLETED', name: 'Skipped' })
    expect(versions(again!.made, HOURLY)).toEqual(versions(byHand, HOURLY))
    // A part that cannot be and an asset that is not fail, and are not tried again.
    expect(wrong).toMatchObject({ type: 'FAILED', message: expect.stringContaining('status 2') })
    expect(unknown).toMatchObject({ type: 'FAILED', message: expect.stringContaining('tulips') })
  })

  test('what fails in Assay is tried again, then fails in Prefect', async () => {
    const [failed] = await flow(folders.broken(), { partition: HOUR, assets: ['gold.candles_1h'] })
    expect(failed).toMatchObject({ type: 'FAILED', made: null })
    expect(failed!.message).toContain('status 1')
  })
})
