import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { proofOf, refined } from '../playback/refined.ts'
import { rebuild } from '../playback/support.ts'

const CHILD = fileURLToPath(new URL('./rebuild-child.ts', import.meta.url))

test.each(['filling', 'filled'])(
  'a rebuild killed while %s leaves the old facts in force',
  async (stage) => {
    const { dataDir, proof } = await refined(19)
    const child = spawn(process.execPath, [CHILD, stage, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await ended
    const generations = () =>
      readdirSync(join(dataDir, 'warehouse')).filter((name) => name.endsWith('.sqlite'))
    expect(generations().length).toBe(2)
    expect(await proofOf(dataDir)).toEqual(proof)
    expect(await rebuild(dataDir)).toEqual(proof)
    expect(generations().length).toBe(1)
  },
)
