import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ERROR_CODES } from '../../src/core/errors.ts'
import { filesBelow, findings, lineAt, ROOT, sourcesIn } from './sources.ts'

const DOCS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...filesBelow('docs', /\.md$/),
  ...filesBelow('src', /\.md$/),
  ...filesBelow('sim', /\.md$/),
  ...filesBelow('deploy', /\.md$/),
]
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

test('docs/errors.md explains every error code and no other, cause and cure', () => {
  const sections = read('docs/errors.md').split(/^### /m).slice(1)
  const codes = sections.map((section) => section.slice(0, section.indexOf('\n')).trim())
  expect(codes.toSorted()).toEqual([...ERROR_CODES].sort())
  for (const section of sections) {
    expect(section).toMatch(/^\*\*Cause\.\*\* \S/m)
    expect(section).toMatch(/^\*\*Cure\.\*\* \S/m)
  }
})

test('every error code is raised somewhere', () => {
  const raised = sourcesIn('src', 'sim', 'bench')
    .filter(({ path, isTest }) => !isTest && path !== 'src/core/errors.ts')
    .map(({ text }) => text)
    .join('\n')
  const unused = ERROR_CODES.filter((code) => !new RegExp(`['"\`]${code}['"\`]`).test(raised))
  expect(unused).toEqual([])
})

test('only error codes of the list are raised', () => {
  const known = new Set<string>(ERROR_CODES)
  const raised = sourcesIn('src').flatMap((source) =>
    findings(source, source.text, /new AssayError\(\s*'(\w+)'/g, '').flatMap((found) => {
      const code = /'(ASSAY_\w+)'/.exec(found)?.[1]
      return code === undefined || known.has(code) ? [] : [found]
    }),
  )
  expect(raised).toEqual([])
})

test('the registry of venues lists the folders of src/venues', () => {
  const folders = readdirSync(join(ROOT, 'src/venues'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  const registry = read('src/venues/index.ts')
  const listed = [...registry.matchAll(/from '\.\/([a-z0-9-]+)\/index\.ts'/g)].map(([, id]) => id!)
  expect([...new Set(listed)].sort()).toEqual(folders.sort())
})

test('samples of TypeScript in the documentation parse', () => {
  const broken = DOCS.flatMap((path) => {
    const text = read(path)
    return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].flatMap((match) => {
      try {
        stripTypeScriptTypes(match[1]!)
        return []
      } catch (error) {
        return [`${path}:${lineAt(text, match.index)}: ${(error as Error).message}`]
      }
    })
  })
  expect(broken).toEqual([])
})

test('links in the documentation lead to files that exist', () => {
  const broken = DOCS.flatMap((path) => {
    const text = read(path).replace(/^```[\s\S]*?^```/gm, '')
    return [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)]
      .filter(([, target]) => !existsSync(join(ROOT, dirname(path), target!)))
      .map(([, target]) => `${path}: ${target}`)
  })
  expect(broken).toEqual([])
})

test('commands in the documentation are scripts that exist', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const unknown = DOCS.flatMap((path) =>
    [...read(path).matchAll(/\bnpm run ([a-z][\w:-]*)/g)]
      .filter(([, name]) => !Object.hasOwn(scripts, name!))
      .map(([said]) => `${path}: ${said}`),
  )
  expect(unknown).toEqual([])
})
