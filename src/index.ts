/**
 * The public entry: what `assay.config.ts` is written with. `docs/EXTENDING.md` shows each.
 */

export { sql } from 'kysely'
export type { Dataset } from './assets/datasets/dataset.ts'
export { defineDataset, type SomeDataset } from './assets/datasets/define-dataset.ts'
export { defineAsset, type SomeAsset } from './assets/define-asset.ts'
export { type AssayConfigFile, defineConfig, type Extend } from './assets/define-config.ts'
export type { AssayAsset, AssayRun, AssayServices } from './assets/index.ts'
export {
  type UserColumn,
  type UserRow,
  type UserTable,
  type UserTableName,
  type UserTableOptions,
  userTable,
} from './assets/user-table.ts'
export type { AssayConfig } from './core/config.ts'
export type { CheckResult, Outcome, Partition } from './flow/index.ts'
export { formatTimeUs, parseEpochUs, parseTimeUs } from './market/time.ts'
export { decodeJson, type ReadMessage } from './venues/decode-json.ts'
export { defineVenue, type SomeFeed, type SomeVenue } from './venues/define-venue.ts'
export type { Found, ToldCandle, ToldListing, ToldTrade, ToldWitness } from './venues/found.ts'
export type { Decoder, Feed, History, Route, Subscription, Venue } from './venues/venue.ts'
