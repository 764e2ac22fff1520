import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { facets, type Question } from '../../../src/model/engine.ts'
import { countedFacets, countParams, isAskable, mostBuckets, sizeOf } from '../../../src/sources/fofa/counts.ts'

const queryOf = (question: Question): string => Buffer.from(countParams(question)['qbase64'] ?? '', 'base64').toString()

describe('a request', () => {
  it('asks for records of a country, and how many regions', () => {
    // Nothing else: the key is put in where it is sent.
    expect(countParams({ country: 'JP' }, 100)).toEqual({
      qbase64: Buffer.from('country=="JP"').toString('base64'),
      fields: 'country',
      size: '100',
    })
    expect(Object.keys(countParams({ country: 'JP' }))).toEqual(['qbase64', 'fields'])
  })

  test.each([
    [{ country: 'JP' }, 'country=="JP"'],
    [{ country: 'JP', modules: ['smtp', 'smtps'] }, 'country=="JP" && (protocol=="smtp" || protocol=="smtps")'],
    [{ country: 'JP', ports: [25, 465] }, 'country=="JP" && (port=="25" || port=="465")'],
    [{ country: 'JP', modules: ['ntp'], ports: [123] }, 'country=="JP" && (protocol=="ntp") && (port=="123")'],
    [
      { country: 'JP', where: { facet: 'region', value: 'Aichi' }, notRegions: ['Mie', 'Tōkyō-to'] },
      'country=="JP" && region=="Aichi" && region!="Mie" && region!="Tōkyō-to"',
    ],
    [{ country: 'JP', notRegions: [] }, 'country=="JP"'],
  ] as const)('%j', (question, query) => {
    expect(queryOf(question)).toBe(query)
  })

  test.each([0, 1.5, mostBuckets + 1, Number.NaN])('of %d regions cannot be asked', (size) => {
    expect(() => countParams({ country: 'JP' }, size)).toThrow('cannot be asked for')
  })

  test.each(facets)('by %s: asked for if it is said to be counted, else refused', (facet) => {
    if (countedFacets.has(facet)) expect(sizeOf({ [facet]: 7 })).toBe(7)
    else expect(() => sizeOf({ [facet]: 7 })).toThrow(`FOFA cannot count by ${facet}`)
  })

  it('counts by what is documented', () => {
    expect([...countedFacets]).toEqual(['region'])
    expect(sizeOf({})).toBeUndefined()
  })

  test.each([
    [{ country: 'jp' }, 'no country code'],
    [{ country: 'JP" || ip="' }, 'no country code'],
    [{ country: 'JP', modules: [] }, 'any of nothing'],
    [{ country: 'JP', ports: [] }, 'any of nothing'],
    [{ country: 'JP', ports: [65_536] }, 'no port'],
    [{ country: 'JP', ports: [-1] }, 'no port'],
    [{ country: 'JP', modules: ['a" || protocol="b'] }, 'cannot be asked for'],
    [{ country: 'JP', notRegions: ['a\\'] }, 'cannot be asked for'],
    [{ country: 'JP', notRegions: ['a\nb'] }, 'cannot be asked for'],
    [{ country: 'JP', where: { facet: 'region', value: '' } }, 'cannot be asked for'],
    [{ country: 'JP', where: { facet: 'network', value: '1' } }, 'cannot count by network'],
  ] as const)('%j cannot be asked', (question, message) => {
    expect(() => countParams(question)).toThrow(message)
  })

  it('a value cannot leave its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        fc.pre(isAskable(value))
        // Text that is no Unicode cannot be sent as it is.
        fc.pre(value.isWellFormed())
        expect(queryOf({ country: 'JP', where: { facet: 'region', value } })).toBe(
          `country=="JP" && region=="${value}"`,
        )
        expect(value).not.toMatch(/["\\\n\0]/)
      }),
    )
  })
})
