import { describe, expect, test } from 'vitest'
import { parsePartition, WHOLE } from '../partition.ts'
import { type RunEvent, type RunFacts, runEvent } from './event.ts'
import { type LineageDataset, PRODUCER } from './facets.ts'

const RUN = '0192f2c1-7b6e-7c3a-9d53-6a5d3f0a1b2c'
const dataset = (name: string): LineageDataset => ({
  name,
  about: `All of ${name}.`,
  fields: [{ name: 'price', type: 'decimal', description: 'price of one unit' }],
  source: { name: 'warehouse', uri: 'sqlite:/data/warehouse' },
})

const FACTS: RunFacts = {
  timeUs: 1_767_229_500_123_456,
  namespace: 'assay',
  engineVersion: '0.3.0',
  run: { runId: RUN, attempt: 2, trigger: 'schedule', codeVersion: '1', backfillId: null },
  asset: { key: 'gold.candles_1h', about: 'Candles of an hour.' },
  partition: parsePartition('hourly', '2026-01-01T00'),
  inputs: [dataset('silver.candles_1m')],
  outputs: [dataset('gold.candles')],
}
const OUTCOME = { rows: 42, version: 'a'.repeat(64) }
const CHECK = { name: 'sums', passed: true, severity: 'error', detail: 'sums add up' } as const

/** Every facet of an event, wherever it stands. */
function facetsOf(event: RunEvent): [string, Record<string, unknown>][] {
  const bags = [event.run.facets, event.job.facets]
  for (const { facets, inputFacets, outputFacets } of [...event.inputs, ...event.outputs]) {
    bags.push(...([facets, inputFacets, outputFacets].filter(Boolean) as (typeof bags)[number][]))
  }
  return bags.flatMap((bag) => Object.entries(bag) as [string, Record<string, unknown>][])
}

describe('an event of OpenLineage', () => {
  test.each(['START', 'COMPLETE', 'FAIL', 'ABORT'] as const)(
    '%s has what the spec wants',
    (kind) => {
      const failure = { code: 'ASSAY_TIMEOUT', message: 'it took too long' }
      const event = runEvent(kind, { ...FACTS, outcome: OUTCOME, checks: [CHECK], failure })
      expect(JSON.parse(JSON.stringify(event))).toEqual(event)
      expect(event).toMatchObject({
        ...{ eventType: kind, eventTime: '2026-01-01T01:05:00.123456Z', producer: PRODUCER },
        schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
        run: { runId: RUN },
        job: { namespace: 'assay', name: 'gold.candles_1h' },
      })
      for (const { namespace, name } of [...event.inputs, ...event.outputs]) {
        expect([typeof namespace, typeof name]).toEqual(['string', 'string'])
      }
      for (const [name, facet] of facetsOf(event)) {
        expect(facet._producer, name).toBe(PRODUCER)
        expect(facet._schemaURL, name).toMatch(
          /^https:\/\/openlineage\.io\/spec\/facets\/\d-\d-\d\/(\w+)\.json#\/\$defs\/\1$/,
        )
      }
    },
  )

  test('START tells of the partition, the attempt, and where the columns are', () => {
    const event = runEvent('START', FACTS)
    expect(event.run.facets).toMatchObject({
      nominalTime: {
        nominalStartTime: '2026-01-01T00:00:00.000Z',
        nominalEndTime: '2026-01-01T01:00:00.000Z',
      },
      processing_engine: { name: 'assay', version: '0.3.0' },
      tags: { tags: [{ key: 'partition', value: '2026-01-01T00', source: 'ASSAY' }, {}, {}, {}] },
    })
    expect(event.run.facets).not.toHaveProperty('parent')
    expect(event.run.facets).not.toHaveProperty('errorMessage')
    expect(event.job.facets).toMatchObject({
      jobType: { processingType: 'BATCH', integration: 'ASSAY', jobType: 'ASSET' },
      documentation: { description: 'Candles of an hour.' },
    })
    expect(event.inputs).toMatchObject([
      {
        name: 'silver.candles_1m',
        facets: {
          schema: { fields: [{ name: 'price', type: 'decimal' }] },
          dataSource: { name: 'warehouse', uri: 'sqlite:/data/warehouse' },
        },
      },
    ])
    expect(event.outputs).toMatchObject([{ name: 'gold.candles', outputFacets: {} }])
  })

  test('COMPLETE tells of rows, version and checks', () => {
    const event = runEvent('COMPLETE', { ...FACTS, outcome: OUTCOME, checks: [CHECK] })
    expect(event.outputs).toMatchObject([
      {
        facets: { version: { datasetVersion: OUTCOME.version } },
        outputFacets: { outputStatistics: { rowCount: 42 } },
      },
    ])
    expect(event.inputs.map(({ name }) => name)).toEqual(['silver.candles_1m', 'gold.candles'])
    expect(event.inputs[1]).toMatchObject({
      inputFacets: {
        dataQualityAssertions: {
          assertions: [{ assertion: 'sums', success: true, severity: 'error' }],
        },
      },
    })
  })

  test('FAIL tells why, without secrets; a part of a backfill names it', () => {
    const failure = { code: 'ASSAY_TIMEOUT', message: 'https://me:pass@host/ gave no answer' }
    const run = { ...FACTS.run, backfillId: '0192f2c1-7b6e-7c3a-9d53-000000000000' }
    const { facets } = runEvent('FAIL', { ...FACTS, run, partition: WHOLE, failure }).run
    expect(facets).toMatchObject({
      errorMessage: { message: 'https://me:***@host/ gave no answer' },
      parent: {
        run: { runId: run.backfillId },
        job: { namespace: 'assay', name: 'gold.candles_1h.backfill' },
      },
    })
    expect(facets).not.toHaveProperty('nominalTime')
    expect(JSON.stringify(facets.tags)).toContain('ASSAY_TIMEOUT')
  })
})
