import { expect, test } from 'vitest'
import type { Import } from './imports.ts'
import { importsOf } from './imports.ts'
import { SOURCES, sourcesIn } from './sources.ts'

const RANKS: Readonly<Record<string, number>> = {
  core: 0,
  market: 1,
  venues: 2,
  bronze: 2,
  warehouse: 2,
  collect: 3,
  silver: 3,
  gold: 3,
  flow: 3,
  quality: 4,
  analytics: 4,
  alerts: 4,
  assets: 5,
  serve: 6,
  cli: 7,
  // The package's public entry.
  'index.ts': 7,
}

/** The folder a path belongs to: `src/core/log.ts` is of `core`, `sim/x.ts` of `sim`. */
const roomOf = (path: string) => {
  const [top, room] = path.split('/')
  return top === 'src' ? room! : top!
}

/** Why an import is against the ranks, or null. */
function offence({ from, target }: Import): string | null {
  if (target === null) return null
  const here = roomOf(from.path)
  const there = roomOf(target)
  if (here === there) return null
  if (here === 'sim') return there === 'core' ? null : 'sim speaks wire formats, and sees only core'
  if (['test', 'bench', 'scripts', 'bin'].includes(here)) return null
  if (there === 'sim') {
    return here === 'cli' || from.isTest ? null : 'only cli and tests know the simulator'
  }
  if (RANKS[there] === undefined) return 'src imports from src'
  if (RANKS[here]! > RANKS[there]) return null
  return `${here} (${RANKS[here]}) may import lower ranks only, and ${there} is ${RANKS[there]}`
}

const say = (found: Import, why: string) =>
  `${found.from.path}:${found.line}: imports ${found.specifier} — ${why}`

test('every folder of src has a rank', () => {
  const rooms = new Set(sourcesIn('src').map(({ path }) => roomOf(path)))
  expect([...rooms].filter((room) => RANKS[room] === undefined)).toEqual([])
})

test('a rank imports lower ranks only, never a sibling, types included', () => {
  const offences = SOURCES.flatMap(importsOf).flatMap((found) => {
    const why = offence(found)
    return why === null ? [] : [say(found, why)]
  })
  expect(offences).toEqual([])
})

test('market is pure: the dashboard will share it, so it knows no node: module', () => {
  const offences = sourcesIn('src/market')
    .filter(({ isTest }) => !isTest)
    .flatMap(importsOf)
    .filter(({ specifier }) => specifier.startsWith('node:'))
    .map((found) => say(found, 'market imports nothing of Node'))
  expect(offences).toEqual([])
})

test('relative imports name their file, ending and all', () => {
  const paths = new Set(SOURCES.map(({ path }) => path))
  const offences = SOURCES.flatMap(importsOf)
    .filter(({ target }) => target !== null && /^(src|sim|test|bench|scripts)\//.test(target))
    .filter(({ target }) => !/\/(fixtures|golden)\/|\/$/.test(target!) && !paths.has(target!))
    .filter(({ target }) => /\.(ts|mjs|js)$/.test(target!) || !/\.\w+$/.test(target!))
    .map((found) => say(found, 'there is no such file'))
  expect(offences).toEqual([])
})
