import { describe, expect, it } from 'vitest'
import { xmlEvents } from '../../../src/sources/files/xml.ts'
import { chunks, collect } from './scan-readings.ts'

const events = (xml: string, maxBytes = 10_000, size?: number) => collect(xmlEvents(chunks(xml, size), maxBytes))

describe('xmlEvents', () => {
  it('gives elements, attributes, text before a closing tag and lines', async () => {
    expect(await events('<a x="1 &lt; &#x32;">\n<b>t&amp;t</b></a>')).toEqual([
      { kind: 'open', line: 1, name: 'a', attributes: { x: '1 < 2' } },
      { kind: 'open', line: 2, name: 'b', attributes: {} },
      { kind: 'close', line: 2, name: 'b', text: 't&t' },
      { kind: 'close', line: 2, name: 'a', text: '' },
    ])
  })

  it('resolves no entity a DTD declares, internal, external or recursive', async () => {
    const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('')
    const dtd = `<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}<!ENTITY xxe SYSTEM "file:///etc/hostname"><!ENTITY % p SYSTEM "http://192.0.2.1/">%p;]>`
    const found = await events(`${dtd}<a x="&l9;">&xxe;</a>`)
    expect(found.map(({ kind }) => kind)).toEqual(['error', 'open', 'error', 'close'])
    expect(found[1]).toMatchObject({ attributes: { x: '&l9;' } })
    expect(found[3]).toMatchObject({ text: '&xxe;' })
  })

  it.each([
    ['attribute', '<a x="'],
    ['text', '<a>'],
    ['comment', '<!-- '],
    ['DTD', '<!DOCTYPE a ['],
    ['element name', '<'],
  ])('holds no %s beyond the limit', async (_, start) => {
    let given = 0
    const endless = async function* () {
      yield Buffer.from(start)
      for (; given < 10_000_000; given += 1000) yield Buffer.alloc(1000, 'x')
    }
    const found = await collect(xmlEvents(endless(), 50_000))
    expect(found.at(-1)).toMatchObject({ kind: 'too-large' })
    expect(given).toBeLessThan(100_000)
  })

  it('stops at 100,000-deep nesting', async () => {
    const found = await events('<a b="c">'.repeat(100_000))
    expect(found.at(-1)).toMatchObject({ kind: 'too-large', message: 'elements nested more than 1000 deep' })
  })

  it('reads NULs and invalid UTF-8 as replacement characters', async () => {
    const bytes = Buffer.concat([Buffer.from('<a x="'), Buffer.from([0, 0xff, 0x1b]), Buffer.from('"/>')])
    expect((await collect(xmlEvents(chunks(bytes), 1000)))[0]).toMatchObject({
      attributes: { x: '\uFFFD\uFFFD\uFFFD' },
    })
  })

  it('keeps keys such as __proto__ harmless', async () => {
    const [open] = await events('<a __proto__="x" constructor="y"/>')
    expect(open).toMatchObject({ kind: 'open', name: 'a' })
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
  })
})
