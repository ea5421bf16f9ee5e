import { expect, test } from 'vitest'
import { writeFailure } from './write-failure.ts'

test.each([
  ['ENOSPC', 'ASSAY_DISK_FULL'],
  ['EDQUOT', 'ASSAY_DISK_FULL'],
  ['EROFS', 'ASSAY_READ_ONLY'],
  ['EACCES', 'ASSAY_READ_ONLY'],
  ['ENOTDIR', 'ASSAY_READ_ONLY'],
  ['EMFILE', 'ASSAY_FILE_UNREADABLE'],
])('a write that failed with %s is told as %s', (system, code) => {
  const cause = Object.assign(new Error('failed'), { code: system })
  const failure = writeFailure('/somewhere', cause)
  expect(failure).toMatchObject({ code, cause, context: { path: '/somewhere', system } })
  expect(failure.message).toMatch(/^\/somewhere cannot be written: /)
})
