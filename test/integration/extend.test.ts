import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { runCli, runJson, tempFolder } from './cli-support.ts'

const ENTRY = pathToFileURL(resolve(import.meta.dirname, '../../src/index.ts')).href

/** A venue nobody answers for, and an asset, as a file would add them. */
const ADDED = `
  import { decodeJson, defineAsset, defineConfig, defineVenue } from ${JSON.stringify(ENTRY)}
  const decode = decodeJson((said, found) => found.reject('malformed', said.type))
  const venue = defineVenue({
    id: 'mine',
    defaultProducts: ['BTC-USD'],
    feeds: {
      ws: { url: 'ws://127.0.0.1:9', subscribe: () => [], route: () => ({ kind: 'unknown' }) },
    },
    history: {
      restUrl: 'http://127.0.0.1:9',
      listing: { channel: 'products', symbol: null, path: '/products' },
      next: () => ({ done: true }),
    },
    decoders: { 'mine/ws': decode, 'mine/rest': decode },
  })
  const asset = defineAsset({
    key: 'my.figures',
    about: 'Figures.',
    partitions: 'daily',
    dependencies: ['gold.candles_1h'],
    materialize: async () => ({ rows: 0, version: 'none' }),
  })
`

function openHome() {
  const folder = tempFolder()
  const config = join(folder.path, 'assay.config.ts')
  const flags = ['--config', config, '--data', join(folder.path, 'data')]
  return {
    write: (said: string) => writeFileSync(config, `${ADDED}\nexport default ${said}`),
    run: (...args: readonly string[]) => runCli(...args, ...flags),
    json: <T>(...args: readonly string[]) => runJson<T>(...args, '--json', ...flags),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

test('what a configuration adds is there for every command', async () => {
  using home = openHome()
  home.write(`defineConfig({
    venues: { mine: { products: ['A-B'] } },
    flow: { schedules: { 'my.figures': ['0 4 * * *'] } },
    extend: { venues: [venue], assets: [asset] },
  })`)
  const [checked, listed] = await Promise.all([
    home.json<object>('config', 'check'),
    home.json<{ assets: readonly object[] }>('assets', 'my.figures'),
  ])
  expect(checked).toMatchObject({ ok: true, added: { venues: ['mine'], assets: ['my.figures'] } })
  expect(listed.assets).toMatchObject([
    {
      ...{ key: 'my.figures', schedules: ['0 4 * * *'], dependencies: ['gold.candles_1h'] },
    },
  ])
})

test('what cannot be is refused at once, with what is wrong and where', async () => {
  using home = openHome()
  home.write('{ extend: { venues: [venue, { ...venue }] } }')
  const { status, stderr } = await home.run('status')
  expect(status).toBe(2)
  expect(stderr).toContain('ASSAY_CONFIG_INVALID')
  expect(stderr).toContain('there is a venue called mine already')
})
