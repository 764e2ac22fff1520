import { expect, test } from 'vitest'
import { objection, onypheQuery } from '../../../src/sources/onyphe/query.ts'

test.each([
  [{ country: 'JP' }, 'category:datascan country:JP'],
  [{ country: 'JP', modules: ['ntp'] }, 'category:datascan country:JP protocol:ntp'],
  [{ country: 'JP', modules: ['smtp', 'smtps'] }, 'category:datascan country:JP ?protocol:smtp ?protocol:smtps'],
  [{ country: 'JP', modules: ['http'] }, 'category:datascan country:JP protocol:http !tls:true'],
  [{ country: 'JP', modules: ['https'] }, 'category:datascan country:JP protocol:http tls:true'],
  [{ country: 'JP', ports: [25, 587] }, 'category:datascan country:JP ?port:25 ?port:587'],
])('%j is asked as %s', (question, query) => {
  expect(objection(question)).toBeUndefined()
  expect(onypheQuery(question)).toBe(query)
})

test.each([
  { country: 'jp' },
  { country: 'JP OR' },
  { country: 'JP', modules: [] },
  { country: 'JP', modules: ['n tp'] },
  { country: 'JP', modules: ['ntp', '!x:y'] },
  { country: 'JP', modules: ['http', 'https'] },
  { country: 'JP', modules: ['ssh', 'http'] },
  { country: 'JP', notRegions: ['Tokyo'] },
  { country: 'JP', where: { facet: 'region' as const, value: 'Tokyo' } },
])('%j cannot be asked', (question) => {
  expect(() => onypheQuery(question)).toThrow(/^ONYPHE: /)
})
