import { explainConfig } from '../../core/config.ts'
import type { Call } from '../command.ts'
import type { Context } from '../context.ts'
import type { Column } from '../output.ts'
import { printJson, printLine, printRows } from '../output.ts'
import { styles } from '../style.ts'

/** Prints every key with its value, where it came from and what it is for. */
export async function explainSettings({ context }: Call<object>): Promise<void> {
  const keys = explainConfig(context.loaded)
  if (context.json) {
    return printJson(keys.map((one) => ({ ...one, value: JSON.parse(one.value) as unknown })))
  }
  printRows(keys, { columns: COLUMNS })
  printLine(styles.dim(`\nConfiguration file: ${context.loaded.file ?? 'none'}`))
}

/** Prints the configuration as a file would say it: YAML, or one line of JSON. */
export async function printSettings({ context }: Call<object>): Promise<void> {
  const tree = maskedTree(context)
  if (context.json) return printJson(tree)
  const { stringify } = await import('yaml')
  process.stdout.write(stringify(tree))
}

/** Says that the configuration is sound: what is not has been thrown before. */
export async function checkSettings({ context }: Call<object>): Promise<void> {
  const { file, origins } = context.loaded
  const changed = [...origins.values()].filter((from) => from !== 'default').length
  const { venueIds, assets, datasets } = context.extensions
  const added = {
    venues: venueIds,
    assets: assets.map(({ key }) => key),
    datasets: datasets.map(({ name }) => name),
  }
  if (context.json) return printJson({ ok: true, file, changed, added })
  printLine(`The configuration is sound: ${changed} of ${origins.size} values are not the default.`)
  printLine(`File: ${file ?? 'none'}`)
  const names = [...new Set([...added.venues, ...added.assets, ...added.datasets])]
  if (names.length > 0) printLine(`It adds ${names.join(', ')}.`)
}

/** Returns the configuration in force, nested, with secrets masked. */
function maskedTree({ loaded }: Context): Record<string, unknown> {
  const tree: Record<string, unknown> = {}
  for (const { key, value } of explainConfig(loaded)) {
    const names = key.split('.')
    const last = names.pop() as string
    let branch = tree
    for (const name of names) {
      branch[name] ??= {}
      branch = branch[name] as Record<string, unknown>
    }
    branch[last] = JSON.parse(value)
  }
  return tree
}

type Explained = ReturnType<typeof explainConfig>[number]

const COLUMNS: readonly Column<Explained>[] = [
  { key: 'key' },
  { key: 'value' },
  { key: 'from', show: ({ from }) => (from === 'default' ? styles.dim(from) : styles.cyan(from)) },
  { key: 'env', title: 'variable', show: ({ env }) => styles.dim(env) },
  { key: 'about', title: 'what for' },
]
