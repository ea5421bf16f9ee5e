import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

let clone: string
let children: ChildProcess[] = []

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'assay-clone-'))
  cpSync(join(ROOT, 'scripts'), join(clone, 'scripts'), { recursive: true })
  cpSync(join(ROOT, 'bin'), join(clone, 'bin'), { recursive: true })
  write('package.json', '{ "type": "module" }')
  write('package-lock.json', JSON.stringify({ packages: LOCKED }))
  write('npm/package.json', '{ "type": "commonjs" }')
  write('npm/npm-cli.js', FAKE_NPM)
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children = []
  rmSync(clone, { recursive: true })
})

const LOCKED = {
  '': { name: 'clone' },
  'node_modules/node': { version: process.version.slice(1), integrity: 'sha512-n' },
  'node_modules/ws': { version: '8.0.0', integrity: 'sha512-w', dev: true },
  'node_modules/elsewhere': { version: '1.0.0', integrity: 'sha512-e', optional: true },
}
const INSTALLED = {
  'node_modules/node': LOCKED['node_modules/node'],
  'node_modules/ws': LOCKED['node_modules/ws'],
}

/** Does what `npm ci` would, without a network: notes its arguments, talks, installs. */
const FAKE_NPM = `
  const fs = require('node:fs')
  fs.writeFileSync('npm-args.json', JSON.stringify(process.argv.slice(2)))
  fs.appendFileSync('npm-runs', 'x')
  console.log('added 2 packages')
  if (process.env.FAKE_NPM_FAILS) process.exit(1)
  fs.rmSync('node_modules', { recursive: true, force: true })
  fs.mkdirSync('node_modules/node/bin', { recursive: true })
  fs.mkdirSync('node_modules/.bin')
  fs.symlinkSync(${JSON.stringify(process.execPath)}, 'node_modules/node/bin/node')
  fs.writeFileSync('node_modules/.package-lock.json', ${JSON.stringify(
    JSON.stringify({ packages: INSTALLED }),
  )})
`

function write(path: string, text: string): void {
  mkdirSync(dirname(join(clone, path)), { recursive: true })
  writeFileSync(join(clone, path), text)
}

function installNow(packages: object = INSTALLED): void {
  write('node_modules/.package-lock.json', JSON.stringify({ packages }))
  mkdirSync(join(clone, 'node_modules/.bin'), { recursive: true })
  mkdirSync(join(clone, 'node_modules/node/bin'), { recursive: true })
  symlinkSync(process.execPath, join(clone, 'node_modules/node/bin/node'))
}

const environment = (extra: Record<string, string> = {}) => {
  const { npm_lifecycle_event: _, ...env } = process.env
  return { ...env, npm_execpath: join(clone, 'npm/npm-cli.js'), ...extra }
}

const run = (args: string[], extra?: Record<string, string>) =>
  spawnSync(process.execPath, args, { cwd: clone, encoding: 'utf8', env: environment(extra) })

const installed = () => existsSync(join(clone, 'npm-args.json'))

const ECHO = 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 3'

test('a fresh clone is set up once, on standard error, whatever npm is configured to do', () => {
  write('echo.mjs', ECHO)
  const first = run(['scripts/run.mjs', 'echo.mjs', 'a b', '--json'])
  expect(first.stdout).toBe('["a b","--json"]\n')
  expect(first.stderr).toContain('setting up')
  expect(first.stderr).toContain('added 2 packages')
  expect(first.status).toBe(3)
  expect(JSON.parse(readFileSync(join(clone, 'npm-args.json'), 'utf8'))).toEqual(
    expect.arrayContaining(['ci', '--include=dev', '--ignore-scripts=false']),
  )
  rmSync(join(clone, 'npm-args.json'))
  const second = run(['scripts/run.mjs', 'echo.mjs'])
  expect(second).toMatchObject({ stdout: '[]\n', stderr: '', status: 3 })
  expect(installed()).toBe(false)
})

test.each([
  ['another version of a dependency', { 'node_modules/ws': { version: '7.0.0' } }],
  ['another build of it', { 'node_modules/ws': { version: '8.0.0', integrity: 'sha512-x' } }],
  ['a missing one', { 'node_modules/ws': undefined }],
])('%s is mended', (_, difference) => {
  write('echo.mjs', ECHO)
  installNow({ ...INSTALLED, ...difference })
  run(['scripts/run.mjs', 'echo.mjs'])
  expect(installed()).toBe(true)
})

test('an optional dependency for another system is not missed', () => {
  write('echo.mjs', ECHO)
  installNow()
  run(['scripts/run.mjs', 'echo.mjs'])
  expect(installed()).toBe(false)
})

test('an install that was cut off before the pinned Node was in place is mended', () => {
  write('echo.mjs', ECHO)
  write('node_modules/.package-lock.json', JSON.stringify({ packages: INSTALLED }))
  expect(run(['scripts/run.mjs', 'echo.mjs']).status).toBe(3)
  expect(installed()).toBe(true)
})

test('two commands in a fresh clone set it up once between them', async () => {
  write('echo.mjs', ECHO)
  const both = ['a', 'b'].map((word) =>
    spawn(process.execPath, ['scripts/run.mjs', 'echo.mjs', word], {
      cwd: clone,
      env: environment(),
      stdio: 'ignore',
    }),
  )
  children.push(...both)
  const ended = await Promise.all(both.map((child) => once(child, 'exit')))
  expect(ended.map(([status]) => status)).toEqual([3, 3])
  expect(readFileSync(join(clone, 'npm-runs'), 'utf8')).toBe('x')
})

test('when npm fails that is said, and nothing runs', () => {
  write('echo.mjs', ECHO)
  const { status, stdout, stderr } = run(['scripts/run.mjs', 'echo.mjs'], { FAKE_NPM_FAILS: '1' })
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain('npm ci failed')
})

test('the command runs the sources of a checkout, and is linked for npx', () => {
  write('src/cli/main.ts', `const args: string[] = process.argv.slice(2)\nconsole.log(args)`)
  const { stdout, status } = run(['bin/assay.mjs', 'status'])
  expect({ stdout, status }).toEqual({ stdout: "[ 'status' ]\n", status: 0 })
  expect(existsSync(join(clone, 'node_modules/.bin/assay'))).toBe(true)
})

const WAITER = `
  process.on('SIGTERM', () => { console.log('told'); process.exit(7) })
  setInterval(() => {}, 1000)
  console.log('ready')
`

async function start(extra?: Record<string, string>, command = process.execPath) {
  write('wait.mjs', WAITER)
  installNow()
  const args =
    command === process.execPath
      ? ['scripts/run.mjs', 'wait.mjs']
      : ['-c', `"${process.execPath}" scripts/run.mjs wait.mjs; exit $?`]
  const child = spawn(command, args, { cwd: clone, env: environment(extra), stdio: 'pipe' })
  children.push(child)
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  await once(child.stdout, 'data')
  return { child, said: () => said }
}

test('signals reach the program, and its exit status comes back', async () => {
  const { child, said } = await start()
  child.kill('SIGTERM')
  const [status] = await once(child, 'close')
  expect({ status, said: said() }).toEqual({ status: 7, said: 'ready\ntold\n' })
})

test('when the shell npm started dies of a signal, the program is told all the same', async () => {
  const { child, said } = await start({ npm_lifecycle_event: 'demo' }, '/bin/sh')
  child.kill('SIGKILL')
  await once(child.stdout!, 'close')
  expect(said()).toBe('ready\ntold\n')
})
