import { AssayError } from '../core/errors.ts'

/** A database, as its URL names it. */
export interface WarehousePlace {
  readonly dialect: 'sqlite'
  /** SQLite: the folder that holds the generations. */
  readonly folder: string
}

/**
 * Reads a warehouse's URL.
 *
 * `sqlite:data/warehouse` is below the working folder; `sqlite:/data` and, as URLs go,
 * `sqlite:///data` are absolute. A file's name at the end is a folder's all the same.
 *
 * @throws ASSAY_UNSUPPORTED for a database we do not speak, ASSAY_USAGE for no URL at all.
 */
export function parseWarehouseUrl(url: string): WarehousePlace {
  const match = /^([a-z][a-z0-9+]*):(.*)$/i.exec(url)
  const scheme = match?.[1]?.toLowerCase()
  const rest = match?.[2] ?? ''
  if (scheme === undefined || rest === '') {
    throw new AssayError('ASSAY_USAGE', `${url} is no warehouse URL; say sqlite:FOLDER`)
  }
  if (scheme !== 'sqlite') {
    throw new AssayError('ASSAY_UNSUPPORTED', `no warehouse speaks ${scheme}; say sqlite:FOLDER`)
  }
  const folder = rest.replace(/^\/{2,}/, (slashes) => (slashes.length === 2 ? '' : '/'))
  if (folder === '') {
    throw new AssayError('ASSAY_USAGE', `${url} names no folder; say sqlite:FOLDER`)
  }
  return { dialect: 'sqlite', folder }
}
