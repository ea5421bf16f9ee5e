// Runs a script, or with --bin a dependency's command, under the pinned Node, after setting up
// what is missing: `node scripts/run.mjs [--bin] SCRIPT [ARGUMENT…]`.
import { realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { become, ensureSetup } from './setup.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const args = process.argv.slice(2)
const isBin = args[0] === '--bin'
if (isBin) args.shift()
const [name, ...rest] = args

if (name === undefined) {
  console.error('usage: node scripts/run.mjs [--bin] SCRIPT [ARGUMENT…]')
  process.exit(2)
}
try {
  ensureSetup(root)
  const script = isBin ? realpathSync(join(root, 'node_modules/.bin', name)) : resolve(root, name)
  become(root, [script, ...rest])
} catch (error) {
  console.error(`assay: ${error.message}`)
  process.exit(1)
}
