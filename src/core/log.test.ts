import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const log = JSON.stringify(new URL('./log.ts', import.meta.url).href)
const program = (pretty: boolean) => `
  const { createLogger } = await import(${log})
  const log = createLogger({ level: 'info', pretty: ${pretty} })
  log.debug('unseen')
  log.info({ venue: 'coinbase', password: 'hunter2', http: { token: 'abc' } }, 'connected')
  process.exit(0)
`
const run = (pretty: boolean) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', program(pretty)], { encoding: 'utf8' })

test('a line is JSON on standard error with its level, its facts, and its secrets masked', () => {
  const { stdout, stderr } = run(false)
  expect(stdout).toBe('')
  const lines = stderr.trimEnd().split('\n')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'info',
    msg: 'connected',
    venue: 'coinbase',
    password: '***',
    http: { token: '***' },
  })
})

test('for people it is one plain line on standard error, written before the process ends', () => {
  const { stdout, stderr } = run(true)
  expect(stdout).toBe('')
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  expect(stderr).toContain('connected')
  expect(stderr).not.toContain('hunter2')
})
