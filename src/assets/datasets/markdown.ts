import type { Dataset, DatasetColumn, Layer } from './dataset.ts'

const HEADINGS: Readonly<Record<Layer, string>> = {
  bronze: 'Bronze: what was received',
  market: 'Market: what is traded',
  silver: 'Silver: facts, and the proof of them',
  gold: 'Gold: what is derived from facts',
  quality: 'Quality: what is said of the facts',
  ops: 'Ops: how the work stands',
  user: 'Your own',
}

const INTRO = `# Datasets

Made by \`assay datasets --markdown\`; a test keeps it in step. Everything that is kept, one section
each: \`silver.trades\` is the table \`silver_trades\`. Times are epoch microseconds in UTC. A
\`decimal\` has up to 38 digits, 18 of them after the point, a \`notional\` 50 and 24; both are
exact text in SQLite. A \`flag\` is 0 or 1. Buckets hold their start and not their end. Base and
quote are those of the instrument.`

/** Returns the catalogue as a page for people. */
export function datasetsMarkdown(datasets: readonly Dataset[]): string {
  const layers = [...new Set(datasets.map((one) => one.layer))]
  const parts = layers.flatMap((layer) => [
    `## ${HEADINGS[layer]}`,
    ...datasets.filter((one) => one.layer === layer).map(section),
  ])
  return `${[INTRO, ...parts].join('\n\n')}\n`
}

function section(dataset: Dataset): string {
  const { name, about, owner, key, freshness, retention, madeBy, madeFrom } = dataset
  const facts: readonly (readonly [string, string])[] = [
    ['owner', `\`src/${owner}\``],
    ['key', key.join(', ')],
    ['freshness', freshness],
    ['retention', retention],
    ['made by', madeBy.join(', ') || 'a by-product of its owner'],
    ['made from', madeFrom.map(linkOf).join(', ') || 'what comes from outside'],
  ]
  return [
    `### ${name}`,
    about,
    facts.map(([what, value]) => `- **${what}**: ${value}`).join('\n'),
    ['| column | type | unit | |', '|---|---|---|---|', ...dataset.columns.map(line)].join('\n'),
  ].join('\n\n')
}

function linkOf(name: string): string {
  return `[${name}](#${name.replaceAll('.', '')})`
}

function line({ name, type, unit, nullable, about }: DatasetColumn): string {
  return `| ${name} | ${type}${nullable ? ', or null' : ''} | ${unit} | ${about} |`
}
