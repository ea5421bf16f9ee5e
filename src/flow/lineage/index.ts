/**
 * Lineage of runs, as OpenLineage has it: events are built, kept in an outbox in the commit of
 * what they tell of, and delivered to files, over HTTP and to Kafka.
 */
export { type DeliveryOptions, followLineage, openLineageSinks } from './delivery.ts'
export { type RunEvent, type RunEventKind, type RunFacts, runEvent } from './event.ts'
export { type LineageDataset, type LineageField, type OutcomeFacets, PRODUCER } from './facets.ts'
export { createFileSink } from './file-sink.ts'
export { createHttpSink, type HttpSinkOptions } from './http-sink.ts'
export { createKafkaSink, type KafkaSinkOptions } from './kafka-sink.ts'
export {
  appendLineage,
  type Delivered,
  type DeliverOptions,
  deliverLineage,
  lineageReader,
  type PruneOptions,
  pruneLineage,
} from './outbox.ts'
export type { Handed, LineageSink, OutgoingEvent } from './sink.ts'
