/**
 * Returns a text with the passwords of its URLs masked, and the values of query parameters that
 * are secrets by name. For anything that may hold a URL and is about to be shown or logged.
 */
export function redact(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*):[^\s/"']*@/gi, '$1:***@')
    .replace(/([?&](?:password|passwd|secret|token|api_?key|signature)=)[^&\s"']*/gi, '$1***')
}
