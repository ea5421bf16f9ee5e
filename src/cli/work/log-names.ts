import { listLogs } from '../../bronze/index.ts'
import { AssayError } from '../../core/errors.ts'
import type { Context } from '../context.ts'

/**
 * Returns the names of the logs that are meant: the one named by `--log`, else all.
 *
 * @throws ASSAY_LOG_MISSING where there is none of that name.
 */
export function chooseLogs({ dataDir }: Context, name: string | undefined): readonly string[] {
  const names = listLogs(dataDir)
  if (name === undefined) return names
  if (names.includes(name)) return [name]
  const known = names.length === 0 ? 'there is none yet' : `there is ${names.join(', ')}`
  throw new AssayError('ASSAY_LOG_MISSING', `no log ${name} in ${dataDir}; ${known}`, {
    context: { name, dataDir },
  })
}
