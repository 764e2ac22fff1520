import fc from 'fast-check'
import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import { h, rawElement, render, safeJson, shown } from '../../../src/reports/page/markup.ts'
import { hostileTexts } from '../../helpers/hostile-texts.ts'

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...hostileTexts))

describe('markup', () => {
  test('what is text or an attribute is read back as that text, whatever it is', () => {
    fc.assert(
      fc.property(text, text, (inside, value) => {
        const { document } = parseHTML(`<html><body>${render(h('p', { title: value }, inside))}</body></html>`)
        expect(document.querySelectorAll('body *')).toHaveLength(1)
        expect(document.querySelector('p')?.textContent).toBe(shown(inside))
        expect(document.querySelector('p')?.getAttribute('title')).toBe(shown(value))
      }),
      { numRuns: 2000 },
    )
  })

  test('text is well-formed, and holds nothing that is invisible or turns the writing round', () => {
    fc.assert(
      fc.property(text, (each) => {
        expect(shown(each).isWellFormed()).toBe(true)
        expect(shown(each)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200e\u200f\ufffe\uffff]/u)
      }),
      { numRuns: 2000 },
    )
  })

  test('JSON in a script is the same JSON, and cannot end the script', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b'), text), (value) => {
        const json = safeJson(value)
        expect(json).not.toContain('<')
        const plain = Object.entries(value).map(([name, each]) => [name, shown(each)])
        expect(JSON.parse(json)).toEqual(Object.fromEntries(plain))
      }),
      { numRuns: 2000 },
    )
  })

  test.each(['a</script>', '</STYLE>', '<!--'])('a script that says %j is refused', (raw) => {
    expect(() => rawElement('script', {}, raw)).toThrow(/end early/)
  })

  test('attributes that are false or undefined are left out', () => {
    expect(render(h('input', { hidden: true, checked: false, id: undefined, value: 0 }))).toBe(
      '<input hidden value="0">',
    )
  })
})
