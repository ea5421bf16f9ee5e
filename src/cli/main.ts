import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { PACKAGE_ROOT } from './package-root.ts'

// Stripping types and compiling is most of what a short command takes; this keeps the outcome
// from run to run. Where the folder cannot be written it does nothing. Not in the system's own
// folder for such things, which others may be able to write.
const cache = join(PACKAGE_ROOT, 'node_modules', '.cache', 'assay')
enableCompileCache(cache)
// Threads look for it here.
process.env.NODE_COMPILE_CACHE ??= cache
await import('./start.ts')
