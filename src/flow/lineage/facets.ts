/**
 * Names this program in every event. The domain can lead nowhere, and says so: what an event needs
 * of it is that it is a URI, and always the same.
 */
export const PRODUCER = 'https://assay.invalid/flow'

/** Versions of the facets' schemas, all published at one place. */
const VERSIONS = {
  NominalTimeRunFacet: '1-0-1',
  ParentRunFacet: '1-2-0',
  ErrorMessageRunFacet: '1-0-1',
  ProcessingEngineRunFacet: '1-1-1',
  TagsRunFacet: '1-0-0',
  JobTypeJobFacet: '2-0-4',
  DocumentationJobFacet: '1-1-0',
  SchemaDatasetFacet: '1-2-0',
  DocumentationDatasetFacet: '1-1-0',
  DatasourceDatasetFacet: '1-0-1',
  DatasetVersionDatasetFacet: '1-0-1',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
  DataQualityAssertionsDatasetFacet: '1-1-0',
} as const

/** Name of a facet's schema. */
export type FacetName = keyof typeof VERSIONS

/** A dataset, as an event tells of it. */
export interface LineageDataset {
  /** By its name in the catalogue. */
  readonly name: string
  readonly about: string
  readonly fields: readonly LineageField[]
  /** Where it is kept, without secrets: `warehouse`, `sqlite:/var/lib/assay/warehouse`. */
  readonly source: { readonly name: string; readonly uri: string }
  /** Digest of what it consisted of; none where nobody knows. */
  readonly version?: string
}

/** A column, as an event tells of it. */
export interface LineageField {
  readonly name: string
  readonly type: string
  readonly description: string
}

/** What a run came to. */
export interface OutcomeFacets {
  readonly rows: number
  readonly version: string
}

/** Returns a facet: its fields, who made it, and the schema it follows. */
export function facet(
  name: FacetName,
  fields: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const schema = `https://openlineage.io/spec/facets/${VERSIONS[name]}/${name}.json`
  return { _producer: PRODUCER, _schemaURL: `${schema}#/$defs/${name}`, ...fields }
}

/** Returns the facets of a dataset: columns, words, where it is, and which version of it. */
export function datasetFacets(dataset: LineageDataset): Readonly<Record<string, unknown>> {
  const { about, fields, source, version } = dataset
  return {
    schema: facet('SchemaDatasetFacet', { fields }),
    documentation: facet('DocumentationDatasetFacet', {
      description: about,
      contentType: 'text/plain',
    }),
    dataSource: facet('DatasourceDatasetFacet', { ...source }),
    ...(version === undefined
      ? {}
      : { version: facet('DatasetVersionDatasetFacet', { datasetVersion: version }) }),
  }
}
