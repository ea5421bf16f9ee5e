import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { assay, assayJson, tempFolder } from './bad-support.ts'

afterEach(() => void vi.unstubAllEnvs())

/** Runs a command that must fail, and returns its code and what it tells people. */
async function failure(...args: readonly string[]) {
  const { status, stdout, stderr } = await assay(...args, '--json')
  const { error } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  expect(stderr).toContain(`error ${error.code}: ${error.message}`)
  expect(stderr).toContain('hint: ')
  return { status, code: error.code, message: error.message }
}

describe('what is wrong in the configuration ends a command with status 2', () => {
  test.each([
    ['an unknown variable', { ASSAY_MODEE: 'ws' }, 'UNKNOWN_KEY', 'did you mean ASSAY_MODE?'],
    ['a value of the wrong kind', { ASSAY_MODE: 'udp' }, 'INVALID', 'ASSAY_MODE'],
    ['a number that is none', { ASSAY_POLL_EVERY_SECONDS: '1e400' }, 'INVALID', 'POLL_EVERY'],
    ['a number below its least', { ASSAY_POLL_EVERY_SECONDS: '0' }, 'INVALID', 'POLL_EVERY'],
    ['X and X_FILE', { ASSAY_MODE: 'ws', ASSAY_MODE_FILE: 'x' }, 'INVALID', 'ASSAY_MODE_FILE'],
    ['a missing X_FILE', { ASSAY_MODE_FILE: '/nowhere/x' }, 'INVALID', '/nowhere/x'],
    ['a file that is not there', { ASSAY_CONFIG: '/nowhere/x.yaml' }, 'INVALID', '/nowhere/x.yaml'],
    ['no address', { ASSAY_VENUES_COINBASE_WS_URL: 'localhost' }, 'INVALID', 'ws://'],
  ])('%s', async (_what, env, code, said) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    using folder = tempFolder()
    const found = await failure('status', '--data', folder.path)
    expect(found).toMatchObject({ status: 2, code: `ASSAY_CONFIG_${code}` })
    expect(found.message).toContain(said)
  })

  test.each([
    ['an unknown key', 'venues: {coinbase: {produkts: [BTC-USD]}}', 'UNKNOWN_KEY', 'products'],
    ['a list for a switch', 'backfill: {enabled: [1]}', 'INVALID', 'backfill.enabled'],
    ['no YAML', 'mode: [ws', 'INVALID', 'x.yaml'],
    ['a prototype', '__proto__: {mode: ws}', 'UNKNOWN_KEY', '__proto__'],
    ['a variable that is not set', `mode: \${NOWHERE_SET}`, 'INVALID', 'NOWHERE_SET'],
  ])('%s in a file', async (_what, text, code, said) => {
    using folder = tempFolder()
    const file = join(folder.path, 'x.yaml')
    writeFileSync(file, text)
    const found = await failure('status', '--config', file, '--data', folder.path)
    expect(found).toMatchObject({ status: 2, code: `ASSAY_CONFIG_${code}` })
    expect(found.message).toContain(said)
  })
})

const HEADER = 'id,timestamp,price,amount,side\n'
const LINES = '1,1790689500000000,10,1,buy\n2,1790689560000000,10.5,1,sell\n'
const COLUMNS = 'trade_id=id,time=timestamp:us,price=price,size=amount,side=side'

describe('commands that look', () => {
  const folder = tempFolder()
  const data = folder.path
  afterAll(() => folder[Symbol.dispose]())
  beforeAll(async () => {
    const file = join(data, 'tape.csv')
    writeFileSync(file, HEADER + LINES)
    for (const venue of ['one', 'two']) {
      const who = ['--venue', venue, '--symbol', 'BTC-USD', '--columns', COLUMNS]
      await assayJson('import', file, ...who, '--data', data)
    }
  })

  test.each([
    [['candles', 'BTC-USD', '1m'], 1, 'AMBIGUOUS_INSTRUMENT', 'one:BTC-USD, two:BTC-USD'],
    [['trades', 'BTC-USDT'], 1, 'UNKNOWN_PRODUCT', 'BTC-USD'],
    [['trades', 'one:two:BTC-USD'], 1, 'UNKNOWN_PRODUCT', 'one:two:BTC-USD'],
    [['trades', "'; DROP TABLE silver_trades; --"], 1, 'UNKNOWN_PRODUCT', 'DROP'],
    [['candles', 'one:BTC-USD', '7m'], 2, 'USAGE', '1m, 5m'],
    [['candles', 'one:BTC-USD'], 2, 'USAGE', 'interval'],
    [['candles', 'one:BTC-USD', '1m', '--from', 'yesterday'], 2, 'USAGE', '--from'],
    [
      ['candles', 'one:BTC-USD', '1m', '--from', '2026-01-02', '--to', '2026-01-01'],
      2,
      'USAGE',
      'before',
    ],
    [['trades', 'one:BTC-USD', '--limit', '-1'], 2, 'USAGE', '--limit'],
    [['trades', 'one:BTC-USD', '--venue', 'two'], 2, 'USAGE', 'two'],
    [['log', 'verify', '--log', '../../etc/passwd'], 1, 'LOG_MISSING', 'passwd'],
    [['replay', 'x', '--venue', 'nope'], 1, 'UNKNOWN_VENUE', 'coinbase'],
    [['run', '--mode', 'udp'], 2, 'USAGE', 'ws, rest, both'],
    [['run', '--products', 'A B'], 2, 'CONFIG_INVALID', 'product'],
    [['run', '--seconds', 'soon'], 2, 'USAGE', '--seconds'],
    [
      [
        'run',
        '--venues',
        'coinbase',
        '--ws-url',
        'ws://127.0.0.1:9/#x',
        '--rest-url',
        'http://127.0.0.1:9',
      ],
      2,
      'USAGE',
      '#',
    ],
    [['frobnicate'], 2, 'USAGE', 'frobnicate'],
    [['status', '--store', 'postgres://me:secret@host/db'], 1, 'UNSUPPORTED', 'sqlite'],
  ] as const)('%j is refused', async (args, status, code, said) => {
    const found = await failure(...args, '--data', data)
    expect(found).toMatchObject({ status, code: `ASSAY_${code}` })
    expect(found.message).toContain(said)
    expect(found.message).not.toContain('secret')
  })

  test('a cell that a spreadsheet would run is defused, and numbers stay numbers', async () => {
    const file = join(data, 'formula.csv')
    writeFileSync(file, `${HEADER}=1+1,1790689500000000,=cmd|'/C calc'!A0,1,buy\n`)
    const who = ['--venue', 'three', '--symbol', '@SUM(1)', '--columns', COLUMNS]
    await assayJson('import', file, ...who, '--data', data)
    const { stdout } = await assay('quarantine', '--csv', '--show', '--data', data)
    const [, line] = stdout.split('\r\n')
    // The sample begins with the formula; what stands inside a text is no cell.
    expect(line).toContain(`'=1+1`)
    expect(stdout.split('\r\n').flatMap((row) => row.split(','))).not.toContain('=1+1')
    const trades = await assay('trades', 'one:BTC-USD', '--csv', '--data', data)
    expect(trades.stdout).toContain(',10.5,')
  })
})

describe('an import', () => {
  async function tryImport(name: string, content: string | Buffer | null, more: string[] = []) {
    using folder = tempFolder()
    const file = join(folder.path, name)
    if (content === null) mkdirSync(file)
    else if (content !== '-') writeFileSync(file, content)
    const names = ['--venue', 'x', '--symbol', 'BTC-USD', '--columns', COLUMNS]
    return await failure('import', file, ...names, ...more, '--data', join(folder.path, 'data'))
  }

  test.each([
    ['missing.csv', '-', 'FILE_UNREADABLE', 'not there'],
    ['empty.csv', '', 'FILE_UNREADABLE', 'empty'],
    ['folder.csv', null, 'FILE_UNREADABLE', 'not a file'],
    ['binary.csv', Buffer.from('7f454c460201010000000000', 'hex'), 'FILE_UNREADABLE', 'binary'],
    ['utf16.csv', Buffer.from(`\uFEFF${HEADER}`, 'utf16le'), 'FILE_UNREADABLE', 'UTF-16'],
    ['packed.zip', Buffer.from('PK\u0003\u0004rest'), 'FILE_UNREADABLE', 'zip'],
    ['cut.csv.gz', Buffer.from('1f8b0800000000000003', 'hex'), 'FILE_UNREADABLE', 'end of file'],
    ['columns.csv', `id,when,price,amount,side\n${LINES}`, 'IMPORT_COLUMNS', 'timestamp'],
    ['line.csv', 'a'.repeat(2_000_000), 'IMPORT_COLUMNS', 'aaaa …'],
  ] as const)('of %s is refused', async (name, content, code, said) => {
    const found = await tryImport(name, content)
    expect(found).toMatchObject({ status: 1, code: `ASSAY_${code}` })
    expect(found.message).toContain(said)
    expect(found.message.length).toBeLessThan(700)
  })

  test.each([
    ['--venue', '../../x'],
    ['--venue', 'a/b'],
    ['--venue', ''],
    ['--symbol', ''],
    ['--symbol', 'BTC USD'],
    ['--symbol', 'A'.repeat(65)],
    ['--columns', 'price'],
    ['--preset', 'nope'],
    ['--header', ''],
  ])('with %s %j is refused', async (flag, value) => {
    const found = await tryImport('tape.csv', HEADER + LINES, [flag, value])
    expect([1, 2]).toContain(found.status)
    expect(found.code).toMatch(/^ASSAY_(USAGE|IMPORT_COLUMNS)$/)
  })

  test('of a venue unknown to us is taken, its bad lines set aside', async () => {
    using folder = tempFolder()
    const at = ['--data', folder.path]
    const file = join(folder.path, 'tape.csv')
    const bad = [
      'x,y',
      '3,1790689561000000,-1,1,buy',
      '4,soon,1,1,buy',
      '5,1790689561000000,1e400,1,b',
    ]
    writeFileSync(file, `${HEADER}${LINES}${bad.join('\n')}\n6,17906895`)
    const names = ['--venue', 'nobody-knows', '--symbol', '../../etc/passwd', '--columns', COLUMNS]
    const report = await assayJson('import', file, ...names, ...at)
    expect(report).toMatchObject({ read: 7, accepted: 2, rejected: 5 })
    const refused = await assayJson('quarantine', ...at)
    const samples = refused.map(({ sample }: { sample: string }) => sample)
    expect(samples.toReversed()).toEqual([...bad, '6,17906895'])
    const { log, pos } = refused[0]
    const span = ['--log', log, '--from', `${pos}`, '--to', `${pos + 1}`]
    const { stdout } = await assay('log', 'cat', ...span, ...at)
    for (const line of bad) expect(JSON.parse(stdout).text).toContain(line)
  })
})
