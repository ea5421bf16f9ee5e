import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { PACKAGE_ROOT } from './package-root.ts'

// Stripping types and compiling is most of what a short command takes; this keeps the outcome
// from run to run. Where the folder cannot be written it does nothing. Not in the system's own
// folder for such things, which others may be able to write.
enableCompileCache(join(PACKAGE_ROOT, 'node_modules', '.cache', 'assay'))
await import('./start.ts')
