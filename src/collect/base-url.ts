import { AssayError } from '../core/errors.ts'
import { redact } from '../core/redact.ts'

/**
 * Returns `url` without slashes at its end, once it is seen to be one of the given schemes.
 *
 * @throws ASSAY_USAGE when it is not.
 *
 * @example
 * baseUrl('http://127.0.0.1:8080/', ['http:', 'https:']) // 'http://127.0.0.1:8080'
 */
export function baseUrl(url: string, schemes: readonly string[]): string {
  const parsed = URL.parse(url)
  // A fragment is never sent, and the socket library throws at one.
  const isSound = parsed !== null && schemes.includes(parsed.protocol) && parsed.hash === ''
  if (isSound) return url.replace(/\/+$/, '')
  const wanted = schemes.map((scheme) => `${scheme}//`).join(' or ')
  throw new AssayError(
    'ASSAY_USAGE',
    `${JSON.stringify(redact(url))} is no address beginning with ${wanted} and without #`,
  )
}
