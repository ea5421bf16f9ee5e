#!/usr/bin/env node
// The `assay` command. In a checkout it runs the TypeScript sources under the pinned Node; in
// the published package it runs what was compiled from them. Plain JavaScript, so that an older
// Node is told what to do instead of failing on syntax it does not know.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NODE_MAJOR_MIN = 24

const root = fileURLToPath(new URL('..', import.meta.url))
const source = join(root, 'src/cli/main.ts')
const isNew = Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN

try {
  await launch()
} catch (error) {
  console.error(`assay: ${error.message}`)
  process.exit(1)
}

async function launch() {
  if (!existsSync(source)) return runPackage()
  const { become, ensureSetup } = await import('../scripts/setup.mjs')
  ensureSetup(root)
  if (isNew) await import(pathToFileURL(source).href)
  else become(root, [source, ...process.argv.slice(2)])
}

async function runPackage() {
  if (!isNew) {
    throw new Error(`Node ${NODE_MAJOR_MIN} or newer is needed; this is ${process.version}`)
  }
  await import('../dist/src/cli/main.js')
}
