import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AssayError } from './errors.ts'
import { acquireLock } from './lock.ts'

let folder: string
const children: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-lock-'))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

const failure = (act: () => unknown): AssayError => {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(AssayError)
    return error as AssayError
  }
  throw new Error('it was expected to fail')
}

const module = JSON.stringify(new URL('./lock.ts', import.meta.url).href)

/** Starts a process that takes the lock, says whether it has it, and stays. */
async function contender(path: string, holder: string): Promise<[ChildProcess, string]> {
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { acquireLock } = await import(${module})
       try {
         globalThis.lock = acquireLock(${JSON.stringify(path)}, ${JSON.stringify(holder)})
         console.log('held')
       } catch (error) {
         console.log(error.code)
       }
       setInterval(() => {}, 1000)`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  children.push(child)
  const [said] = await once(child.stdout!, 'data')
  return [child, String(said).trim()]
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

test('a second asker in the same process is refused and told who holds it', () => {
  const path = join(folder, 'lock')
  using held = acquireLock(path, 'assay collect')
  expect(held.path).toBe(path)
  const error = failure(() => acquireLock(path, 'assay run'))
  expect(error.code).toBe('ASSAY_LOCKED')
  expect(error.message).toContain(`assay collect (process ${process.pid})`)
  expect(error.retry).toBe('never')
})

test('a released lock can be taken again, and leaves no name behind', async () => {
  const path = join(folder, 'lock')
  const first = acquireLock(path, 'first')
  first.release()
  first.release()
  expect(readdirSync(folder)).toEqual(['lock'])
  {
    await using second = acquireLock(path, 'second')
    expect(second.path).toBe(path)
  }
  acquireLock(path, 'third').release()
})

test('another process is refused while it is held here, and named when it holds it', async () => {
  const path = join(folder, 'lock')
  const lock = acquireLock(path, 'assay run')
  const [refused, said] = await contender(path, 'intruder')
  expect(said).toBe('ASSAY_LOCKED')
  await kill(refused, 'SIGKILL')
  lock.release()

  const [child, heldThere] = await contender(path, 'assay import')
  expect(heldThere).toBe('held')
  const error = failure(() => acquireLock(path, 'assay run'))
  expect(error.context.holder).toBe(`assay import (process ${child.pid})`)
})

test.each(['SIGKILL', 'SIGTERM'] as const)('%s to the holder frees it', async (signal) => {
  const path = join(folder, 'lock')
  const [child, said] = await contender(path, 'doomed')
  expect(said).toBe('held')
  await kill(child, signal)
  acquireLock(path, 'heir').release()
})

test('of several that ask at once exactly one is given it', async () => {
  const path = join(folder, 'lock')
  const asked = await Promise.all(['a', 'b', 'c', 'd'].map((name) => contender(path, name)))
  const said = asked.map(([, word]) => word)
  expect(said.filter((word) => word === 'held')).toHaveLength(1)
  expect(said.filter((word) => word === 'ASSAY_LOCKED')).toHaveLength(3)
})

test('a missing folder is said to be missing', () => {
  const error = failure(() => acquireLock(join(folder, 'none', 'lock'), 'x'))
  expect(error.code).toBe('ASSAY_READ_ONLY')
  expect(error.message).toContain('its folder is missing')
})

test('what stands in its place but is no lock is refused, not overwritten', () => {
  mkdirSync(join(folder, 'dir'))
  expect(failure(() => acquireLock(join(folder, 'dir'), 'x')).code).toBe('ASSAY_READ_ONLY')
  writeFileSync(
    join(folder, 'notes'),
    'not a database, but somebody cared for this text\n'.repeat(9),
  )
  expect(failure(() => acquireLock(join(folder, 'notes'), 'x')).code).toBe('ASSAY_READ_ONLY')
})
