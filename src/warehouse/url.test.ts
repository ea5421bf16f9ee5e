import { expect, test } from 'vitest'
import { parseWarehouseUrl } from './url.ts'

test.each([
  ['sqlite:data/warehouse', 'data/warehouse'],
  ['sqlite:./w', './w'],
  ['sqlite:/var/w', '/var/w'],
  ['sqlite:///var/w', '/var/w'],
  ['sqlite:////var/w', '/var/w'],
  ['sqlite://w', 'w'],
  ['SQLITE:w.db', 'w.db'],
])('%s is the folder %s', (url, folder) => {
  expect(parseWarehouseUrl(url)).toEqual({ dialect: 'sqlite', folder })
})

test.each([
  ['data/warehouse', 'ASSAY_USAGE'],
  ['sqlite:', 'ASSAY_USAGE'],
  ['sqlite://', 'ASSAY_USAGE'],
  ['', 'ASSAY_USAGE'],
  ['postgresql://localhost/assay', 'ASSAY_UNSUPPORTED'],
])('%j is refused with %s', (url, code) => {
  expect(() => parseWarehouseUrl(url)).toThrow(expect.objectContaining({ code }))
})

test('a refusal does not repeat the secret in a URL', () => {
  expect(() => parseWarehouseUrl('mysql://me:secret@host/db')).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('secret') }),
  )
})
