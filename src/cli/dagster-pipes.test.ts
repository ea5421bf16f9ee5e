import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isAssayError } from '../core/errors.ts'
import { openPipes, type PipesRun, pipesPartition } from './dagster-pipes.ts'

// As Dagster 1.13 wrote it for an asset of one partition; run and provenance are shortened.
const CONTEXT = {
  asset_keys: ['gold/candles_1h'],
  code_version_by_asset_key: { 'gold/candles_1h': '1' },
  provenance_by_asset_key: { 'gold/candles_1h': null },
  partition_key: '2026-01-01T00',
  partition_key_range: { start: '2026-01-01T00', end: '2026-01-01T00' },
  partition_time_window: { start: '2026-01-01T00:00:00+00:00', end: '2026-01-01T01:00:00+00:00' },
  run_id: '7d3f1d46-30e8-4a34-8f2c-27a5ea0f1e3c',
  job_name: '__ASSET_JOB',
  retry_number: 0,
  extras: {},
}
const ASSET = 'gold.candles_1h'
const RUN: PipesRun = {
  asset: ASSET,
  state: 'succeeded',
  run_id: '018f3f3e-0000-7000-8000-000000000001',
  rows: 24,
  version: 'abc',
  reason: null,
  metadata: { late: false },
  checks: [{ name: 'ohlc', passed: false, severity: 'warn', detail: 'high < open' }],
}

let folder: string
let messages: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-pipes-'))
  messages = join(folder, 'messages')
})
afterEach(() => rmSync(folder, { recursive: true }))

const encode = (value: unknown) => deflateSync(JSON.stringify(value)).toString('base64')

function environment(context: unknown, channel: object = { path: messages }) {
  return {
    DAGSTER_PIPES_CONTEXT: encode({ data: context }),
    DAGSTER_PIPES_MESSAGES: encode(channel),
  }
}

const parse = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { method: string; params: Record<string, unknown> })

function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (isAssayError(error, 'ASSAY_CONFIG_INVALID')) return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

test('without Dagster there is no session and no partition', () => {
  expect(openPipes({}, ASSET)).toBeNull()
  expect(openPipes({ DAGSTER_PIPES_CONTEXT: '' }, ASSET)).toBeNull()
  expect(pipesPartition({})).toBeNull()
})

test('a session appends each message to the file as a line of JSON', () => {
  const pipes = openPipes(environment(CONTEXT), ASSET)!
  pipes.log('warn', 'two minutes lack the venue’s candle')
  pipes.ended(RUN)
  pipes.close()
  const written = parse(readFileSync(messages, 'utf8'))
  expect(written.map((message) => ({ ...message, __dagster_pipes_version: undefined }))).toEqual([
    { method: 'opened', params: { extras: {} } },
    { method: 'log', params: { message: 'two minutes lack the venue’s candle', level: 'WARNING' } },
    {
      method: 'report_asset_check',
      params: {
        asset_key: 'gold/candles_1h',
        check_name: 'ohlc',
        passed: false,
        severity: 'WARN',
        metadata: { detail: { raw_value: 'high < open', type: '__infer__' } },
      },
    },
    {
      method: 'report_asset_materialization',
      params: {
        asset_key: 'gold/candles_1h',
        data_version: 'abc',
        metadata: {
          late: { raw_value: false, type: '__infer__' },
          rows: { raw_value: 24, type: '__infer__' },
          state: { raw_value: 'succeeded', type: '__infer__' },
          run_id: { raw_value: RUN.run_id, type: '__infer__' },
          reason: { raw_value: null, type: '__infer__' },
        },
      },
    },
    { method: 'closed', params: {} },
  ])
  expect(new Set(written.map((one) => Reflect.get(one, '__dagster_pipes_version')))).toEqual(
    new Set(['0.1']),
  )
})

test.each(['stdout', 'stderr'] as const)('a session can speak on %s instead', (stdio) => {
  const script = `
    import { openPipes } from ${JSON.stringify(join(import.meta.dirname, 'dagster-pipes.ts'))}
    openPipes(process.env, '${ASSET}').close()`
  const env = { ...process.env, ...environment(CONTEXT, { stdio }) }
  const ended = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env })
  expect(parse(ended[stdio].toString()).map(({ method }) => method)).toEqual(['opened', 'closed'])
})

test('what was not made is no materialization, but its checks are told', () => {
  const pipes = openPipes(environment(CONTEXT), ASSET)!
  pipes.ended({ ...RUN, state: 'failed' })
  pipes.ended({ ...RUN, state: 'skipped', version: null, checks: [] })
  pipes.ended({ ...RUN, asset: 'silver.trades' })
  const methods = parse(readFileSync(messages, 'utf8')).map(({ method }) => method)
  expect(methods).toEqual(['opened', 'report_asset_check'])
})

test('what failed is told on closing', () => {
  openPipes(environment(CONTEXT), ASSET)!.close(new TypeError('no such hour'))
  expect(parse(readFileSync(messages, 'utf8')).at(-1)).toMatchObject({
    method: 'closed',
    params: { exception: { name: 'TypeError', message: 'no such hour', stack: [] } },
  })
})

test.each([
  [['crypto/gold/candles_1h'], 'crypto/gold/candles_1h'],
  [['candles'], 'candles'],
  [['a/b', 'crypto/gold/candles_1h'], 'crypto/gold/candles_1h'],
  [null, 'gold/candles_1h'],
])('of an execution of %j, the asset is called %s', (asset_keys, name) => {
  const pipes = openPipes(environment({ ...CONTEXT, asset_keys }), ASSET)!
  pipes.ended(RUN)
  expect(parse(readFileSync(messages, 'utf8')).at(-1)?.params.asset_key).toBe(name)
})

test('the partition is the context’s, which may lie in a file', () => {
  expect(pipesPartition(environment(CONTEXT))).toBe('2026-01-01T00')
  const path = join(folder, 'context')
  writeFileSync(path, JSON.stringify(CONTEXT))
  const env = { ...environment(CONTEXT), DAGSTER_PIPES_CONTEXT: encode({ path }) }
  expect(pipesPartition(env)).toBe('2026-01-01T00')
  const whole = { ...CONTEXT, partition_key: null, partition_key_range: null }
  expect(pipesPartition(environment(whole))).toBeNull()
})

test('several partitions at once are refused', () => {
  const several = { start: '2026-01-01T00', end: '2026-01-01T05' }
  const context = { ...CONTEXT, partition_key: null, partition_key_range: several }
  const message = refusal(() => pipesPartition(environment(context)))
  expect(message).toContain('2026-01-01T00 to 2026-01-01T05')
})

test.each([
  ['no base64 of anything packed', 'none'],
  ['packed, but no JSON', deflateSync('{').toString('base64')],
  ['neither data nor a path', encode({ key: 'x' })],
  ['a context of another shape', encode({ data: { asset_keys: 'gold' } })],
  ['a file that is not there', encode({ path: '/nowhere/context' })],
])('a context that is %s is refused by its name', (_, text) => {
  const env = { ...environment(CONTEXT), DAGSTER_PIPES_CONTEXT: text }
  expect(refusal(() => openPipes(env, ASSET))).toContain('DAGSTER_PIPES_CONTEXT')
  expect(refusal(() => pipesPartition(env))).toContain('DAGSTER_PIPES_CONTEXT')
})

test('a session without a way to speak is refused', () => {
  const env = { DAGSTER_PIPES_CONTEXT: encode({ data: CONTEXT }) }
  expect(refusal(() => openPipes(env, ASSET))).toContain('DAGSTER_PIPES_MESSAGES')
  const odd = environment(CONTEXT, { s3: 'bucket' })
  expect(refusal(() => openPipes(odd, ASSET))).toContain('DAGSTER_PIPES_MESSAGES')
})
