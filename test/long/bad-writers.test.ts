import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startSimulator } from '../../sim/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { assay, assayJson, tempFolder } from '../integration/bad-support.ts'
import { PRODUCT, startBadVenue } from '../integration/bad-venue.ts'
import { lastLine, runCli, startCli } from '../integration/cli-support.ts'
import { until } from '../integration/collect-support.ts'

const WITHIN_MS = 25_000
const MARKET = { products: ['BTC-USD', 'ETH-USD'], tradesPerSecond: 200, historyMinutes: 1 }

describe.concurrent('a second writer', () => {
  test('is told who holds what it wants, and the first goes on', async () => {
    await using sim = await startSimulator(MARKET)
    using folder = tempFolder()
    const at = ['--data', folder.path]
    const flags = ['--venues', 'coinbase', '--ws-url', sim.wsUrl, '--rest-url', sim.restUrl, ...at]
    await using run = startCli('run', ...flags, '--json')
    await until(() => run.said().includes('connected to'), {
      what: 'the first runs',
      withinMs: WITHIN_MS,
    })
    for (const args of [
      ['run', ...flags],
      ['collect', ...flags],
      ['rebuild', ...at],
      ['refine', ...at],
    ]) {
      const { status, stdout } = await assay(...args, '--json')
      const { error } = lastLine({ stdout })
      expect(`${args[0]} ${status} ${error.code}`).toBe(`${args[0]} 1 ASSAY_LOCKED`)
      expect(error.message).toContain(`process ${run.child.pid}`)
    }
    // Whoever only looks is not in the way; an import goes to a log of its own.
    expect((await assayJson('status', ...at)).warehouse.writer).toContain(`${run.child.pid}`)
    run.child.kill('SIGINT')
    const ended = await run.ended
    expect(ended.status).toBe(0)
    expect(lastLine(ended).trades).toBeGreaterThan(0)
  })

  test('that imports while another does is refused or waits', async () => {
    using folder = tempFolder()
    const tape = join(folder.path, 'tape.csv')
    const lines = Array.from(
      { length: 50_000 },
      (_, n) => `${n + 1},${1_790_689_500_000_000 + n},10,1`,
    )
    writeFileSync(tape, `id,time,price,size\n${lines.join('\n')}\n`)
    const columns = 'trade_id=id,time=time:us,price=price,size=size'
    const names = ['--venue', 'x', '--symbol', 'X', '--columns', columns, '--json']
    const args = ['import', tape, ...names, '--data', join(folder.path, 'data')]
    const both = await Promise.all([runCli(...args), runCli(...args)])
    const [first, second] = both.toSorted((a, b) => Number(a.status) - Number(b.status))
    expect(lastLine(first!)).toMatchObject({ read: 50_000, rejected: 0 })
    if (second!.status === 0) expect(lastLine(second!)).toMatchObject({ read: 50_000 })
    else expect(lastLine(second!).error).toMatchObject({ code: 'ASSAY_LOCKED' })
    const at = ['--data', join(folder.path, 'data')]
    const { warehouse } = await assayJson('status', ...at)
    expect(warehouse.instruments[0].trades).toBe(50_000)
  })
})

describe.concurrent('products', () => {
  test('of which none is listed are an error that names what is near', async () => {
    await using sim = await startSimulator(MARKET)
    using folder = tempFolder()
    const flags = [
      '--venues',
      'coinbase',
      '--ws-url',
      sim.wsUrl,
      '--rest-url',
      sim.restUrl,
      '--data',
      folder.path,
    ]
    const { status, stdout } = await assay('run', ...flags, '--products', 'BTC-USDX,NOPE', '--json')
    expect(status).toBe(1)
    expect(lastLine({ stdout }).error).toMatchObject({
      code: 'ASSAY_UNKNOWN_PRODUCT',
      message: expect.stringMatching(/"BTC-USDX"; near it are BTC-USD.*"NOPE"/),
    })
  })

  test('of which one is unknown are collected without it, with a notice', async () => {
    await using sim = await startSimulator(MARKET)
    using folder = tempFolder()
    const flags = [
      '--venues',
      'coinbase',
      '--ws-url',
      sim.wsUrl,
      '--rest-url',
      sim.restUrl,
      '--data',
      folder.path,
    ]
    const products = ['--products', 'NOPE-USD', 'eth-usd']
    await using run = startCli('run', ...flags, ...products, '--json')
    const flows = () => run.said().includes('connected to')
    await until(flows, { what: 'the other runs', withinMs: WITHIN_MS })
    await systemClock.sleep(1000)
    run.child.kill('SIGTERM')
    const ended = await run.ended
    expect(ended.status).toBe(0)
    expect(ended.stderr).toMatch(/does not list \\"NOPE-USD\\"[^\n]*the others go on/)
    expect(lastLine(ended).trades).toBeGreaterThan(0)
  })
})

/** Whether any file below a folder holds a text. */
function isWrittenIn(folder: string, text: string): boolean {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  return files
    .filter((file) => file.isFile())
    .some((file) => readFileSync(join(file.parentPath, file.name)).includes(text))
}

test.concurrent('a password in a URL is in no log, no error, no output and no file', async () => {
  const canary = 'canary-5e1f'
  await using venue = await startBadVenue()
  using folder = tempFolder()
  const data = join(folder.path, 'data')
  mkdirSync(data)
  const withLogin = (url: string) => url.replace('://', `://me:${canary}@`)
  const configs = { good: venue, bad: { wsUrl: 'ws://127.0.0.1:9', restUrl: 'http://127.0.0.1:9' } }
  const said: string[] = []
  for (const [name, { wsUrl, restUrl }] of Object.entries(configs)) {
    const file = join(folder.path, `${name}.json.yaml`)
    const urls = { wsUrl: `${withLogin(wsUrl)}/?token=${canary}`, restUrl: withLogin(restUrl) }
    writeFileSync(file, JSON.stringify({ venues: { coinbase: { ...urls, products: [PRODUCT] } } }))
    const at = ['--config', file, '--data', data]
    {
      await using run = startCli('run', ...at, '--log-level', 'trace', '-v')
      const isTold = () => /connected to|Cannot connect/.test(run.said())
      await until(isTold, { what: 'it tells where it connects', withinMs: WITHIN_MS })
      run.child.kill('SIGTERM')
      const { stderr, stdout } = await run.ended
      said.push(stderr, stdout)
    }
    for (const command of [
      ['config', 'print'],
      ['config', 'print', '--json'],
      ['config', 'explain', '--json'],
      ['status', '--json'],
      ['doctor', '--json'],
      ['run', '--venues', 'coinbase', '--ws-url', `ws://me:${canary}@127.0.0.1:9/#part`],
      ['run', '--venues', 'coinbase', '--ws-url', `nonsense://me:${canary}@x`],
      [
        'backfill',
        '--venues',
        'coinbase',
        '--rest-url',
        `ftp://me:${canary}@x`,
        '--from',
        '-1h',
        '--json',
      ],
    ]) {
      const { stdout, stderr } = await assay(...command, ...at)
      said.push(stdout, stderr)
    }
  }
  expect(said.join('')).toContain('connected to Coinbase')
  expect(said.join('')).toContain('cannot be reached')
  expect(said.filter((text) => text.includes(canary))).toEqual([])
  expect(isWrittenIn(data, canary)).toBe(false)
})
