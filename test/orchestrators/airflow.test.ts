import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../tidy/sources.ts'
import { environmentOf } from './environments.ts'
import { run, runWell } from './run.ts'
import type { Folders, Made } from './warehouse.ts'
import { DAILY, DAY, HOUR, HOURLY, makeByHand, seededFolders, settings } from './warehouse.ts'

const airflow = await environmentOf('airflow')
const PROOF = 'quality.certificates'

describe.skipIf(airflow.missing !== null)('Airflow', () => {
  let folders: Folders
  let byHand: Readonly<Record<string, Made>>
  let env: Record<string, string>
  let alerts: Server
  const told: string[] = []

  beforeAll(async () => {
    folders = await seededFolders()
    byHand = await makeByHand(folders.copy())
    alerts = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (part) => told.push(part))
      request.on('end', () => response.end())
    }).listen(0, '127.0.0.1')
    await once(alerts, 'listening')
    env = {
      ...settings(folders.copy()),
      // One more, which is made by a DAG that the hour's candles start.
      ASSAY_ORCHESTRATOR_ASSETS: [...HOURLY, DAILY, PROOF].join(' '),
      ASSAY_ORCHESTRATOR_ALERT_URL: `http://127.0.0.1:${(alerts.address() as AddressInfo).port}`,
      AIRFLOW_HOME: folders.empty(),
      AIRFLOW__CORE__DAGS_FOLDER: join(ROOT, 'deploy/airflow'),
      AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
      AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION: 'False',
      AIRFLOW__API__HOST: '127.0.0.1',
    }
    await runWell(airflow.bin('airflow'), ['db', 'migrate'], { env })
  })
  afterAll(() => {
    alerts?.close()
    folders?.[Symbol.dispose]()
  })

  const dag = (name: string, at: string, more: Record<string, string> = {}) =>
    run(airflow.bin('airflow'), ['dags', 'test', name, at], { env: { ...env, ...more } })

  /** Asks the real metadata database, which is SQLite's. */
  function rows(sql: string): Record<string, unknown>[] {
    using db = new DatabaseSync(join(env.AIRFLOW_HOME!, 'airflow.db'), { readOnly: true })
    return db.prepare(sql).all()
  }
  const states = (name: string) =>
    rows(`select task_id, task_instance.state from task_instance join dag_run using (dag_id, run_id)
      where dag_id = '${name}' and dag_run.id = (select max(id) from dag_run)`)
  const events = () =>
    rows(`select asset.name, asset_event.extra from asset_event
      join asset on asset.id = asset_event.asset_id order by asset_event.id`)
  const eventOf = (asset: string, partition: string) => {
    const { rows: count, version } = byHand[asset]!
    return { name: asset, extra: { partition, rows: count, version } }
  }
  const parsed = () => events().map((event) => ({ ...event, extra: JSON.parse(`${event.extra}`) }))

  test('its DAG makes the hour that our own command makes, to the hash', async () => {
    const ended = await dag('assay_hourly', `${HOUR}:00:00+00:00`)
    expect(ended.status, ended.output).toBe(0)
    expect(parsed()).toContainEqual(eventOf('gold.candles_1h', HOUR))
    expect(states('assay_hourly')).toHaveLength(HOURLY.length)
    // What follows the candles is asked for by their event.
    expect(rows('select target_dag_id from asset_dag_run_queue')).toEqual([
      { target_dag_id: 'assay_proofs' },
    ])
  })

  test('an hour that is made already is skipped, and nobody is told of a change', async () => {
    const before = events().length
    const ended = await dag('assay_hourly', `${HOUR}:00:00+00:00`)
    expect(ended.status, ended.output).toBe(0)
    expect(new Set(states('assay_hourly').map(({ state }) => state))).toEqual(new Set(['skipped']))
    expect(events()).toHaveLength(before)
  })

  test('its DAG makes the day, to the hash', async () => {
    const ended = await dag('assay_daily', `${DAY}T00:00:00+00:00`)
    expect(ended.status, ended.output).toBe(0)
    expect(parsed()).toContainEqual(eventOf(DAILY, DAY))
  })

  test('what fails in Assay fails in Airflow, after retries, and raises an alert', async () => {
    const broken = { ASSAY_DATA: folders.broken(), ASSAY_ORCHESTRATOR_ASSETS: 'gold.candles_1h' }
    const ended = await dag('assay_hourly', `${HOUR}:00:00+00:00`, broken)
    expect(ended.status, ended.output).not.toBe(0)
    expect(states('assay_hourly')).toEqual([{ task_id: 'gold.candles_1h', state: 'failed' }])
    expect(JSON.parse(told.join(''))).toMatchObject({
      text: 'Assay: gold.candles_1h of assay_hourly failed',
    })
  })
})
