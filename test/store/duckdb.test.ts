import { expect, test } from 'vitest'
import { storageError } from '../../src/store/duckdb.ts'

test.each([
  ["EROFS: read-only file system, mkdir '/report'", /check its permissions, or name another folder; all stands$/],
  ["EACCES: permission denied, open '/report/x'", /check its permissions, or name another folder; all stands$/],
  ['ENOSPC: no space left on device, write', /free some space .*; all stands$/],
  ['IO Error: Could not write file "x": No space left on device', /free some space .*; all stands$/],
  ['Conversion Error', /^all stands$/],
])('%s: what to do', (text, hint) => {
  const error = storageError(new Error(text), 'the report failed', 'all stands')
  expect(error).toMatchObject({ exit: 1, message: `the report failed: ${text}` })
  expect(error.hint).toMatch(hint)
})
