import { redact } from '../../core/redact.ts'
import { formatTimeUs } from '../../market/bucket.ts'
import type { Asset, CheckResult } from '../asset.ts'
import type { Partition } from '../partition.ts'
import {
  datasetFacets,
  facet,
  type LineageDataset,
  type OutcomeFacets,
  PRODUCER,
} from './facets.ts'

/** What happened to a run. Each run has one START and one of the others. */
export type RunEventKind = 'START' | 'COMPLETE' | 'FAIL' | 'ABORT'

/** What an event tells of. */
export interface RunFacts {
  readonly timeUs: number
  /** Namespace of jobs and datasets. */
  readonly namespace: string
  /** Version of this program. */
  readonly engineVersion: string
  readonly run: {
    /** A UUID. */
    readonly runId: string
    readonly attempt: number
    readonly trigger: string
    readonly codeVersion: string
    /** The backfill it is part of, a UUID; null where it is none's. */
    readonly backfillId: string | null
  }
  readonly asset: Pick<Asset<never>, 'key' | 'about'>
  readonly partition: Partition
  readonly inputs: readonly LineageDataset[]
  readonly outputs: readonly LineageDataset[]
  /** Of COMPLETE: what the partition came to. */
  readonly outcome?: OutcomeFacets
  /** What checks found; of COMPLETE, and of FAIL where one of them failed it. */
  readonly checks?: readonly CheckResult[]
  /** Of FAIL, and of ABORT where there is a reason. */
  readonly failure?: { readonly code: string; readonly message: string }
}

type Json = Readonly<Record<string, unknown>>

/** A run event of OpenLineage 2-0-2. */
export interface RunEvent {
  readonly eventType: RunEventKind
  /** RFC 3339, UTC. */
  readonly eventTime: string
  readonly producer: string
  readonly schemaURL: string
  readonly run: { readonly runId: string; readonly facets: Json }
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Json }
  readonly inputs: readonly Json[]
  readonly outputs: readonly Json[]
}

const SCHEMA_URL = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent'

/**
 * Returns the event that tells of a run, as OpenLineage has it.
 *
 * Checks read what was made, and OpenLineage has their findings among the inputs: so a dataset
 * that was checked stands there too.
 */
export function runEvent(kind: RunEventKind, facts: RunFacts): RunEvent {
  const { namespace, asset, outputs, outcome, checks = [] } = facts
  const named = (dataset: LineageDataset) => ({ namespace, name: dataset.name })
  const [checked] = outputs
  const isChecked = (dataset: LineageDataset) => dataset.name === checked?.name
  const isInput = facts.inputs.some(isChecked)
  const inputs =
    checks.length === 0 || checked === undefined || isInput
      ? facts.inputs
      : [...facts.inputs, checked]
  return {
    eventType: kind,
    eventTime: formatTimeUs(facts.timeUs),
    producer: PRODUCER,
    schemaURL: SCHEMA_URL,
    run: { runId: facts.run.runId, facets: runFacets(facts) },
    job: { namespace, name: asset.key, facets: jobFacets(asset) },
    inputs: inputs.map((dataset) => ({
      ...named(dataset),
      facets: datasetFacets(dataset),
      inputFacets: isChecked(dataset) ? assertions(checks) : {},
    })),
    outputs: outputs.map((dataset) => ({
      ...named(dataset),
      facets: datasetFacets({ ...dataset, version: outcome?.version ?? dataset.version }),
      outputFacets: outputs.length === 1 ? statistics(outcome) : {},
    })),
  }
}

function runFacets({ run, partition, failure, namespace, asset, engineVersion }: RunFacts): Json {
  const tags = {
    partition: partition.key,
    attempt: String(run.attempt),
    trigger: run.trigger,
    code_version: run.codeVersion,
    ...(failure === undefined ? {} : { error_code: failure.code }),
  }
  const listed = Object.entries(tags).map(([key, value]) => ({ key, value, source: 'ASSAY' }))
  return {
    ...(partition.key === '' ? {} : { nominalTime: nominalTime(partition) }),
    ...(run.backfillId === null
      ? {}
      : {
          parent: facet('ParentRunFacet', {
            run: { runId: run.backfillId },
            job: { namespace, name: `${asset.key}.backfill` },
          }),
        }),
    ...(failure === undefined
      ? {}
      : {
          errorMessage: facet('ErrorMessageRunFacet', {
            message: redact(failure.message),
            programmingLanguage: 'TypeScript',
          }),
        }),
    processing_engine: facet('ProcessingEngineRunFacet', { name: 'assay', version: engineVersion }),
    tags: facet('TagsRunFacet', { tags: listed.filter(({ value }) => value !== '') }),
  }
}

function nominalTime({ fromUs, toUs }: Partition): Json {
  return facet('NominalTimeRunFacet', {
    nominalStartTime: formatTimeUs(fromUs),
    nominalEndTime: formatTimeUs(toUs),
  })
}

function jobFacets({ about }: RunFacts['asset']): Json {
  return {
    jobType: facet('JobTypeJobFacet', {
      processingType: 'BATCH',
      integration: 'ASSAY',
      jobType: 'ASSET',
    }),
    documentation: facet('DocumentationJobFacet', {
      description: about,
      contentType: 'text/plain',
    }),
  }
}

function assertions(checks: readonly CheckResult[]): Json {
  if (checks.length === 0) return {}
  const found = checks.map(({ name, passed, severity, detail }) => {
    return { assertion: name, success: passed, severity, description: redact(detail) }
  })
  const facetOf = facet('DataQualityAssertionsDatasetFacet', { assertions: found })
  return { dataQualityAssertions: facetOf }
}

function statistics(outcome: OutcomeFacets | undefined): Json {
  if (outcome === undefined) return {}
  const counted = facet('OutputStatisticsOutputDatasetFacet', { rowCount: outcome.rows })
  return { outputStatistics: counted }
}
