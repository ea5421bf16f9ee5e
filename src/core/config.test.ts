import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConfigSources } from './config.ts'
import { explainConfig, loadConfig } from './config.ts'
import { CONFIG_KEYS } from './config-schema.ts'

let cwd: string

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'assay-config-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

const load = (sources: Partial<ConfigSources> = {}) => loadConfig({ cwd, env: {}, ...sources })
const write = (name: string, text: string) => writeFileSync(join(cwd, name), text)

/** Hosts that are left to the venue. */
const NOWHERE = { wsUrl: null, restUrl: null }

describe('with nothing said', () => {
  test('every key has its default, and state lives in ./data', async () => {
    const { config, file, origins } = await load()
    expect(file).toBeNull()
    expect(new Set(origins.values())).toEqual(new Set(['default']))
    expect(config).toEqual({
      data: join(cwd, 'data'),
      store: `sqlite:${join(cwd, 'data', 'warehouse')}`,
      mode: 'ws',
      collect: {
        venues: ['coinbase', 'binance-us', 'kraken', 'coingecko'],
        books: false,
        witnessSeconds: 60,
      },
      venues: {
        coinbase: { ...NOWHERE, feed: 'exchange', products: null },
        'binance-us': { ...NOWHERE, products: null, lifeSecondsMax: 82_800 },
        kraken: { ...NOWHERE, products: null },
        ccxt: { products: null, pollSeconds: 5 },
        coingecko: {
          ...{ restUrl: null, coins: null, apiKey: null, everySeconds: 60 },
          ...{ ratePerMinute: 5, timeoutSeconds: 30, retriesMax: 3 },
        },
      },
      poll: { everySeconds: 300 },
      journal: { commitWindowMs: 50, segmentBytesMax: 268_435_456 },
      log: { level: 'info' },
      candles: { graceSeconds: 10 },
      backfill: { enabled: true, graceSeconds: 2, maxAttempts: 5 },
      flow: { enabled: true, liveMax: 2, gapMax: 1, backfillMax: 2, schedules: {} },
      lineage: {
        ...{ namespace: 'assay', file: null, url: null, apiKey: null },
        ...{ kafkaBrokers: null, kafkaTopic: 'assay.lineage' },
      },
      retention: {
        rawArchive: null,
        trades: null,
        candles: null,
        snapshots: 365,
        books: null,
        quarantine: null,
        runs: 90,
      },
    })
  })
})

describe('of several sources', () => {
  test('a flag stands over the environment, it over .env, that over the file', async () => {
    write(
      'assay.config.yaml',
      'data: from-file\nmode: rest\nlog: { level: warn }\npoll: {everySeconds: 9}',
    )
    write(
      '.env',
      'ASSAY_MODE=both\nASSAY_LOG_LEVEL=debug\nASSAY_POLL_EVERY_SECONDS="10"\nOTHER=1\n',
    )
    const loaded = await load({
      env: { ASSAY_LOG_LEVEL: 'error', ASSAY_POLL_EVERY_SECONDS: '11', HOME: '/' },
      flags: { 'poll.everySeconds': 12, store: undefined },
    })
    expect(loaded.config.data).toBe(join(cwd, 'from-file'))
    expect(loaded.config.mode).toBe('both')
    expect(loaded.config.log.level).toBe('error')
    expect(loaded.config.poll.everySeconds).toBe(12)
    expect(Object.fromEntries(loaded.origins)).toMatchObject({
      data: 'assay.config.yaml',
      mode: 'ASSAY_MODE in .env',
      'log.level': 'ASSAY_LOG_LEVEL in the environment',
      'poll.everySeconds': 'flag',
      store: 'default',
    })
  })

  test('an empty variable counts as not set', async () => {
    write('.env', 'ASSAY_MODE=rest\n')
    const { config } = await load({ env: { ASSAY_MODE: '', ASSAY_DATA: '' } })
    expect(config.mode).toBe('rest')
    expect(config.data).toBe(join(cwd, 'data'))
  })

  test('text from the environment becomes numbers, switches and lists', async () => {
    const { config } = await load({
      env: {
        ASSAY_VENUES_COINBASE_PRODUCTS: 'BTC-USD, SOL-USD XRP-USD',
        ASSAY_BACKFILL_ENABLED: 'false',
        ASSAY_JOURNAL_COMMIT_WINDOW_MS: '5',
      },
    })
    expect(config.venues.coinbase.products).toEqual(['BTC-USD', 'SOL-USD', 'XRP-USD'])
    expect(config.backfill.enabled).toBe(false)
    expect(config.journal.commitWindowMs).toBe(5)
  })

  test('a venue with a dash in its name has an underscore in its variables', async () => {
    const { config, origins } = await load({
      env: {
        ASSAY_COLLECT_VENUES: 'binance-us,kraken',
        ASSAY_VENUES_BINANCE_US_PRODUCTS: 'BTC-USD',
        ASSAY_VENUES_BINANCE_US_LIFE_SECONDS_MAX: '120',
      },
    })
    expect(config.collect.venues).toEqual(['binance-us', 'kraken'])
    expect(config.venues['binance-us']).toMatchObject({
      products: ['BTC-USD'],
      lifeSecondsMax: 120,
    })
    expect(config.venues.kraken.products).toBeNull()
    expect(origins.get('venues.binance-us.products')).toBe(
      'ASSAY_VENUES_BINANCE_US_PRODUCTS in the environment',
    )
  })

  test.each([
    ['top 50', { top: 50 }],
    ['Top  7', { top: 7 }],
    ['bitcoin, avalanche-2', ['bitcoin', 'avalanche-2']],
    // Coins by these very ids, should anyone name them so.
    ['top', ['top']],
  ])('coins %j are %j', async (text, coins) => {
    const { config } = await load({ env: { ASSAY_VENUES_COINGECKO_COINS: text } })
    expect(config.venues.coingecko.coins).toEqual(coins)
    write('assay.config.yaml', `venues: {coingecko: {coins: ${JSON.stringify(coins)}}}`)
    expect((await load()).config.venues.coingecko.coins).toEqual(coins)
  })

  test('a file of lineage lies where it was named from, and its brokers are words', async () => {
    write('assay.config.yaml', 'lineage: { file: told.jsonl }')
    const env = { ASSAY_LINEAGE_KAFKA_BROKERS: 'a:9092, b:9092' }
    const { lineage } = (await load({ env })).config
    expect(lineage).toMatchObject({
      file: join(cwd, 'told.jsonl'),
      kafkaBrokers: ['a:9092', 'b:9092'],
    })
    const named = await load({ env: { ASSAY_LINEAGE_FILE: 'other.jsonl' } })
    expect(named.config.lineage.file).toBe(join(cwd, 'other.jsonl'))
  })

  test('a key of an interface may come from a file, and is not shown', async () => {
    write('key', 'CG-secret\n')
    const loaded = await load({ env: { ASSAY_VENUES_COINGECKO_API_KEY_FILE: 'key' } })
    expect(loaded.config.venues.coingecko.apiKey).toBe('CG-secret')
    expect(JSON.stringify(explainConfig(loaded))).not.toContain('CG-secret')
  })

  test('every key has a variable of its own', () => {
    expect(new Set(CONFIG_KEYS.map(({ env }) => env)).size).toBe(CONFIG_KEYS.length)
    expect(CONFIG_KEYS.map(({ env }) => env)).toContain('ASSAY_VENUES_COINBASE_WS_URL')
  })
})

describe('a configuration file', () => {
  test('in TypeScript is imported as it is', async () => {
    write(
      'assay.config.ts',
      `const level: 'warn' = 'warn'
       export default { log: { level } }`,
    )
    const { config, file } = await load()
    expect(config.log.level).toBe('warn')
    expect(file).toBe(join(cwd, 'assay.config.ts'))
  })

  test('in YAML may use variables, with a fallback, and keep a dollar', async () => {
    write('.env', 'PLACE=from-dot-env\n')
    write('conf.yaml', 'data: "${PLACE}/$${x}"\npoll:\n  everySeconds: ${EVERY:-77}\n')
    const { config } = await load({ configPath: 'conf.yaml' })
    expect(config.data).toBe(join(cwd, 'from-dot-env', '${x}'))
    expect(config.poll.everySeconds).toBe(77)
  })

  test('named by ASSAY_CONFIG is used; its relative paths start from its own folder', async () => {
    write('elsewhere.yaml', 'data: here\n')
    const { config } = await loadConfig({
      cwd: tmpdir(),
      env: { ASSAY_CONFIG: join(cwd, 'elsewhere.yaml') },
    })
    expect(config.data).toBe(join(cwd, 'here'))
  })

  test.each([
    ['that uses a variable nobody set', 'data: ${NOBODY_SET_THIS}', 'NOBODY_SET_THIS'],
    ['that is no YAML', 'data: [', 'assay.config.yaml'],
    ['that is a list', '- data', 'should hold keys'],
    ['whose branch is a value', 'poll: 5', 'poll in assay.config.yaml should hold keys'],
  ])('%s is refused', async (_, text, said) => {
    write('assay.config.yaml', text)
    await expect(load()).rejects.toMatchObject({
      code: 'ASSAY_CONFIG_INVALID',
      message: expect.stringContaining(said),
    })
  })

  test('that was named but is not there is refused', async () => {
    const absent = expect.objectContaining({ code: 'ASSAY_CONFIG_INVALID' })
    await expect(load({ configPath: 'none.yaml' })).rejects.toEqual(absent)
    await expect(load({ configPath: 'none.ts' })).rejects.toEqual(absent)
  })

  test('without a default export, or that fails to load, is refused', async () => {
    write('a.mjs', 'export const config = {}')
    write('b.mjs', 'export default {')
    await expect(load({ configPath: 'a.mjs' })).rejects.toThrow('no default export')
    await expect(load({ configPath: 'b.mjs' })).rejects.toMatchObject({
      code: 'ASSAY_CONFIG_INVALID',
    })
  })

  test('is one: two found side by side are refused', async () => {
    write('assay.config.yaml', '')
    write('assay.config.yml', '')
    await expect(load()).rejects.toThrow('keep one')
  })
})

describe('unknown keys', () => {
  test.each([
    ['a flat key', 'stroe: x', 'stroe', 'store'],
    ['a nested key', 'poll: { evrySeconds: 1 }', 'poll.evrySeconds', 'poll.everySeconds'],
    ['an inherited name', '__proto__: { mode: ws }', '__proto__', ''],
    ['another venue', 'venues: { coinbse: {} }', 'venues.coinbse', 'venues.coinbase'],
  ])('%s is refused with the nearest known key', async (_, text, key, nearest) => {
    write('assay.config.yaml', text)
    await expect(load()).rejects.toMatchObject({
      code: 'ASSAY_CONFIG_UNKNOWN_KEY',
      context: { key },
      message: expect.stringContaining(`did you mean ${nearest}`),
    })
  })

  test('a misspelt variable is refused, in .env too', async () => {
    const refused = (name: string) => ({
      code: 'ASSAY_CONFIG_UNKNOWN_KEY',
      message: expect.stringContaining(`did you mean ${name}?`),
    })
    await expect(load({ env: { ASSAY_STROE: 'x' } })).rejects.toMatchObject(refused('ASSAY_STORE'))
    write('.env', 'ASSAY_DATTA=x\n')
    await expect(load()).rejects.toMatchObject(refused('ASSAY_DATA'))
  })

  test('what Kubernetes puts into the environment of a Service named assay is let be', async () => {
    const env = {
      ASSAY_SERVICE_HOST: '10.0.0.1',
      ASSAY_SERVICE_PORT_HTTP: '80',
      ASSAY_PORT: 'tcp://10.0.0.1:80',
      ASSAY_PORT_80_TCP_ADDR: '10.0.0.1',
    }
    await expect(load({ env })).resolves.toBeDefined()
  })

  test('an unknown flag is refused', async () => {
    await expect(load({ flags: { modes: 'ws' } })).rejects.toMatchObject({
      code: 'ASSAY_CONFIG_UNKNOWN_KEY',
    })
  })
})

describe('a value', () => {
  test.each([
    ['of the wrong kind', { ASSAY_POLL_EVERY_SECONDS: 'soon' }, 'poll.everySeconds'],
    ['out of range', { ASSAY_POLL_EVERY_SECONDS: '0' }, 'poll.everySeconds'],
    ['that is a fraction', { ASSAY_BACKFILL_MAX_ATTEMPTS: '1.5' }, 'backfill.maxAttempts'],
    ['not among the choices', { ASSAY_MODE: 'both ways' }, 'mode'],
    ['neither on nor off', { ASSAY_BACKFILL_ENABLED: 'maybe' }, 'backfill.enabled'],
    ['of no coin', { ASSAY_VENUES_COINGECKO_COINS: 'top 0' }, 'venues.coingecko.coins'],
    [
      'too seldom',
      { ASSAY_VENUES_COINGECKO_EVERY_SECONDS: '7200' },
      'venues.coingecko.everySeconds',
    ],
    ['named twice', { ASSAY_VENUES_COINBASE_PRODUCTS: 'A-B A-B' }, 'venues.coinbase.products'],
    [
      'with the wrong scheme',
      { ASSAY_VENUES_COINBASE_WS_URL: 'http://x' },
      'venues.coinbase.wsUrl',
    ],
  ])('%s is refused, naming the key and where it came from', async (_, env, key) => {
    await expect(load({ env })).rejects.toMatchObject({
      code: 'ASSAY_CONFIG_INVALID',
      message: expect.stringContaining(`${key} (${Object.keys(env)[0]} in the environment): `),
    })
  })

  test('may be read from a file', async () => {
    write('secret', 'rest\n')
    const { config, origins } = await load({ env: { ASSAY_MODE_FILE: 'secret' } })
    expect(config.mode).toBe('rest')
    expect(origins.get('mode')).toBe('ASSAY_MODE_FILE in the environment')
  })

  test('may not be given twice, as itself and as a file', async () => {
    write('secret', 'rest\n')
    await expect(load({ env: { ASSAY_MODE_FILE: 'secret', ASSAY_MODE: 'ws' } })).rejects.toThrow(
      'both ASSAY_MODE and ASSAY_MODE_FILE are set',
    )
    await expect(load({ env: { ASSAY_MODE_FILE: 'none' } })).rejects.toThrow('cannot be read')
  })
})

describe('the store', () => {
  test.each([
    ['sqlite:', 'DATA/warehouse'],
    ['sqlite:///', 'DATA/warehouse'],
    ['sqlite:x.db', 'CWD/x.db'],
    ['sqlite:./a/x.db', 'CWD/a/x.db'],
    ['sqlite://x.db', 'CWD/x.db'],
    ['sqlite:/var/x.db', '/var/x.db'],
    ['sqlite:///var/x.db', '/var/x.db'],
    ['sqlite:////var/x.db', '/var/x.db'],
    ['SQLite:x.db', 'CWD/x.db'],
  ])('%s is %s', async (store, expected) => {
    const { config } = await load({ flags: { store, data: 'd' } })
    const path = expected.replace('DATA', join(cwd, 'd')).replace('CWD', cwd)
    expect(config.store).toBe(`sqlite:${path}`)
  })

  test('that this version cannot use is refused by name, without its password', async () => {
    const error = await load({ flags: { store: 'postgresql://me:hunter2@db/x' } }).catch((e) => e)
    expect(error).toMatchObject({ code: 'ASSAY_UNSUPPORTED' })
    expect(String(error)).not.toContain('hunter2')
    await expect(load({ flags: { store: 'sqlite::memory:' } })).rejects.toThrow('is a folder')
    await expect(load({ flags: { store: 'x.db' } })).rejects.toThrow('sqlite:PATH')
  })
})

describe('for people', () => {
  test('every value is explained with its origin and its variable', async () => {
    const config = { venues: { coinbase: { restUrl: 'https://me:pw@host/x' } } }
    write('assay.config.mjs', `export default ${JSON.stringify(config)}`)
    const lines = explainConfig(await load())
    expect(lines).toHaveLength(CONFIG_KEYS.length)
    expect(lines.find(({ key }) => key === 'venues.coinbase.restUrl')).toMatchObject({
      value: '"https://me:***@host/x"',
      from: 'assay.config.mjs',
      env: 'ASSAY_VENUES_COINBASE_REST_URL',
    })
    for (const { about } of lines) expect(about).not.toBe('')
  })
})

describe('what is shipped as a sample', () => {
  const root = join(import.meta.dirname, '../..')

  test('.env.example names every variable and shows its default', async () => {
    const defaults = (await load()).config
    const sample = readFileSync(join(root, '.env.example'), 'utf8')
    const named = [...sample.matchAll(/^#(ASSAY_\w+)=/gm)].map(([, name]) => name)
    expect(named.sort()).toEqual(CONFIG_KEYS.map(({ env }) => env).sort())
    // What is left to the venue has no default to show.
    const left = explainConfig(await load()).filter(({ value }) => value === 'null')
    const shown = sample
      .split('\n')
      .filter((line) => !left.some(({ env }) => line.startsWith(`#${env}=`)))
    expect(shown.length).toBe(sample.split('\n').length - left.length)
    write('.env', shown.join('\n').replace(/^#(?=ASSAY_)/gm, ''))
    expect((await load()).config).toEqual(defaults)
  })

  test('assay.config.example.ts says what the defaults are', async () => {
    const sample = join(root, 'assay.config.example.ts')
    const { config } = await load({ configPath: sample, flags: { data: 'data' } })
    expect(config).toEqual((await load()).config)
  })
})

describe('what a file adds', () => {
  const venue = `{ id: 'tiny', feeds: {} }`

  test('is handed on as it was written', async () => {
    write('assay.config.ts', `export default { extend: { venues: [${venue}] } }`)
    const { extend } = await load()
    expect(extend).toEqual({ venues: [{ id: 'tiny', feeds: {} }], assets: [], datasets: [] })
    expect((await load({ configPath: 'assay.config.ts' })).config.log.level).toBe('info')
  })

  test('has keys for its venues: in the file, in variables, and for flags', async () => {
    write(
      'assay.config.ts',
      `export default {
         venues: { tiny: { products: ['A-B'] } },
         extend: { venues: [${venue}] },
       }`,
    )
    const loaded = await load({
      env: { ASSAY_VENUES_TINY_WS_URL: 'ws://h' },
      flags: (venueIds) => ({ [`venues.${venueIds[0]}.restUrl`]: 'http://h' }),
    })
    expect(loaded.config.venues).toMatchObject({
      tiny: { wsUrl: 'ws://h', restUrl: 'http://h', products: ['A-B'] },
    })
    expect(explainConfig(loaded).map(({ key }) => key)).toContain('venues.tiny.products')
  })

  test.each([
    ['a value', '5', 'assay.config.mjs: extend: should be an object'],
    ['no list', '{ venues: {} }', 'assay.config.mjs: extend.venues: should be a list'],
    ['another key', '{ venue: [] }', 'assay.config.mjs: extend: Unrecognized key: "venue"'],
  ])('is refused where it is %s', async (_, text, said) => {
    write('assay.config.mjs', `export default { extend: ${text} }`)
    await expect(load()).rejects.toMatchObject({
      code: 'ASSAY_CONFIG_INVALID',
      message: expect.stringContaining(said),
    })
  })

  test('is code, and so in no YAML and no variable', async () => {
    await expect(load({ env: { ASSAY_EXTEND: '{}' } })).rejects.toThrow('extend holds code')
    write('assay.config.yaml', 'extend: { venues: [] }')
    await expect(load()).rejects.toThrow('extend holds code')
  })
})
