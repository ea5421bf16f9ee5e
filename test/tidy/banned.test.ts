import { expect, test } from 'vitest'
import type { Source } from './sources.ts'
import { findings, SOURCES } from './sources.ts'

interface Ban {
  readonly name: string
  readonly pattern: RegExp
  readonly instead: string
  /** Paths where it may stand. */
  readonly except: RegExp
}

const CLOCKS = /^(src\/core\/clock(\.test)?\.ts|bench\/.*)$/
const NOWHERE = /^$/
const CLOCK = 'take a Clock and ask it (src/core/clock.ts)'

const BANS: readonly Ban[] = [
  { name: 'Date.now', pattern: /\bDate\.now\b/g, instead: CLOCK, except: CLOCKS },
  { name: 'new Date()', pattern: /\bnew Date\s*\(\s*\)/g, instead: CLOCK, except: CLOCKS },
  { name: 'performance', pattern: /\bperformance\.\w+/g, instead: CLOCK, except: CLOCKS },
  { name: 'hrtime', pattern: /\bprocess\.hrtime\b/g, instead: CLOCK, except: CLOCKS },
  {
    name: 'Math.random',
    pattern: /\bMath\.random\b/g,
    instead: 'take a Random (src/core/random.ts)',
    except: NOWHERE,
  },
  {
    name: 'a default export',
    pattern: /^export default\b/gm,
    instead: 'export it by name',
    except: NOWHERE,
  },
  {
    name: 'any',
    pattern: /(:|<|\bas|\|)\s*any\b(?!\s*[:(])/g,
    instead: 'unknown, narrowed once',
    except: NOWHERE,
  },
  {
    name: 'an enum',
    pattern: /^\s*(export\s+)?(const\s+)?enum\s/gm,
    instead: 'a union of strings',
    except: NOWHERE,
  },
  {
    name: 'export *',
    pattern: /^export\s+(type\s+)?\*/gm,
    instead: 'list the names',
    except: NOWHERE,
  },
]

test.each(BANS)('$name is not used', ({ pattern, instead, except }) => {
  const used = (source: Source) => findings(source, source.code, pattern, instead)
  expect(SOURCES.filter(({ path }) => !except.test(path)).flatMap(used)).toEqual([])
})

test('nothing is left for later in a comment', () => {
  // Built from parts, or this file would find itself.
  const marks = new RegExp(
    `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`,
    'g',
  )
  const left = SOURCES.flatMap((source) =>
    findings(source, source.raw, marks, 'do it, or open an issue'),
  )
  expect(left).toEqual([])
})

test('checks are not switched off where they complain', () => {
  const marks = new RegExp(`@ts-(${['ignore', 'expect-error', 'nocheck'].join('|')})`, 'g')
  const left = SOURCES.flatMap((source) => findings(source, source.raw, marks, 'mend the types'))
  expect(left).toEqual([])
})
