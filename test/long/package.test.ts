import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { tempFolder } from '../integration/cli-support.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')

const TSCONFIG = {
  compilerOptions: {
    ...{ module: 'nodenext', target: 'es2024', lib: ['es2024', 'esnext.disposable'] },
    ...{ strict: true, noEmit: true, skipLibCheck: true, types: ['node'] },
    typeRoots: [join(ROOT, 'node_modules/@types')],
  },
}

/** Lays out the package as it is published, compiled; and beside it, one who has installed it. */
function install(folder: string): { readonly assay: string; readonly home: string } {
  const [assay, home] = [join(folder, 'package'), join(folder, 'home')]
  mkdirSync(assay)
  const build = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(assay, 'dist')]
  execFileSync(process.execPath, [TSC, ...build])
  for (const name of ['package.json', 'bin']) {
    cpSync(join(ROOT, name), join(assay, name), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(assay, 'node_modules'))
  mkdirSync(join(home, 'node_modules'), { recursive: true })
  symlinkSync(assay, join(home, 'node_modules/assay'))
  return { assay, home }
}

test('the examples of the document run, and are typed, with the published package', () => {
  using folder = tempFolder()
  const { assay, home } = install(folder.path)
  const text = readFileSync(join(ROOT, 'docs/EXTENDING.md'), 'utf8')
  const examples = [...text.matchAll(/^```ts (\w+)\n([\s\S]*?)^```/gm)]
  expect(examples.map(([, name]) => name)).toEqual(['venue', 'dataset', 'schedule'])
  const adds = { venue: ['tiny'], dataset: ['my.activity'], schedule: [] }
  for (const [, name = '', example = ''] of examples) {
    const file = join(home, `${name}.ts`)
    writeFileSync(file, example)
    const cli = [join(assay, 'bin/assay.mjs'), 'config', 'check', '--json', '--config', file]
    const said = execFileSync(process.execPath, cli, { cwd: home, encoding: 'utf8' })
    const { venues, assets } = JSON.parse(said).added as Record<string, string[]>
    expect([...(venues ?? []), ...(assets ?? [])]).toEqual(adds[name as keyof typeof adds])
  }
  writeFileSync(join(home, 'package.json'), '{"type":"module"}')
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify(TSCONFIG))
  execFileSync(process.execPath, [TSC, '-p', home], { stdio: 'inherit' })
})
