import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { VERSION } from './version.ts'

const MAIN = new URL('./main.ts', import.meta.url).pathname

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const result = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  })
  const { status, stdout, stderr } = result
  return { status, stdout, stderr, lastLine: stdout.trimEnd().split('\n').at(-1) as string }
}

test('--help lists every command in groups, and the version is the package’s', () => {
  const { status, stdout, stderr } = run(['--help'])
  expect(status).toBe(0)
  expect(stderr).toBe('')
  const commands =
    'run demo collect refine sim backfill import replay rebuild candles trades gaps quarantine ' +
    'status doctor config log'
  for (const name of commands.split(' ')) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
  expect(stdout).toMatch(/^Look:$/m)
  expect(run(['--version']).stdout).toBe(`${VERSION}\n`)
})

test('the help of a command has its arguments, the flags of every command, and examples', () => {
  const { status, stdout } = run(['help', 'candles'])
  expect(status).toBe(0)
  for (const part of ['<selector>', '--json', '--data <dir>', '$ assay candles BTC-USD 1m']) {
    expect(stdout).toContain(part)
  }
})

test('a command that does not exist is a usage error that names a near one', () => {
  const { status, stdout, stderr } = run(['cande', '--json'])
  expect(status).toBe(2)
  expect(stderr).toContain("error ASSAY_USAGE: unknown command 'cande' (Did you mean candles?)")
  expect(JSON.parse(stdout)).toEqual({
    error: { code: 'ASSAY_USAGE', message: expect.stringContaining('cande') },
  })
})

test('a wrong value is a usage error, before anything is opened', () => {
  const { status, stderr } = run(['candles', 'BTC-USD', '2m'])
  expect(status).toBe(2)
  expect(stderr).toMatch(/^error ASSAY_USAGE: 2m is no interval/)
  expect(stderr).not.toMatch(/at .*\.ts:/)
})

test('a wrong configuration is told with its cure, for people and for programs', () => {
  const { status, stderr, lastLine } = run(['status', '--json'], { ASSAY_POL_EVERY_SECONDS: '5' })
  expect(status).toBe(2)
  expect(stderr).toMatch(/^error ASSAY_CONFIG_UNKNOWN_KEY: .*did you mean ASSAY_POLL_EVERY_SECONDS/)
  expect(stderr).toMatch(/^hint: Use the key the message suggests/m)
  expect(JSON.parse(lastLine).error.code).toBe('ASSAY_CONFIG_UNKNOWN_KEY')
})

test('what the world refuses is status 1, and --verbose says where', () => {
  const args = ['candles', 'BTC-USD', '1m', '--data', join(folder, 'none'), '--verbose']
  const { status, stdout, stderr } = run(args)
  expect(status).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^error ASSAY_WAREHOUSE_UNAVAILABLE: /)
  expect(stderr).toMatch(/^ {4}at .*\.ts:/m)
})

test('flags may stand before or after the command, and go above the environment', () => {
  const data = join(folder, 'by-flag')
  for (const args of [
    ['--data', data, 'config', 'print', '--json'],
    ['config', 'print', '--json', '--data', data],
  ]) {
    const { status, lastLine } = run(args, { ASSAY_DATA: 'by-environment' })
    expect(status).toBe(0)
    expect(JSON.parse(lastLine).data).toBe(data)
  }
})

test('the configuration is printed without the secrets in its URLs', () => {
  writeFileSync(
    join(folder, 'secret.yaml'),
    'venues: { coinbase: { restUrl: "https://user:hunter2@example.com/" } }\n',
  )
  const { status, stdout } = run(['config', '--config', 'secret.yaml'])
  expect(status).toBe(0)
  expect(stdout).toMatch(/venues\.coinbase\.restUrl +\S*user:\*\*\*@example\.com\S* +secret\.yaml/)
  expect(stdout).not.toContain('hunter2')
})

test('an empty data folder is no error: there is nothing yet', () => {
  const data = ['--data', join(folder, 'empty')]
  const status = run(['status', '--json', ...data])
  expect(status.status).toBe(0)
  expect(JSON.parse(status.lastLine)).toMatchObject({ logs: [], warehouse: null })
  expect(run(['log', 'verify', '--json', ...data]).lastLine).toBe('{"ok":true,"logs":[]}')
  const doctor = run(['doctor', '--offline', '--json', ...data])
  expect(doctor.status).toBe(0)
  expect(JSON.parse(doctor.lastLine)).toMatchObject({ ok: true })
})

test('a data folder that cannot be made is what the doctor finds', () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  const { status, lastLine } = run(['doctor', '--offline', '--json', '--data', join(file, 'data')])
  expect(status).toBe(1)
  expect(JSON.parse(lastLine).checks).toContainEqual(
    expect.objectContaining({ check: 'data folder', result: 'fail' }),
  )
})

test('a reader that leaves early ends us in silence', async () => {
  const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  const said: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text))
  const [status] = await once(child, 'close')
  expect(said.join('')).toBe('')
  expect(status).toBe(0)
})

test('the simulator runs until it is interrupted, and its last line is JSON', async () => {
  const args = [MAIN, 'sim', '--port', '0', '--history', '1', '--json']
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (printed === '') child.kill('SIGINT')
    printed += text
  })
  const [status] = await once(child, 'close')
  expect(status).toBe(0)
  expect(JSON.parse(printed.trimEnd().split('\n').at(-1) as string)).toMatchObject({ ended: true })
})
